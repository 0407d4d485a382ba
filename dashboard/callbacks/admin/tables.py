"""/admin/tables/…: roster, campaigns, units, class map and filing conditions: rows set, added, ended, or pasted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import flask
from flask import Flask, Response, request

from dashboard.callbacks.admin.package_faults import fault_lines
from dashboard.callbacks.admin.package_pages import PackagePages, Unsaved, entered_number
from dashboard.door.routes import add_routes, redirect
from services.admin.changes import PART_OF, PackageChange
from services.admin.roster_gaps import DAYS, RosterFault, roster_faults, seat_names
from services.admin.table_edit import TableRecord, columns_of, rows_of, with_more, with_row, without_row
from services.contract.codes import DOMAINS
from services.district.load import PackageFault
from services.district.package_tables import LONGEST_CELL
from services.files.fault import FileFault
from services.platform.clock import DAY_MS, parse_ms

NAMES = ("roster", "campaigns", "departments", "class_map", "categories")
SHOWN, FAULTS = 100, 8
NEW = "new"
_MOMENTS = ("from", "until")
_CHOICES = {"kind": ("component", "event"), "unit": ("UH", "UD", "WH", "WD"), "role": ("duty_officer", "leader")}


@dataclass(frozen=True, slots=True)
class TablesPage:
    """The page of each table, and its save."""

    pages: PackagePages

    def table_page(self, name: str) -> Response:
        """Show the rows, and the one that is named in a form."""
        return self._show(_known(name), request.args.get("row", "")[:9])

    def change_table(self, name: str) -> Response:
        """Set, add or end a row, or take in pasted rows. A roster with a new gap or overlap asks first."""
        file, form = f"{_known(name)}.csv", request.form
        present = self.pages.keeper.present(file)[file]
        row = form.get("row", "")[:9]
        place = int(row) if row.isascii() and row.isdigit() else 0
        typed = {column: form.get(f"cell_{column}", "")[:LONGEST_CELL] for column in columns_of(name, present.newest)}
        try:
            rows = {one.place: one.cells for one in rows_of(name, present.newest)}
            if place and place not in rows:
                raise Unsaved(self.pages.words["stale_now"])
            content, about = self._content(name, present.newest, place, typed, rows)
            if name == "roster" and not form.get("sure"):
                self._look(rows.values(), content)
            made = self.pages.save(
                PackageChange(
                    PART_OF[file], about, {file: content}, form.get("reason", "").strip()[:501], entered_number("seen")
                )
            )
        except FileFault as error:
            faults = [PackageFault(file, f"line {one.line}", one.problem, one.remedy) for one in error.faults]
            lines = fault_lines(faults, self.pages.shell.words())
            return self._show(name, row, 400, wrong=self.pages.words["tables"]["no_table"], lines=lines, typed=typed)
        except Unsaved as error:
            return self._show(name, row, error.code, wrong=error.words, lines=error.lines, typed=typed)
        return redirect(self.pages.shell.to(f"/admin/tables/{name}", done=made.number), 303)

    def _content(
        self,
        name: str,
        content: bytes | None,
        place: int,
        typed: Mapping[str, str],
        rows: Mapping[int, Mapping[str, str]],
    ) -> tuple[bytes, str]:
        """The file as it is to be, and which row it is about."""
        do, pasted = request.form.get("do", ""), request.form.get("pasted", "")
        if do == "paste":
            if request.form.get("how") == "replace":
                return pasted.replace("\r\n", "\n").encode(), ""
            return with_more(name, content, pasted), ""
        if do == "end" and place:
            return without_row(content, place), _about(rows[place])
        cells = {
            column: self._moment(column, cell) if column in _MOMENTS else cell.strip() for column, cell in typed.items()
        }
        return with_row(name, content, place, cells), _about(cells)

    def _moment(self, column: str, text: str) -> str:
        """A moment as the file has it; empty stays empty. Raises Unsaved for what is none."""
        if not text.strip():
            return ""
        shell, words = self.pages.shell, self.pages.words["tables"]
        try:
            return datetime.fromtimestamp(shell.entered(text) / 1000, shell.district.zone).isoformat()
        except (ValueError, OverflowError):
            name, example = self._label(column)["name"], shell.at(shell.clock.now_ms())
            raise Unsaved(words["no_moment"].format(name=name, typed=text[:40], at=example), code=400) from None

    def _look(self, before: Iterable[Mapping[str, str]], content: bytes) -> None:
        """Raise Unsaved where the roster has a gap or an overlap that it had not. The check judges what is none."""
        try:
            known = {*self._faults(before)}
            after = [one for one in self._faults(row.cells for row in rows_of("roster", content)) if one not in known]
        except (ValueError, KeyError):
            return
        if after:
            raise Unsaved(self.pages.words["tables"]["asks"], self._fault_lines(after))

    def _faults(self, rows: Iterable[Mapping[str, str]]) -> list[RosterFault]:
        shell = self.pages.shell
        return roster_faults(rows, shell.clock.now_ms(), shell.district.code)

    def _fault_lines(self, faults: list[RosterFault]) -> list[str]:
        words, shell = self.pages.words["tables"], self.pages.shell
        lines = [
            words[one.kind].format(
                seat=self._seat(one.seat), a=shell.at(one.start, "%m-%d %H:%M"), b=shell.at(one.end, "%m-%d %H:%M")
            )
            for one in faults[:FAULTS]
        ]
        rest = len(faults) - FAULTS
        return lines if rest <= 0 else [*lines, self.pages.words["and_more"].format(n=rest)]

    def _seat(self, code: str) -> str:
        district = self.pages.shell.district
        return seat_names(district).get(code, str(self.pages.words["tables"]["centre"]))

    def _show(
        self,
        name: str,
        row: str,
        code: int = 200,
        *,
        wrong: str = "",
        lines: Iterable[str] = (),
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        shell, words, file = self.pages.shell, self.pages.words, f"{name}.csv"
        present = self.pages.keeper.present(file)[file]
        columns, rows = columns_of(name, present.newest), rows_of(name, present.newest)
        q = request.args.get("q", "").strip()[:60]
        found = [one for one in rows if self._is_wanted(name, one, q)]
        chosen = next((one for one in rows if str(one.place) == row), None)
        cells = typed or (chosen.cells if chosen else {})
        return shell.show(
            name, "admin_table.html", code, wrong=wrong, lines=[*lines], o=words,
            said="" if wrong else self.pages.done(),
            r=words["tables"], table=name, q=q, columns=[(one, self._label(one)) for one in columns], n=len(rows),
            found=len(found),
            rows=[(one.place, [self._said(c, one.cells.get(c, "")) for c in columns]) for one in found[:SHOWN]],
            most=SHOWN, row=row if chosen or row == NEW else "", shadowed=self.pages.shadowed(),
            seen=present.number, days=DAYS,
            fields=[self._field(one, cells.get(one, ""), is_typed=typed is not None) for one in columns],
            faults=self._fault_lines(self._faults(one.cells for one in rows)) if name == "roster" else [],
            history=self.pages.history(PART_OF[file], self._name), part=PART_OF[file], about="",
        )  # fmt: skip

    def _is_wanted(self, name: str, row: TableRecord, q: str) -> bool:
        """What is looked for; of a roster without a question the next two days."""
        if q:
            return any(q in cell or q in self._said(column, cell) for column, cell in row.cells.items())
        if name != "roster":
            return True
        now = self.pages.shell.clock.now_ms()
        return parse_ms(row.cells["until"]) > now and parse_ms(row.cells["from"]) < now + 2 * DAY_MS

    def _label(self, column: str) -> dict[str, str]:
        found: dict[str, str] = self.pages.words["tables"]["columns"].get(column, {"name": column, "effect": ""})
        return found

    def _name(self, key: str, column: str) -> str:
        return f"{key} {self._label(column)['name']}" if column else key

    def _said(self, column: str, cell: str) -> str:
        words, all_words = self.pages.words["tables"], self.pages.shell.words()
        if column in _MOMENTS and cell:
            return self.pages.shell.at(parse_ms(cell))
        if column == "seat":
            return self._seat(cell)
        if column == "domain":
            return str(all_words["domain"].get(cell, cell))
        return str(words["choices"].get(cell, cell)) if column in _CHOICES else cell

    def _field(self, column: str, cell: str, *, is_typed: bool) -> dict[str, Any]:
        """A column's field: its words, its value (as it was typed, or the file's), and what can be chosen."""
        words, district = self.pages.words["tables"], self.pages.shell.district
        choices: list[tuple[str, str]] = []
        if column in _CHOICES:
            choices = [(one, words["choices"][one]) for one in _CHOICES[column]]
        elif column == "domain":
            choices = [(one, self._said("domain", one)) for one in sorted(DOMAINS)]
        elif column == "seat":
            choices = list(seat_names(district).items())
        shell, like = self.pages.shell, ""
        if column in _MOMENTS:
            like = words["moment_like"].format(at=shell.at(shell.clock.now_ms()))
            cell = shell.at(parse_ms(cell)) if cell and not is_typed else cell
        empty = words["centre"] if column == "seat" else words["none"]
        return {
            "column": column,
            **self._label(column),
            "value": cell,
            "choices": choices,
            "like": like,
            "empty": empty,
        }


def _known(name: str) -> str:
    if name not in NAMES:
        flask.abort(404)
    return name


def _about(cells: Mapping[str, str]) -> str:
    return (cells.get("code") or cells.get("name") or " ".join(cells.get(c, "") for c in ("major", "minor")))[
        :64
    ].strip()


def register_tables(server: Flask, pages: PackagePages) -> None:
    """Add the page of every table and its save."""
    page = TablesPage(pages)
    add_routes(
        server, [("/admin/tables/<name>", "GET", page.table_page), ("/admin/tables/<name>", "POST", page.change_table)]
    )
