"""Fold a batch: the winner of each case against what stands, and everything that follows from it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from services.cases.case import CasePlace, CaseRow, settle
from services.cases.marks import marks_of
from services.contract.case import Case
from services.contract.codes import SENSITIVE_DOMAINS
from services.contract.others import (
    CameraChanged,
    CameraRemoved,
    CameraStatusChanged,
    CommandAnswer,
    Heartbeat,
    NoticePublished,
    UnitMoved,
)
from services.contract.parse import Event, Refused
from services.district.calendar import calendar_of
from services.district.coords import to_wgs84
from services.district.package import District
from services.indicators.case_counts import CaseCounts, count, counted_text
from services.indicators.cells import Change, LaterChange, move, without_zeros
from services.platform.clock import to_ms
from services.projector.outbox.delta import ThingChange, TickerLine
from services.projector.store.write import OldCase

TICKER_LINES = 8
_ENCODE = msgspec.json.Encoder().encode


class Settled(NamedTuple):
    """What an event makes of its case, whatever stood before: the row but for its irregular steps, and its counts."""

    row: CaseRow
    counted: CaseCounts | None
    text: str


class MarkChange(NamedTuple):
    """Rows of ``case_marks``: the keys of those that are no more, and those to write."""

    gone: list[tuple[object, ...]]
    rows: list[tuple[object, ...]]


class CaseChanges(NamedTuple):
    """What a batch does to the cases."""

    rows: list[tuple[CaseRow, str]]
    gone: list[str]
    counts: Change
    later: LaterChange
    marks: MarkChange


def unified_domain(case: Case, source: str, district: District) -> str:
    """The unified class: as published, else by the district's class map, else 99."""
    if case.domain:
        return case.domain
    category = case.category
    if category is not None:
        key = (category.scheme or "", category.kind or "", category.major or "", category.minor or "")
        for who in (source, ""):
            if (found := district.class_map.get((who, *key))) is not None:
                return found
    return "99"


def winners(events: Iterable[tuple[int, Event, CasePlace]]) -> dict[str, tuple[int, Event, CasePlace]]:
    """The event of each case that stands within the batch: the higher version, then the earlier entry."""
    best: dict[str, tuple[int, Event, CasePlace]] = {}
    for item in events:
        case = item[1].body
        assert isinstance(case, Case)
        standing = best.get(case.case_id)
        if standing is None:
            best[case.case_id] = item
            continue
        assert isinstance(standing[1].body, Case)
        if (case.version, -item[0]) > (standing[1].body.version, -standing[0]):
            best[case.case_id] = item
    return best


def settle_all(events: Iterable[tuple[int, Event, CasePlace]], district: District) -> dict[int, Settled]:
    """By key what each event makes of its case: most of a fold's work, and it needs nothing from the store."""
    calendar, share = calendar_of(district), district.policy.due_soon_share
    found = {}
    for key, event, place in events:
        case = event.body
        assert isinstance(case, Case)
        row = settle(event, key, place, unified_domain(case, event.source, district), calendar, due_soon_share=share)
        counted = count(row, district)
        if counted is not None and (marks := marks_of(case, row)):
            counted = msgspec.structs.replace(counted, marks=marks)
        found[key] = Settled(row, counted, counted_text(counted))
    return found


def change_cases(
    best: Mapping[str, tuple[int, Event, CasePlace]],
    old: Mapping[str, OldCase],
    irregular: Mapping[str, int],
    settled: Mapping[int, Settled],
) -> CaseChanges:
    """Rows to write, cases that leave the board, and the roll-ups' move: a case's old share out, its new one in.

    ``irregular`` is the new number of irregular steps of the cases whose number has changed: their rows move even where
    an older version is what did it. ``settled`` holds every one of ``best``.
    """
    rows: list[tuple[CaseRow, str]] = []
    gone: list[str] = []
    change: Change = {}
    later: LaterChange = {}
    marks = MarkChange([], [])
    for case_id, (key, event, _) in best.items():
        before = old.get(case_id)
        case = event.body
        assert isinstance(case, Case)
        if before is not None and before.order >= (case.version, -key):
            continue
        row, counted, text = settled[key]
        if n := irregular.get(case_id, 0 if before is None else before.irregular):
            row = msgspec.structs.replace(row, irregular=n)
        rows.append((row, text))
        if before is None or before.counted_text != text:
            known = before.counted if before else None
            move(known, counted, change, later)
            _mark(case_id, known, counted, marks)
        if not row.is_open and (before is None or before.is_open):
            gone.append(case_id)  # of one that came and went at once the escalator hears so too
    return CaseChanges(rows, gone, *without_zeros(change, later), marks)


