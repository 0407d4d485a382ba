"""A case as we keep it: the row that an event and its place settle into, and which of two events wins. Pure.

The winner is the higher version; of two entries with one version the earlier entry. So the join is commutative,
associative and idempotent: any order, any number of repeats, one result.
"""

from datetime import UTC, datetime

import msgspec

from services.clock import to_ms
from services.deadlines import due
from services.events.case import Case
from services.events.codes import CLOSED_STATUSES, ENDED_STATUSES, STATUS_TIME
from services.events.parse import Event
from services.working_calendar import WorkingCalendar


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a case is: WGS-84 degrees and codes; empty where unknown. ``flags`` says what was odd about it."""

    lon: float | None = None
    lat: float | None = None
    street: str = ""
    community: str = ""
    grid: str = ""
    flags: tuple[str, ...] = ()


class PresentEscalation(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The escalation that stands: unit code, reason code, Unix milliseconds. Never the name of a person."""

    to: str
    reason_code: str
    at: int | None
    deadline_at: int | None
    acknowledged_at: int | None


class CaseRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One row of ``cases``. Times are Unix milliseconds; ``entry`` is the history row with the whole case.

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

    @property
    def order(self) -> tuple[int, int]:
        """What decides which of two rows of one case stands: the greater."""
        return self.version, -self.entry


_COLUMN_TEXT = str.maketrans({"\x00": None})
_ENCODER = msgspec.json.Encoder()
decode_escalation = msgspec.json.Decoder(PresentEscalation).decode


def settle(
    event: Event, key: int, place: Place, domain: str, calendar: WorkingCalendar, *, due_soon_share: float = 0.25
) -> CaseRow:
    """The row that ``event`` leaves. ``key`` is its history key, ``domain`` its unified class.

    What is odd about the times is judged anew: an event kept by an older version was not flagged for it.
    """
    case = event.body
    assert isinstance(case, Case)
    flags = [*event.flags, *place.flags]
    times = {"filed_at": case.filed_at, "closed_at": case.closed_at}
    needed = STATUS_TIME.get(case.status)
    moments = {name: to_ms(at) if at is not None else None for name, at in times.items()}
    if needed is not None and getattr(case, needed) is None:
        flags.append(f"no_{needed}")
        if needed in moments:
            moments[needed] = event.time_ms
        elif needed == "dispatched_at":  # a short limit counts from it
            case = msgspec.structs.replace(case, dispatched_at=datetime.fromtimestamp(event.time_ms / 1000, UTC))
    when = due(case, calendar, due_soon_share, event.time_ms)
    flags += [flag for flag in when.flags if flag not in flags]
    name = (case.category.name if case.category else None) or ""
    return CaseRow(
        case_id=case.case_id, version=case.version, entry=key, event_at=event.time_ms, status=case.status,
        is_open=case.status not in ENDED_STATUSES and not case.merged_into,
        channel=case.channel, domain=domain, class_name=_clean(name)[:60], severity=case.severity,
        level=case.level or "", highest_level=case.highest_level or case.level or "", self_handled=case.self_handled,
        street=place.street, community=place.community, grid=place.grid, lon=place.lon, lat=place.lat,
        lead_unit=_clean(case.lead_unit or ""), reported_at=to_ms(case.reported_at),
        filed_at=moments["filed_at"],
        closed_at=moments["closed_at"] if case.status in CLOSED_STATUSES else None,
        deadline_at=when.deadline_at, soon_at=when.soon_at, deadline_estimated=when.computed,
        suspended=case.status == "suspended" or any(s.until is None for s in case.suspensions),
        merged=bool(case.merged_into), on_time=case.on_time, appeal_exempt=case.appeal_exempt,
        escalation=_present_escalation(case), returns=case.returns, reworks=case.reworks, flags=" ".join(flags),
    )  # fmt: skip


def is_filed(row: CaseRow) -> bool:
    """Whether the case was filed: by its time, or by a status that only a filed case can have."""
    return row.filed_at is not None or row.status not in {"reported", "pre_verify", "not_filed", "voided"}


def _present_escalation(case: Case) -> str:
    if not case.escalations or case.escalations[-1].returned_at is not None:
        return ""
    last = case.escalations[-1]
    moments = [to_ms(t) if t is not None else None for t in (last.at, last.deadline_at, last.acknowledged_at)]
    return _ENCODER.encode(PresentEscalation(_clean(last.to or ""), _clean(last.reason_code or ""), *moments)).decode()


def _clean(text: str) -> str:
    """Text for a column: PostgreSQL keeps no NUL."""
    return text.translate(_COLUMN_TEXT) if "\x00" in text else text
