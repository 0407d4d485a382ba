"""/admin/people: who may do what. A list left, the person beside it, each act in a form that says what follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request

from dashboard.callbacks.admin.person_words import PersonWords
from dashboard.callbacks.admin.shell import AdminShell
from dashboard.door.access import person
from dashboard.door.routes import add_routes
from services.access.log_in.account import AccountError
from services.access.passwords import BadPassword
from services.admin.account_change import LONGEST_REASON, PeopleRefused
from services.admin.account_form import new_account, wanted_columns
from services.admin.people_reader import PeopleLook, PeopleReader, PersonRow
from services.admin.people_service import Outcome, People, PeopleActor, PeopleWish, actor_of
from services.platform.clock import machine_ms

SHOWN = 200
FILTERS = ("all", "locked", "no_factor", "unused", "disabled")
# The acts that a person's page offers beside the change of columns.
PLAIN = ("disable", "enable", "unlock", "reset", "reset_factor", "end")


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """The page and its acts."""

    shell: AdminShell
    people: People
    reader: PeopleReader

    def people_page(self) -> Response:
        """Show everybody, and one person beside them."""
        return self._show()

    def people_act(self) -> Response:
        """Do what a form of the page asks; the answer is the page again, with what came of it."""
        form, words = request.form.to_dict(), PersonWords(self.shell)
        user_id, actor = form.get("user", "").strip()[:64], actor_of(person())
        try:
            done = self.shell.offload(lambda: self._do(actor, form, user_id))
        except PeopleRefused as refused:
            return self._show(409, user_id, wrong=words.refused(refused))
        except AccountError as error:
            return self._show(409, user_id, wrong=words.word("refused", "not_possible").format(why=error))
        except BadPassword as bad:
            return self._show(409, user_id, wrong=words.word("refused", "not_possible").format(why=bad))
        return self._show(200, done.user_id or user_id, said=words.done(form.get("do", ""), done), made=done)

    def _do(self, actor: PeopleActor, form: Mapping[str, str], user_id: str) -> Outcome:
        do, reason, now = form.get("do", ""), form.get("reason", "").strip()[: LONGEST_REASON + 1], machine_ms()
        if do == "add":
            return self.people.add(now, actor, new_account(form, self.shell.district), reason)
        if do == "confirm":
            return self.people.confirm(now, actor, form.get("wish", "")[:32])
        if do in {"decline", "withdraw"}:
            return Outcome(self.people.drop(now, actor, form.get("wish", "")[:32]), user_id=user_id)
        version = _number(form.get("version", ""))
        if do == "undo":
            return self.people.undo(
                now, actor, PeopleWish(user_id, "change", {}, reason, version, undoes=_number(form.get("n", "")))
            )
        if do == "change":
            values = wanted_columns(form, self.shell.district)
            return self.people.act(now, actor, PeopleWish(user_id, "change", values, reason, version))
        kind = next((one for one in PLAIN if one == do), None)
        if kind is None:
            raise PeopleRefused("unknown_act")
        more: dict[str, Any] = {"disable": {"is_disabled": True}, "enable": {"is_disabled": False}}.get(kind, {})
        if kind == "end":
            more = {"session": form.get("session", "")[:64]}
        return self.people.act(now, actor, PeopleWish(user_id, kind, more, reason, version))  # type: ignore[arg-type]  # KINDS

    def _show(
        self, code: int = 200, user_id: str = "", *, wrong: str = "", said: str = "", made: Outcome | None = None
    ) -> Response:
        """The page; ``made`` has the one-time password that it shows this once."""
        now, asked = machine_ms(), request.args
        user_id = user_id or asked.get("who", "")[:64]
        look: PeopleLook = self.shell.offload(lambda: self.reader.look(now, user_id))
        words = PersonWords(self.shell)
        q, show = asked.get("q", "").strip()[:60], asked.get("show", "all")
        show = show if show in FILTERS else "all"
        known = {row.account.user_id: row.account for row in look.rows}
        found = [row for row in look.rows if _is_in(row, show, now) and words.fits(row.account, q)]
        chips = [(one, words.word("filter", one), sum(_is_in(row, one, now) for row in look.rows)) for one in FILTERS]
        return self.shell.show(
            "people", "admin_people.html", code, wrong=wrong, said=said, once=made.password if made else "",
            once_until=self.shell.at(made.once_until) if made else "", q=q, show=show, chips=chips,
            rows=[words.line(row, now) for row in found[:SHOWN]], n=len(found), total=len(look.rows), most=SHOWN,
            chosen=user_id if look.panel else "", missing=user_id if user_id and not look.panel else "",
            panel=words.panel(look.panel, person(), now) if look.panel else None,
            waiting=[words.wish(wish, person(), now, known.get(wish.user_id)) for wish in look.waiting],
            adding=bool(asked.get("new")) and not look.panel, choices=words.choices(),
        )  # fmt: skip


def _is_in(row: PersonRow, show: str, now: int) -> bool:
    return {
        "all": True,
        "locked": bool(row.locked),
        "no_factor": row.lacks_factor and not row.account.is_disabled,
        "unused": row.is_unused(now) and not row.account.is_disabled,
        "disabled": row.account.is_disabled,
    }[show]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def register_people(server: Flask, page: PeoplePage) -> None:
    """Add the page and its acts."""
    add_routes(server, [("/admin/people", "GET", page.people_page), ("/admin/people", "POST", page.people_act)])
