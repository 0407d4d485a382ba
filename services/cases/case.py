"""A case as we keep it: the row that an event and its place settle into, and which of two events wins. Pure.

The winner is the higher version; of two entries with one version the earlier entry. So the join is commutative,
associative and idempotent: any order, any number of repeats, one result.
"""

from datetime import UTC, datetime

import msgspec

from services.cases.deadlines import due
from services.contract.case import Case, Category, Rating
from services.contract.codes import CLOSED_STATUSES, ENDED_STATUSES, STATUS_TIME
from services.contract.parse import Event
from services.contract.pauses import pauses_of
from services.contract.personal import mask_name
from services.district.calendar import WorkingCalendar
from services.platform.clock import to_ms


class CasePlace(msgspec.Struct, frozen=True, gc=False):
    """Where a case is: WGS-84 degrees and codes; empty where unknown. ``flags`` says what was odd about it."""

    lon: float | None = None
    lat: float | None = None
    street: str = ""
    community: str = ""
    grid: str = ""
    flags: tuple[str, ...] = ()


class PresentEscalation(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The escalation that stands: unit codes, reason code, Unix milliseconds. ``acknowledged_by`` is masked (王**)."""

    to: str
    reason_code: str
    at: int | None
    deadline_at: int | None
    acknowledged_at: int | None
    from_: str = ""
    acknowledged_by: str = ""


class RatingGiven(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The citizen's answer on the call-back (回访)."""

    valid: bool
    contacted: bool
    solved: str
    satisfied: str
    at: int | None


class UnitCalled(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A unit that an open whistle calls; Unix milliseconds."""

    unit: str
    at: int | None
    answered_at: int | None
    arrived_at: int | None


class CaseRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One row of ``cases``. Times are Unix milliseconds; ``entry`` is the history row with the whole case.

    ``suspended`` says that a suspension had not ended when the event was told (``suspended_at`` says for any moment);
    ``on_time`` is the publisher's verdict, kept only where it counts; ``pauses`` and ``rating`` are JSON or empty;
    ``asked`` is what the street says it needs; ``whistled_at`` the oldest whistle that waits for an answer;
    ``irregular`` how many of its steps broke the rules (services.cases.lifecycle). ``co_units`` are who works beside
    the lead unit and ``called`` whom the whistles call that have not ended (JSON of UnitCalled); empty: nobody.
    Crosses the outbox as an array in this order.
    """

    case_id: str
    version: int
    entry: int
    event_at: int
    status: str
    is_open: bool
    channel: str
    domain: str
    class_name: str
    severity: int
    level: str
    highest_level: str
    self_handled: bool
    street: str
    community: str
    grid: str
    lon: float | None
    lat: float | None
    lead_unit: str
    reported_at: int
    filed_at: int | None
    closed_at: int | None
    deadline_at: int | None
    soon_at: int | None
    deadline_estimated: bool
    suspended: bool
    merged: bool
    on_time: bool | None
    appeal_exempt: bool
    escalation: str
    returns: int
    reworks: int
    flags: str
    class_key: str = ""
    accepted_at: int | None = None
    dispatched_at: int | None = None
    handled_at: int | None = None
    handle_deadline_at: int | None = None
    dispatches: int = 0
    wrong_dispatches: int = 0
    extensions: int = 0
    pauses: str = ""
    rating: str = ""
    asked: str = ""
    whistled_at: int | None = None
    escalations: int = 0
    count_at: int | None = None
    irregular: int = 0
    acknowledged_at: int | None = None
    co_units: str = ""
    called: str = ""

    @property
    def order(self) -> tuple[int, int]:
        """What decides which of two rows of one case stands: the greater."""
        return self.version, -self.entry


_COLUMN_TEXT = str.maketrans({"\x00": None})
_ENCODER = msgspec.json.Encoder()
decode_escalation = msgspec.json.Decoder(PresentEscalation).decode
decode_rating = msgspec.json.Decoder(RatingGiven).decode
_decode_units = msgspec.json.Decoder(list[str]).decode
_decode_called = msgspec.json.Decoder(list[UnitCalled]).decode
decode_pauses = msgspec.json.Decoder(list[tuple[int, int | None]]).decode
# What a street says with a step: it cannot do it alone (DOMAIN.md §5).
_ASKED = frozenset({"beyond_power", "needs_departments"})


def settle(
    event: Event,
    key: int,
    place: CasePlace,
    domain: str,
    calendar: WorkingCalendar,
    *,
    due_soon_share: float = 0.25,
    irregular: int = 0,
) -> CaseRow:
    """The row that ``event`` leaves. ``key`` is its history key, ``domain`` its unified class.

    ``irregular``: how many of the case's steps broke the table of transitions.
    """
    case = event.body
    assert isinstance(case, Case)
    flags = [*event.flags, *place.flags]
    case, missing = timed(case, event.time_ms)
    if missing:
        flags.append(f"no_{missing}")
    # Judged anew where it was not: kept by an older version, or with a time of its own only since a moment ago.
    when = due(case, calendar, due_soon_share, event.time_ms, is_judged=event.is_judged and not missing)
    flags += [flag for flag in when.flags if flag not in flags]
    told = event.time_ms
    closed_at = _happened(case.closed_at, told) if case.status in CLOSED_STATUSES else None
    # The publisher's verdict counts only where the deadline or the closing time is missing.
    is_judged = when.deadline_at is None or missing == "closed_at"
    category = case.category
    status = case.status
    pauses = _pauses(case, told)
    is_merged = bool(case.merged_into) and case.merged_into != case.case_id
    if case.merged_into and not is_merged:
        flags.append("merged_into_itself")
    step, asked = case.step, ""
    if step is not None and step.reason_code in _ASKED:
        asked = step.reason_code
    deadline_at, on_time = when.deadline_at, case.on_time if is_judged else None
    # By position, in the order of the fields: by name it costs ten times as much, for every event.
    return CaseRow(
        case.case_id, case.version, key, event.time_ms, status,
        status not in ENDED_STATUSES and not is_merged,
        case.channel, domain, _clean((category.name if category else None) or "")[:60],
        case.severity, case.level or "", case.highest_level or case.level or "", case.self_handled,
        place.street, place.community, place.grid, place.lon, place.lat,
        _clean(case.lead_unit or ""), min(to_ms(case.reported_at), told), _happened(case.filed_at, told), closed_at,
        deadline_at, when.soon_at, when.computed, any(until is None or until > told for _, until in pauses),
        is_merged, on_time, case.appeal_exempt,
        _present_escalation(case) if case.escalations else "", case.returns, case.reworks, " ".join(flags),
        _class_key(category) if category else "",
        _happened(case.accepted_at, told), _happened(case.dispatched_at, told),
        None if when.handled_at is None else min(when.handled_at, told), when.handle_deadline_at,
        case.dispatches, case.wrong_dispatches, case.extensions,
        _ENCODER.encode(pauses).decode() if pauses else "", _rating(case.rating, told) if case.rating else "", asked,
        _whistled_at(case) if case.whistles else None, len(case.escalations),
        _count_at(deadline_at, closed_at, on_time), irregular,
        _happened(case.acknowledged_at, told), _co_units(case) if case.co_units else "",
        _called(case) if case.whistles else "",
    )  # fmt: skip


def timed(case: Case, event_ms: int) -> tuple[Case, str]:
    """The case with its status's own time, from the event where it is missing, and which one was missing."""
    needed = STATUS_TIME.get(case.status)
    if needed is None or getattr(case, needed) is not None:
        return case, ""
    return msgspec.structs.replace(case, **{needed: datetime.fromtimestamp(event_ms / 1000, UTC)}), needed


def pauses_in(row: CaseRow) -> list[tuple[int, int | None]]:
    """The case's suspensions (挂账) as (from, until); None is open."""
    return decode_pauses(row.pauses) if row.pauses else []


def suspended_at(row: CaseRow, ended_at: int | None, moment: int) -> bool:
    """Whether the case was suspended, and not ended (closed or handled) at ``ended_at``, at ``moment``."""
    if not row.pauses or (ended_at is not None and ended_at <= moment):
        return False
    return any(start <= moment and (until is None or moment < until) for start, until in pauses_in(row))


def _count_at(deadline_at: int | None, closed_at: int | None, on_time: bool | None) -> int | None:
    """The one moment at which a case is due: deadline or closing, whichever is earlier; None: in no rate."""
    if deadline_at is None:
        return closed_at if on_time is not None else None
    return deadline_at if closed_at is None else min(deadline_at, closed_at)


def is_filed(row: CaseRow) -> bool:
    """Whether the case was filed: by its time, or by a status that only a filed case can have."""
    return row.filed_at is not None or row.status not in {"reported", "pre_verify", "not_filed", "voided"}


def _present_escalation(case: Case) -> str:
    if not case.escalations or case.escalations[-1].returned_at is not None:
        return ""
    last = case.escalations[-1]
    passed = PresentEscalation(
        _clean(last.to or ""),
        _clean(last.reason_code or ""),
        _ms(last.at),
        _ms(last.deadline_at),
        _ms(last.acknowledged_at),
        _clean(last.from_ or ""),
        mask_name(_clean(last.acknowledged_by or "")),
    )
    return _ENCODER.encode(passed).decode()


def _class_key(category: Category) -> str:
    """(scheme, kind, major, minor) as one text; empty where the class is not named down to its minor."""
    if not (category.major and category.minor):
        return ""
    return _clean("|".join((category.scheme or "", category.kind or "", category.major, category.minor)))


def _pauses(case: Case, told: int) -> list[tuple[int, int | None]]:
    """挂账 as (from, until); a status «suspended» that tells of none begins with its event.

    One that is over ended by itself, whatever the status still says.
    """
    if not case.suspensions:
        return [(told, None)] if case.status == "suspended" else []
    pauses = pauses_of(case, told)
    return [*pauses.spans, *([(pauses.open_at, None)] if pauses.open_at is not None else [])]


def _happened(moment: datetime | None, told: int) -> int | None:
    """When something happened: not after the event that tells it, whatever its publisher's clock says."""
    return None if moment is None else min(to_ms(moment), told)


def _rating(rating: Rating, told: int) -> str:
    given = RatingGiven(
        bool(rating.valid),
        bool(rating.contacted),
        rating.solved or "",
        rating.satisfied or "",
        _happened(rating.at, told),
    )
    return _ENCODER.encode(given).decode()


def _whistled_at(case: Case) -> int | None:
    """When the oldest whistle was blown that has not ended and that somebody called has not answered."""
    waiting = [
        to_ms(w.at)
        for w in case.whistles
        if w.at is not None and w.ended_at is None and any(u.answered_at is None for u in w.units)
    ]
    return min(waiting, default=None)


def _co_units(case: Case) -> str:
    units = dict.fromkeys(_clean(unit) for unit in case.co_units)
    return _ENCODER.encode(list(units)).decode()


def _called(case: Case) -> str:
    """Whom the whistles call that have not ended, in the order of the calls."""
    units = [
        UnitCalled(_clean(unit.unit), _ms(whistle.at), _ms(unit.answered_at), _ms(unit.arrived_at))
        for whistle in case.whistles
        if whistle.ended_at is None
        for unit in whistle.units
    ]
    return _ENCODER.encode(units).decode() if units else ""


def co_units_of(row: CaseRow) -> list[str]:
    """Who works beside the lead unit."""
    return _decode_units(row.co_units) if row.co_units else []


def calls_of(row: CaseRow) -> list[UnitCalled]:
    """Whom the case's open whistles call."""
    return _decode_called(row.called) if row.called else []


def called_units(row: CaseRow) -> set[str]:
    """The units that the case's open whistles call."""
    return {call.unit for call in calls_of(row)}


def waits_since(row: CaseRow, unit: str) -> int | None:
    """When the oldest open whistle was blown that the unit has neither answered nor come to."""
    waiting = [
        call.at
        for call in calls_of(row)
        if call.unit == unit and call.at is not None and call.answered_at is None and call.arrived_at is None
    ]
    return min(waiting, default=None)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _clean(text: str) -> str:
    """Text for a column: PostgreSQL keeps no NUL."""
    return text.translate(_COLUMN_TEXT) if "\x00" in text else text
