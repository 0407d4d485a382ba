"""One case for a panel: the row, its events with what was irregular, how its deadline came about, what may be the same.

A read of the store: not for a loop that others wait for.
"""

import math
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from services.cases import reader
from services.cases.case import CaseRow, decode_escalation, suspended_at, timed
from services.cases.deadline_steps import DeadlineStep, explain
from services.cases.deadlines import due, has_come, time_left
from services.cases.joint import Joint, joint
from services.cases.lifecycle import CaseEvent, review
from services.cases.repeats import ComparedCase, same_matter, seen
from services.contract.case import Case
from services.contract.kept import kept_decoder
from services.district.calendar import WorkingCalendar, calendar_of
from services.district.package import District
from services.district.past_names_reader import names_then
from services.photos.of_case import CasePhoto, photos_of
from services.platform.clock import HOUR_MS
from services.projector.archive.store import archived_of
from services.projector.placing import Locator
from services.projector.refold import row_of
from services.projector.store import read

_CASE = kept_decoder(Case)
# A degree of latitude has at least so many metres anywhere on the ellipsoid.
METRES_A_DEGREE = 110_000.0


class HistoryEvent(NamedTuple):
    """One event: Unix ms, type, and why it broke the table of transitions (services.cases.lifecycle).

    ``command_id`` of the command that it carries out; ``escalations``: how often the case had been escalated by then.
    """

    at: int
    type: str
    irregular: tuple[str, ...] = ()
    command_id: str = ""
    escalations: int = 0


class CaseView(NamedTuple):
    """What a panel shows: the row, its events, the names of its area and units, the account of its deadline.

    ``same`` are cases that may be the same matter, with their metres. ``left_ms`` is what is left until the deadline,
    in the limit's own time ``left_unit`` (office time for WH and WD), negative when overdue; None while no clock runs.
    ``is_over`` is whether the deadline has come: at night a case is overdue by hours and by no office time at all.
    ``joint`` is what became of its whistles (services.cases.joint), the newest first. ``archived`` is (month, events)
    for those of its events that are in the archive and no longer in the store. Of a past moment ``after`` are the
    events that nobody knew then: they came later. ``photos`` are those of its events, in their order.
    """

    row: CaseRow
    events: tuple[HistoryEvent, ...]
    area: str
    unit: str
    escalated_from: str
    escalated_to: str
    deadline: tuple[DeadlineStep, ...] = ()
    same: tuple[tuple[ComparedCase, float], ...] = ()
    left_ms: int | None = None
    left_unit: str = ""
    joint: tuple[Joint, ...] = ()
    archived: tuple[tuple[str, int], ...] = ()
    after: tuple[HistoryEvent, ...] = ()
    is_over: bool = False
    photos: tuple[CasePhoto, ...] = ()


