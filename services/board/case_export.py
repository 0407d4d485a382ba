"""The queue as a table for a spreadsheet: what the screen shows, in the screen's columns. Pure."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.board.queue_filter import TextOf
from services.cases.case import CaseRow
from services.contract.personal import mask_text
from services.district.package import District
from services.platform.text import safe

# A column of the queue → what it brings into the file; a row without its number is of no use, so that is always there.
BROUGHT: Mapping[str, tuple[str, ...]] = {
    "id": ("id",), "case": ("domain", "minor", "severity"), "status": ("status",), "left": ("light", "deadline"),
    "takeover": ("takeover",), "street": ("street",), "grid": ("community", "grid", "address"), "unit": ("unit",),
    "channel": ("channel",), "reported": ("reported",), "back": ("returns", "reworks"),
}  # fmt: skip
HEADS = (
    "id", "domain", "minor", "severity", "status", "light", "deadline", "takeover", "street", "community", "grid",
    "address", "unit", "channel", "reported", "returns", "reworks",
)  # fmt: skip


class ExportedCase(NamedTuple):
    """A case as the file may have it: its light (index in deadlines.LIGHTS), when the district takes it, its address,
    and whether an escalation is proposed.

    Copied from the board: that goes on meanwhile.
    """

    row: CaseRow
    light: int
    takeover_at: int | None
    is_untaken: bool
    address: str = ""
    is_proposed: bool = False


def heads_of(columns: Sequence[str]) -> tuple[str, ...]:
    """The heads of the file for the queue's ``columns``; all where none is named."""
    wanted = {"id"}.union(*(BROUGHT[name] for name in columns))
    return tuple(head for head in HEADS if not columns or head in wanted)


def texts_of(district: District, words: dict[str, Any]) -> TextOf:
    """What the queue's columns say of a case (``assets/modules/desk/queue-columns.js`` says the same)."""
    english = words["language"] == "en"

    def minor(row: CaseRow) -> str:
        return (not english and row.class_name) or words["domain"].get(row.domain) or words["domain"]["99"]

    def street(row: CaseRow) -> str:
        if not row.street:
            return str(words["word"]["unplaced"])
        name = district.streets[row.street].name if row.street in district.streets else row.street
        return district.streets_en.get(row.street, name) if english else name

    def grid(row: CaseRow) -> str:
        community, name = _name(district.communities, row.community, ""), _name(district.grids, row.grid, row.grid)
        return name if name.startswith(community) else " ".join(filter(None, (community, name)))

    def unit(row: CaseRow) -> str:
        name = district.units.get(row.lead_unit, row.lead_unit)
        return (district.units_en.get(row.lead_unit, name) if english else name) or "—"

    return {
        "case": lambda row: f"{minor(row)} {row.case_id}", "street": street, "grid": grid, "unit": unit,
        "status": lambda row: str(words["status"].get(row.status, row.status)),
        "channel": lambda row: str(words["channel"].get(row.channel, row.channel)), "id": lambda row: row.case_id,
        "domain": lambda row: str(words["domain"].get(row.domain, row.domain)),
    }  # fmt: skip


def cases_table(
    cases: Iterable[ExportedCase],
    columns: Sequence[str],
    district: District,
    words: dict[str, Any],
    *,
    by: str,
    now: int,
) -> str:
    """The queue as CSV for Excel, in the given order: a line that says who, when, how many; no formula, no person."""
    found = list(cases)
    labels, heads = words["export"], heads_of(columns)
    cell = _cells(district, words)
    out = io.StringIO()
    table = csv.writer(out)
    at = _moment(now, district)
    table.writerow([safe(labels["made_by"].format(by=by, at=at, n=len(found)))])
    table.writerow([labels["heads"][head] for head in heads])
    for one in found:
        table.writerow([safe(str(cell[head](one))) for head in heads])
    return "\ufeff" + out.getvalue()


def _cells(district: District, words: dict[str, Any]) -> dict[str, Callable[[ExportedCase], object]]:
    texts, light = texts_of(district, words), ("", *(words["word"][n] for n in ("due_soon", "overdue", "suspended")))
    desk = words["desk"]

    def takeover(one: ExportedCase) -> str:
        if one.row.level == "district":
            return str(desk["untaken" if one.is_untaken else "district_holds"])
        return _moment(one.takeover_at, district)

    return {
        "id": lambda one: one.row.case_id, "domain": lambda one: texts["domain"](one.row),
        "minor": lambda one: mask_text(one.row.class_name),
        "severity": lambda one: words["word"]["severity"][one.row.severity],
        "status": lambda one: texts["status"](one.row), "light": lambda one: light[one.light],
        "deadline": lambda one: _moment(one.row.deadline_at, district), "takeover": takeover,
        "street": lambda one: texts["street"](one.row) if one.row.street else "",
        "community": lambda one: _name(district.communities, one.row.community, one.row.community),
        "grid": lambda one: _name(district.grids, one.row.grid, one.row.grid), "address": lambda one: one.address,
        "unit": lambda one: texts["unit"](one.row) if one.row.lead_unit else "",
        "channel": lambda one: texts["channel"](one.row),
        "reported": lambda one: _moment(one.row.reported_at, district),
        "returns": lambda one: one.row.returns, "reworks": lambda one: one.row.reworks,
    }  # fmt: skip


def _moment(ms: int | None, district: District) -> str:
    return "" if ms is None else datetime.fromtimestamp(ms / 1000, district.zone).strftime("%Y-%m-%d %H:%M")


def _name(areas: Any, code: str, unknown: str) -> str:
    return str(areas[code].name) if code in areas else unknown
