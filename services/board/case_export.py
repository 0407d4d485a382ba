"""The queue as a table for a spreadsheet. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from services.cases.case import CaseRow
from services.contract.personal import mask_text
from services.district.package import District
from services.platform.text import safe


def cases_table(  # noqa: PLR0917  # what the table says of itself
    rows: Iterable[CaseRow], lights: Mapping[str, int], district: District, words: dict[str, Any], by: str, now: int
) -> str:
    """The queue as CSV for Excel: a line that says who, when and how many; formulas defused; no personal field.

    ``lights`` are the rows' (indices in deadlines.LIGHTS): copied with them, for the board goes on meanwhile.
    """
    rows = sorted(rows, key=lambda r: (r.deadline_at is None, r.deadline_at or 0, r.case_id))
    labels = words["export"]
    out = io.StringIO()
    table = csv.writer(out)

    def at(ms: int | None) -> str:
        return "" if ms is None else datetime.fromtimestamp(ms / 1000, district.zone).strftime("%Y-%m-%d %H:%M")

    def name(areas: Any, code: str) -> str:
        return areas[code].name if code in areas else code

    table.writerow([safe(labels["made_by"].format(by=by, at=at(now), n=len(rows)))])
    table.writerow(labels["columns"])
    words_of_light = ("", words["word"]["due_soon"], words["word"]["overdue"], words["word"]["suspended"])
    for row in rows:
        table.writerow([safe(str(value)) for value in (
            row.case_id, words["domain"].get(row.domain, row.domain), mask_text(row.class_name),
            words["word"]["severity"][row.severity], words["status"][row.status], words_of_light[lights[row.case_id]],
            name(district.streets, row.street), name(district.communities, row.community), row.grid,
            district.units.get(row.lead_unit, row.lead_unit), words["channel"].get(row.channel, row.channel),
            at(row.reported_at), at(row.deadline_at), row.returns, row.reworks,
        )])  # fmt: skip
    return "\ufeff" + out.getvalue()
