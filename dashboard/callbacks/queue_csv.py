"""The queue as a file: what a desk shows, by the rights of whoever takes it along, with the filter on the audit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import flask
import msgspec
from flask import Flask, Response
from msgspec import Meta
from sqlalchemy import Engine

from dashboard.door.access import allowed, person, refuse
from dashboard.door.exporting import download
from dashboard.door.recording import Recorder
from dashboard.door.routes import add_routes
from dashboard.texts import texts
from services.access.rights import DISTRICT, Person, may
from services.board.case_export import BROUGHT, ExportedCase, cases_table, texts_of
from services.board.queue_filter import CHIPS, Box, ColumnFilter, QueueFilter, is_untaken
from services.board.queue_order import COLUMNS, GROUPS, QueueOrder
from services.board.readers.addresses import addresses_of
from services.board.state import Board
from services.cases.case import CaseRow
from services.cases.escalation import takeover
from services.cases.masking import for_file
from services.contract.codes import SENSITIVE_DOMAINS
from services.contract.personal import mask_text
from services.district.package import District
from services.platform.clock import Clock
from services.platform.offload import Offload

_columns = msgspec.json.Decoder(Annotated[dict[str, ColumnFilter], Meta(max_length=20)]).decode


@dataclass(frozen=True, slots=True)
class QueueExport:
    """The doors of the file. ``neighbour`` says at whose border a case lies, ``engine`` has the addresses."""

    engine: Engine
    district: District
    board_of: Callable[[], Board]
    neighbour: Callable[[CaseRow], str]
    clock: Clock
    offload: Offload
    record: Recorder

    def cases_csv(self) -> Response:
        """The open cases that the queue shows to the person: of a street or the district, by its filter and columns."""
        district, given = self.district, flask.request.args
        street = given.get("street", "") or None
        if street is not None and street not in district.streets:
            refuse(404, "no such street")
        asking = allowed("export_cases", street or person().street or None)
        mine, words = street or asking.street, texts(given.get("lang", ""))
        wanted, columns = asked_filter(given), asked_columns(given.get("columns", ""))
        order = asked_order(given, is_district=not (mine or asking.unit or asking.grid))
        found, now = self._cases(asking, mine, wanted, words), self.clock.now_ms()
        cases = order.sorted(found, texts_of(district, words), is_english=words["language"] == "en")
        by = f"{asking.user_id} {asking.name}"

        def write() -> str:
            return cases_table(self._addressed(cases, asking, columns), columns, district, words, by=by, now=now)

        text = self.offload(write)
        stamp = datetime.fromtimestamp(now / 1000, district.zone).strftime("%Y%m%d-%H%M")
        name = f"cases-{mine or district.code}-{stamp}.csv"
        shown = {name: mask_text(value) for name, value in given.to_dict().items()}
        told: dict[str, Any] = {"filter": shown} if wanted or columns else {}
        about = f"cases.csv {mine}".strip()
        kind = "text/csv; charset=utf-8"
        return download(self.record, asking, about, text.encode(), kind=kind, name=name, rows=len(cases), **told)

    def _cases(self, asking: Person, mine: str, wanted: QueueFilter, words: dict[str, Any]) -> list[ExportedCase]:
        """What is copied from the board, masked for this person before it is filtered."""
        board, district, found = self.board_of(), self.district, []
        said = texts_of(district, words)
        for row in board.rows.values():
            if mine and row.street != mine:
                continue
            masked = for_file(row, asking, district.units)
            if masked is None or (wanted and not wanted.passes(masked, board, said, self.neighbour)):
                continue
            next_one = takeover(row, district.policy.escalation)
            light = board.lights[row.case_id]
            proposal = board.proposals.get(row.case_id)
            is_proposed = proposal is not None and proposal.mode != "declined"
            found.append(
                ExportedCase(masked, light, next_one[0] if next_one else None, is_untaken(row), is_proposed=is_proposed)
            )
        return found

    def _addressed(self, cases: list[ExportedCase], asking: Person, columns: tuple[str, ...]) -> list[ExportedCase]:
        """The cases with their addresses: of those whose texts the person may see."""
        if columns and "grid" not in columns:
            return cases
        readable = [one.row for one in cases if _may_read(asking, one.row)]
        with self.engine.connect() as connection:
            known = addresses_of(connection, readable)
        return [one._replace(address=known.get(one.row.case_id, "")) for one in cases]


def register_queue_csv(server: Flask, export: QueueExport) -> None:
    """Add the address."""
    add_routes(server, [("/api/v1/cases.csv", "GET", export.cases_csv)])


def asked_filter(given: Any) -> QueueFilter:
    """The filter of the request; 400 where it is none."""
    only = tuple(name for name in given.get("only", "").split(".") if name)
    try:
        columns = _columns(given.get("columns_filter", "") or "{}")
        box = _box(given.get("box", ""))
    except (ValueError, msgspec.MsgspecError):
        refuse(400, "columns_filter is the table's own JSON, box is west,south,east,north in degrees")
    if not CHIPS.issuperset(only):
        refuse(400, f"only names chips: {', '.join(sorted(CHIPS))}")
    return QueueFilter(only, given.get("q", "")[:200].strip(), box, columns)


def asked_order(given: Any, *, is_district: bool) -> QueueOrder:
    """The order of the request, by deadline where it names none; 400 where there is no such column or group."""
    column, _, way = given.get("sort", "left").partition(":")
    group = given.get("group", "none")
    if column not in COLUMNS or way not in {"", "asc", "desc"}:
        refuse(400, f"sort is a column and :asc or :desc; columns: {', '.join(sorted(COLUMNS))}")
    if group not in GROUPS:
        refuse(400, f"group is one of {', '.join(sorted(GROUPS))}")
    return QueueOrder(column, way == "desc", group, is_district)


def asked_columns(text: str) -> tuple[str, ...]:
    """The queue's columns that the request names; those that the table does not know are left out."""
    return tuple(name for name in text[:200].split(".") if name in BROUGHT)


def _may_read(asking: Person, row: CaseRow) -> bool:
    place = row.street or DISTRICT, row.community
    right = "see_sensitive" if row.domain in SENSITIVE_DOMAINS else "see_texts"
    return may(asking, right, *place)


def _box(text: str) -> Box | None:
    if not text:
        return None
    west, south, east, north = (float(part) for part in text[:100].split(","))
    return west, south, east, north