def _mark(case_id: str, old: CaseCounts | None, new: CaseCounts | None, change: MarkChange) -> None:
    """A case's marks as they move: whole rows, for where the case is may have changed too."""
    known, found = mark_rows(case_id, old), mark_rows(case_id, new)
    if known != found:
        change.gone.extend(key for key in known if key not in found)
        change.rows.extend(row for key, row in found.items() if known.get(key) != row)


def mark_rows(case_id: str, counted: CaseCounts | None) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Key → row of ``case_marks``."""
    if counted is None or not counted.marks:
        return {}
    where = counted.where.street, counted.where.unit
    return {
        (m.what, m.at, case_id, m.n): (m.what, m.at, case_id, m.n, m.code, m.level, m.until, *where)
        for m in counted.marks
    }


def ticker(best: Mapping[str, tuple[int, Event, CasePlace]], changes: CaseChanges) -> list[TickerLine]:
    """The newest lines of the batch."""
    lines = []
    for row, _ in sorted(changes.rows, key=lambda item: item[0].event_at)[-TICKER_LINES:]:
        kind = best[row.case_id][1].type
        # A unit may be any text: of a sensitive case none leaves.
        name, unit = ("", "") if row.domain in SENSITIVE_DOMAINS else (row.class_name, row.lead_unit)
        lines.append(TickerLine(row.event_at, kind, row.street, row.domain, name, unit))
    return lines


def things_of(events: Sequence[tuple[int, Event]]) -> list[ThingChange]:
    """The newest state of everything else in the batch, a source's last sign of life among it."""
    best: dict[tuple[str, str], ThingChange] = {}

    def put(kind: str, key: str, version: int, entry: int, body: object) -> None:
        standing = best.get((kind, key))
        if standing is None or (version, -entry) > (standing.version, -standing.entry):
            best[kind, key] = ThingChange(kind, key, version, entry, msgspec.Raw(_ENCODE(body)))

    newest = {event.source: (entry, event) for entry, event in sorted(events, key=lambda item: item[0])}
    for source, (entry, event) in newest.items():
        put("source", source, entry, entry, {"time": event.time_ms})
    for entry, event in events:
        body = event.body
        if isinstance(body, Case):
            if body.step is not None and body.step.command_id:  # the effect itself says that it was obeyed
                done = {"accepted": True, "case_id": body.case_id, "reason": None}
                put("command", body.step.command_id, 2, entry, done)
            continue
        if isinstance(body, Heartbeat):
            beat = {"at": to_ms(body.at), "interval_s": body.interval_s, "backlog": body.backlog}
            # By arrival: a source whose clock once was ahead would be «stopped» until the clock has come there.
            put("heartbeat", event.source, entry, entry, beat)
        elif isinstance(body, UnitMoved):
            lon, lat = to_wgs84(body.lon, body.lat, body.coord_sys)
            place = msgspec.structs.replace(body, lon=lon, lat=lat, coord_sys="WGS84")
            put("unit", body.unit_id, to_ms(body.at), entry, place)
        elif isinstance(body, CameraChanged):
            lon, lat = to_wgs84(body.lon, body.lat, body.coord_sys)
            camera = msgspec.structs.replace(body, lon=lon, lat=lat, coord_sys="WGS84")
            put("camera", body.camera_id, body.version, entry, camera)
        elif isinstance(body, CameraRemoved):
            put("camera", body.camera_id, body.version, entry, {"camera_id": body.camera_id, "removed": True})
        elif isinstance(body, CameraStatusChanged):
            put("camera_status", body.camera_id, to_ms(body.at), entry, body)
        elif isinstance(body, NoticePublished):
            put("notice", body.notice_id, to_ms(body.at), entry, body)
        elif isinstance(body, CommandAnswer):
            answer = {"accepted": event.type == "command.accepted", "case_id": body.case_id, "reason": body.reason}
            put("command", body.command_id, 1, entry, answer)
    return list(best.values())


def tallies_of(events: Iterable[Event]) -> dict[tuple[str, str], int]:
    """How often each flag came from each source."""
    found: dict[tuple[str, str], int] = {}
    for event in events:
        for flag in event.flags:
            name, _, n = flag.partition(":")
            found[name, event.source] = found.get((name, event.source), 0) + int(n or 1)
        if event.unknown_fields:
            key = ("unknown_fields", event.source)
            found[key] = found.get(key, 0) + event.unknown_fields
    return found


def all_tallies(
    events: Iterable[Event], refused: Iterable[Refused], broken: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    """What a commit adds to the counters: of the events, of the refused entries, and of the ``broken`` transitions."""
    tallies = tallies_of(events)
    for refusal in refused:
        key = (f"refused:{refusal.reason}", refusal.source)
        tallies[key] = tallies.get(key, 0) + 1
    for key, n in broken.items():
        tallies[key] = tallies.get(key, 0) + n
    return tallies
