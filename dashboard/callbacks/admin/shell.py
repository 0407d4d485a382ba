"""What all pages of /admin share: the rail with its three groups, the bar, the words, the address of each page.

A page is a template that extends ``admin.html`` and a call of ``show``; its place in the rail is a line of ``RAIL``.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

import flask
from flask import Flask, Response, request
from sqlalchemy import Engine

from dashboard.door.access import person
from dashboard.door.navigation import links
from dashboard.door.recording import Recorder
from dashboard.door.routes import add_routes, redirect
from dashboard.texts import texts
from services.access import reader
from services.access.account import Account
from services.access.rights import Person, home, may
from services.admin.account_change import person_of
from services.district.package import District
from services.platform.clock import Clock, to_ms


class RailItem(NamedTuple):
    """A page of the rail: its word in ``[admin.rail]``, its address, the right that opens it."""

    name: str
    path: str
    right: str


class RailGroup(NamedTuple):
    """A group of the rail: its word in ``[admin.groups]``; who has ``right`` is named beside it."""

    name: str
    right: str
    items: tuple[RailItem, ...]


RAIL: tuple[RailGroup, ...] = (
    RailGroup(
        "system",
        "manage_system",
        (
            RailItem("policy", "/admin/policy", "manage_package"),
            RailItem("areas", "/admin/areas", "manage_package"),
            RailItem("roster", "/admin/tables/roster", "manage_package"),
            RailItem("campaigns", "/admin/tables/campaigns", "manage_package"),
            RailItem("departments", "/admin/tables/departments", "manage_package"),
            RailItem("class_map", "/admin/tables/class_map", "manage_package"),
            RailItem("categories", "/admin/tables/categories", "manage_package"),
            RailItem("upload", "/admin/upload", "manage_package"),
            RailItem("notices", "/admin/notices", "manage_system"),
            RailItem("state", "/admin/system", "see_system"),
        ),
    ),
    RailGroup("security", "manage_people", (RailItem("people", "/admin/people", "manage_people"),)),
    RailGroup("audit", "read_audit", (RailItem("audit", "/audit", "read_audit"),)),
)
HOLDERS_NAMED = 2


@dataclass(frozen=True, slots=True)
class AdminShell:
    """What every page of the administrator needs. ``clock`` is the district's."""

    engine: Engine
    district: District
    clock: Clock
    offload: Callable[[Any], Any]
    record: Recorder
    demo: bool = False

    def show(
        self, here: str, template: str, code: int = 200, *, wrong: str = "", said: str = "", **values: Any
    ) -> Response:
        """A page: ``here`` is its item of the rail; ``wrong`` and ``said`` stand above its matter."""
        words, asking = self.words(), person()
        is_english = words["language"] == "en"
        body = flask.render_template(
            template, w=words, a=words["admin"], p=asking, name=self.name(words), wrong=wrong, said=said,
            here=here, rail=self._rail(words, asking), now=self.at(self.clock.now_ms(), "%H:%M:%S"),
            day=self.at(self.clock.now_ms(), "%Y-%m-%d"), to=self.to, demo=words["word"]["demo"] if self.demo else "",
            other=self.address(lang="zh-CN" if is_english else "en"), at=self.at,
            links=links(asking, words), **values,
        )  # fmt: skip
        return Response(body, code, content_type="text/html; charset=utf-8")

    def words(self) -> dict[str, Any]:
        """The texts in the page's language."""
        return texts(request.args.get("lang", ""))

    def name(self, words: dict[str, Any]) -> str:
        """The district's name in the page's language."""
        district = self.district
        return district.name_en if words["language"] == "en" and district.name_en else district.name

    def at(self, ms: int, form: str = "%Y-%m-%d %H:%M") -> str:
        """A moment in the district's zone."""
        return datetime.fromtimestamp(ms / 1000, self.district.zone).strftime(form)

    def entered(self, text: str) -> int:
        """A moment that was typed by the district's clock, as ``at`` writes it or as RFC 3339 (Unix ms).

        Raises ValueError, OverflowError.
        """
        typed = datetime.fromisoformat(unicodedata.normalize("NFKC", text).strip().replace("/", "-"))
        return to_ms(typed if typed.tzinfo else typed.replace(tzinfo=self.district.zone))

    def to(self, path: str, **query: object) -> str:
        """The address of a page of ours, in the language of this one. Empty values are left out."""
        asked = {key: value for key, value in {**query, "lang": request.args.get("lang", "")}.items() if value}
        return f"{path}?{urlencode(asked)}" if asked else path

    def address(self, **query: object) -> str:
        """The page's own address with other values in its query; empty ones are left out."""
        asked = {key: value for key, value in {**request.args.to_dict(), **query}.items() if value}
        return f"{request.path}?{urlencode(asked)}" if asked else request.path

    def _rail(self, words: dict[str, Any], asking: Person) -> list[dict[str, Any]]:
        """Each group with the names of those who hold it; what is others' is there without a link."""
        active = self.offload(self._active)
        return [
            {
                "name": words["admin"]["groups"][group.name],
                "who": self._holders(words, group.right, active, asking.people_apart),
                "pages": [
                    {
                        "code": item.name,
                        "name": words["admin"]["rail"][item.name],
                        "path": self.to(item.path) if may(asking, item.right) else "",
                    }
                    for item in group.items
                ],
            }
            for group in RAIL
        ]

    def _active(self) -> list[Account]:
        with self.engine.connect() as connection:
            return [one for one in reader.all_accounts(connection) if not one.is_disabled and one.role != "wall"]

    def _holders(self, words: dict[str, Any], right: str, active: list[Account], people_apart: bool) -> str:
        names = [one.name for one in active if may(person_of(one, people_apart), right)]
        shown = " ".join(names[:HOLDERS_NAMED]) or str(words["admin"]["nobody"])
        more = len(names) - HOLDERS_NAMED
        return f"{shown} {words['admin']['more_people'].format(n=more)}" if more > 0 else shown


def register_shell(server: Flask, shell: AdminShell) -> None:
    """Add /admin, which leads to the first page of the rail that the person may open, or to their own first page."""

    def admin_page() -> Response:
        for group in RAIL:
            for item in group.items:
                if item.path.startswith("/admin/") and may(person(), item.right):
                    return redirect(shell.to(item.path))
        own = home(person())
        return redirect("/account" if own == "/admin" else own)

    add_routes(server, [("/admin", "GET", admin_page)])