class CaseReader:
    """Reads cases for panels, in a thread that may wait."""

    def __init__(self, engine: Engine, district: District) -> None:
        self._engine, self._district = engine, district
        self._placing: Locator | None = None

    def view(self, case_id: str, now: int, *, english: bool = False) -> CaseView | None:
        """The case at ``now`` (Unix ms), or None when there is none. Raises what the database raises."""
        return self._read(case_id, now, english, None)

    def past(self, case_id: str, at: int, *, english: bool = False) -> CaseView | None:
        """The case as it was known ``at`` a past moment (Unix ms); None where nobody knew of it."""
        return self._read(case_id, at, english, self._locator())

    def photos(self, case_id: str) -> tuple[CaseRow, tuple[CasePhoto, ...]] | None:
        """The case and its photos; None where there is no such case."""
        calendar = calendar_of(self._district)
        with self._engine.connect() as connection:
            row = reader.one_case(connection, case_id)
            history = read.history_of(connection, case_id)
        return None if row is None else (row, _photos([_told(past, calendar) for past in history]))

    def _locator(self) -> Locator:
        if self._placing is None:
            self._placing = Locator(self._district)
        return self._placing

    def _read(self, case_id: str, now: int, english: bool, locator: Locator | None) -> CaseView | None:
        calendar = calendar_of(self._district)
        after: list[CaseEvent] = []
        with self._engine.connect() as connection:
            history = read.history_of(connection, case_id)
            if locator is None:
                row = reader.one_case(connection, case_id)
            else:
                after = [_told(past, calendar) for past in history if past.received_at > now]
                history = [past for past in history if past.received_at <= now]
                row = row_of(history, self._district, locator)
            if row is None:
                return None
            told = [_told(past, calendar) for past in history]
            same = self._same(connection, row) if locator is None else ()
            archived = tuple(archived_of(connection, case_id).items())
            named = self._district if locator is None else names_then(connection, self._district)(now)
        passed = decode_escalation(row.escalation) if row.escalation else None
        standing = next((t for t in told if t.key == row.entry), None)
        account: tuple[DeadlineStep, ...] = ()
        blown: list[Joint] = []
        if standing is not None:
            blown = joint(standing.case.whistles, now, self._district.policy.escalation, row.lead_unit)
            account = explain(timed(standing.case, standing.time_ms)[0], calendar, at=standing.time_ms)
        unit = next((step.unit for step in account if step.kind == "limit"), "")
        left = None
        if row.is_open and not suspended_at(row, None, now) and row.deadline_at is not None:
            left = time_left(row.deadline_at, now, unit, calendar)
        return CaseView(
            row,
            _happened(told),
            _area(named, row, english),
            _unit(named, row.lead_unit, english),
            _unit(named, passed.from_, english) if passed else "",
            _unit(named, passed.to, english) if passed else "",
            account,
            same,
            left,
            unit,
            tuple(blown),
            archived,
            _happened(after),
            left is not None and has_come(row.deadline_at, now),
            _photos(told),
        )

    def _same(self, connection: Connection, row: CaseRow) -> tuple[tuple[ComparedCase, float], ...]:
        """Candidates for the same matter, whatever channel they came by."""
        policy = self._district.policy.merging
        if row.lon is None or row.lat is None or not row.is_open:
            return ()
        span = int(policy.hours * HOUR_MS)
        box = _box(row.lon, row.lat, policy.metres)
        near = reader.reported_between(connection, row.reported_at - span, row.reported_at + span, row.domain, box)
        return tuple(same_matter(row, [place for other in near if (place := seen(other))], policy))


def _area(district: District, row: CaseRow, english: bool) -> str:
    names = []
    for areas, code in (
        (district.streets, row.street),
        (district.communities, row.community),
        (district.grids, row.grid),
    ):
        if code:
            names.append(areas[code].name if code in areas else code)
    if english and row.street in district.streets_en:
        names[0] = district.streets_en[row.street]
    return " · ".join(names)


def _unit(district: District, code: str, english: bool) -> str:
    name = district.units.get(code, code)
    return district.units_en.get(code, name) if english else name


def _box(lon: float, lat: float, metres: float) -> tuple[float, float, float, float]:
    """A box around a place that holds everything within so many metres; near 180 degrees it is all around the world."""
    up = metres / METRES_A_DEGREE
    side = up / max(math.cos(math.radians(min(abs(lat) + up, 89.9))), 1e-6)
    is_at_the_end = abs(lon) + side > 180
    return (-180.0, lat - up, 180.0, lat + up) if is_at_the_end else (lon - side, lat - up, lon + side, lat + up)


def _told(past: read.Past, calendar: WorkingCalendar) -> CaseEvent:
    case = _CASE(past.data)
    deadline = due(timed(case, past.time)[0], calendar, at=past.time).deadline_at
    return CaseEvent(past.entry, case.version, past.type, past.source, past.time, case, deadline)


def _photos(told: list[CaseEvent]) -> tuple[CasePhoto, ...]:
    """In the order of time: an event that came late stands where it belongs."""
    return photos_of(
        (t.time_ms, t.type, t.type == "case.handled" or t.case.handled_at is not None, t.case.attachments)
        for t in sorted(told, key=lambda t: (t.time_ms, t.version))
    )


def _happened(told: list[CaseEvent]) -> tuple[HistoryEvent, ...]:
    """Every event in the order of its time; those that were published twice with one version are judged once."""
    irregular = {step.key: codes for step, codes in review(told)}
    return tuple(
        sorted(
            HistoryEvent(
                t.time_ms,
                t.type,
                irregular.get(t.key, ()),
                (t.case.step.command_id or "") if t.case.step is not None else "",
                len(t.case.escalations),
            )
            for t in told
        )
    )
