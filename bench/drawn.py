"""Cases by the million, drawn as columns: what the figures are measured on.

2,000 cases a day, so that 2 million are 1,000 days and 4 million are 2,000: a history grows by years. Every kind of
case that the roll-ups treat in its own way is drawn: closed in time and late, open, suspended once or twice, sent back,
extended, exempt, rated, voided, merged, refused, solved on the spot, without a deadline, without a place. Rows are
narrow: the columns that figures and their explanations need.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.cases.case import CaseRow, RatingGiven
from services.contract.codes import CHANNELS, DOMAINS, LEVELS
from services.contract.entry import encode_entry
from services.district.package import District
from services.platform.clock import to_rfc3339

PER_DAY = 2_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NONE = np.int64(-1)  # a moment that a case does not have
OPEN_STATUSES = ("filed", "dispatched", "acknowledged", "handling", "handled", "post_check", "rework", "returned")
ANSWERS = ("yes", "fairly", "no")

Column = NDArray[Any]
_ENCODE = msgspec.json.Encoder().encode


class Cases(NamedTuple):
    """Columns of one length; moments are Unix ms or ``NONE``. ``pauses`` are (from, until) pairs of columns."""

    number: Column
    status: Column
    channel: Column
    domain: Column
    level: Column
    highest_level: Column
    street: Column
    community: Column
    grid: Column
    lon: Column
    lat: Column
    unit: Column
    merged: Column
    self_handled: Column
    appeal_exempt: Column
    verdict: Column  # on_time where nobody can tell: 1, 0, or −1 for none
    severity: Column
    returns: Column
    reworks: Column
    extensions: Column
    dispatches: Column
    wrong_dispatches: Column
    reported_at: Column
    accepted_at: Column
    filed_at: Column
    dispatched_at: Column
    handle_deadline_at: Column
    deadline_at: Column
    handled_at: Column
    closed_at: Column
    count_at: Column
    pauses: tuple[tuple[Column, Column], ...]
    rated: Column
    valid: Column
    contacted: Column
    solved: Column
    satisfied: Column
    rated_at: Column

    def part(self, chosen: Any) -> "Cases":
        """Some of the cases: a slice, a mask or their places."""
        found = {name: column[chosen] for name, column in self._asdict().items() if name != "pauses"}
        return Cases(**found, pauses=tuple((start[chosen], until[chosen]) for start, until in self.pauses))

    @property
    def is_open(self) -> Column:
        """Whether each is open."""
        return ~np.isin(self.status, ("closed", "forced_closed", "voided", "not_filed")) & ~self.merged


class _Planned(NamedTuple):
    """When each step of each case is to be, ms: what the present moment and its fate then cut off."""

    reported: Column
    accepted: Column
    filed: Column
    dispatched: Column
    begun: Column
    limit: Column
    handle_deadline: Column
    deadline: Column
    handled: Column
    closed: Column
    self_handled: Column


def _plan(r: np.random.Generator, n: int, now: int) -> _Planned:
    number = np.arange(n)
    reported = now - (n - number) * (DAY // PER_DAY) - r.integers(0, 5 * MINUTE, n)
    reported = np.where(r.random(n) < 0.7, reported, reported - r.integers(0, 8 * HOUR, n))
    accepted = _some(r, 0.8, reported + r.integers(1, 40, n) * MINUTE)
    filed = reported + r.integers(40, 120, n) * MINUTE
    dispatched = _some(r, 0.95, filed + r.integers(1, 300, n) * MINUTE)
    begun = np.where(dispatched >= 0, dispatched, filed)
    limit = r.choice([2 * HOUR, 8 * HOUR, DAY, 3 * DAY, 7 * DAY], n, p=[0.2, 0.25, 0.25, 0.2, 0.1])
    handle_deadline = _some(r, 0.92, begun + limit)
    deadline = begun + limit + r.integers(1, 25, n) * HOUR
    deadline = np.where((r.random(n) < 0.97) | (handle_deadline >= 0), deadline, NONE)
    # A case takes 0.6 of its limit in the middle; about one in seven is late, some of them by weeks.
    handled = begun + (limit * np.clip(r.lognormal(-0.6, 0.7, n), 0.01, 12)).astype(np.int64)
    closed = handled + r.integers(1, 16, n) * HOUR
    self_handled = r.random(n) < 0.15
    closed = np.where(self_handled, filed + r.integers(5, 30, n) * MINUTE, closed)
    handled = np.where(self_handled, closed, handled)
    return _Planned(
        reported, accepted, filed, dispatched, begun, limit, handle_deadline, deadline, handled, closed, self_handled
    )


def draw(district: District, cases: int, now: int, seed: int = 1) -> Cases:
    """That many cases, the last of them reported just before ``now``."""
    r = np.random.default_rng(seed)
    n = cases
    number, plan = np.arange(n), _plan(r, n, now)
    reported, begun, limit, self_handled = plan.reported, plan.begun, plan.limit, plan.self_handled
    accepted, filed, dispatched, handle_deadline = plan.accepted, plan.filed, plan.dispatched, plan.handle_deadline
    deadline, handled, closed = plan.deadline, plan.handled, plan.closed
    fate = r.random(n)
    is_closed = (closed < now) & (fate < 0.9995)
    status = np.where(is_closed, "closed", r.choice(OPEN_STATUSES, n))
    status = np.where(is_closed & (r.random(n) < 0.01), "forced_closed", status)
    is_handled = is_closed | np.isin(status, ("handled", "post_check"))
    handled = np.where(is_handled & (handled < now), handled, NONE)
    status = np.where(np.isin(status, ("handled", "post_check")) & (handled < 0), "handling", status)
    started = begun < now
    status = np.where(started | is_closed, status, "reported")
    status = np.where(fate < 0.03, "not_filed", np.where(fate < 0.045, "voided", status))
    merged = (fate > 0.045) & (fate < 0.06)
    unfiled = np.isin(status, ("not_filed", "reported"))
    filed = np.where(unfiled | ((r.random(n) < 0.05) & (status != "filed")), NONE, filed)
    accepted = np.where(accepted < now, accepted, NONE)
    dispatched = np.where(unfiled, NONE, dispatched)
    dispatched = np.where((status == "dispatched") & (dispatched < 0), begun, dispatched)
    closed = np.where(np.isin(status, ("closed", "forced_closed")), closed, NONE)
    handled = np.where(np.isin(status, ("closed", "forced_closed", "handled", "post_check")), handled, NONE)
    handle_deadline = np.where(unfiled, NONE, handle_deadline)
    deadline = np.where(unfiled, NONE, deadline)
    pauses, suspended = _pauses(r, begun, limit, now, status=status, merged=merged)
    status = np.where(suspended, "suspended", status)
    handled = np.where(suspended, NONE, handled)
    verdict = np.where((deadline < 0) & (closed >= 0) & (r.random(n) < 0.5), (r.random(n) < 0.5).astype(int), -1)
    count_at = np.where(
        deadline < 0, np.where(verdict >= 0, closed, NONE), np.where(closed < 0, deadline, np.minimum(deadline, closed))
    )
    dispatches = np.where(dispatched >= 0, 1 + r.poisson(0.15, n), 0)
    channel = _pick(r, CHANNELS, n)
    rated = (channel == "H12345") & (r.random(n) < 0.6) & (~unfiled)
    level = _pick(r, ("", *LEVELS), n, [0.04, 0.2, 0.2, 0.5, 0.06])
    street, community, grid, lon, lat = _places(r, district, n)
    return Cases(
        number=number, status=status, channel=channel, domain=_pick(r, DOMAINS, n), level=level,
        highest_level=np.where(r.random(n) < 0.9, level, np.where(level == "", "", "district")),
        street=street, community=community, grid=grid, lon=lon, lat=lat,
        unit=np.where(dispatched >= 0, _pick(r, tuple(district.units), n), ""),
        merged=merged, self_handled=self_handled, appeal_exempt=r.random(n) < 0.01, verdict=verdict,
        severity=r.choice([1, 2, 3, 4], n, p=[0.002, 0.008, 0.09, 0.9]), returns=r.poisson(0.06, n),
        reworks=r.poisson(0.04, n), extensions=(r.random(n) < 0.05).astype(int), dispatches=dispatches,
        wrong_dispatches=np.where(r.random(n) < 0.05, r.integers(1, 3, n), 0),
        reported_at=reported, accepted_at=accepted, filed_at=filed, dispatched_at=dispatched,
        handle_deadline_at=handle_deadline, deadline_at=deadline, handled_at=handled, closed_at=closed,
        count_at=count_at, pauses=pauses, rated=rated, valid=r.random(n) < 0.9, contacted=r.random(n) < 0.95,
        solved=_pick(r, ("", "yes", "no"), n, [0.05, 0.8, 0.15]),
        satisfied=_pick(r, ("", *ANSWERS), n, [0.05, 0.65, 0.2, 0.1]),
        rated_at=np.where((closed >= 0) & (closed + 2 * DAY < now) & (r.random(n) < 0.9), closed + DAY, NONE),
    )  # fmt: skip


def rows(cases: Cases) -> Iterator[CaseRow]:
    """The cases as rows: the columns that figures and explanations need."""
    starts, untils = (np.stack(side, 1).tolist() for side in zip(*cases.pauses, strict=True))
    columns = {name: column.tolist() for name, column in cases._asdict().items() if name != "pauses"}
    is_open = cases.is_open.tolist()
    for i, case in enumerate(map(_Case._make, zip(*columns.values(), strict=True))):
        pauses = [(a, b if b >= 0 else None) for a, b in zip(starts[i], untils[i], strict=True) if a >= 0]
        rating = None
        if case.rated:
            rating = RatingGiven(case.valid, case.contacted, case.solved, case.satisfied, _ms(case.rated_at))
        at = max(case.reported_at, case.closed_at, case.handled_at)
        yield CaseRow(
            f"H{case.number:08d}", 1, case.number + 1, at, case.status, is_open[i], case.channel, case.domain, "",
            case.severity, case.level, case.highest_level, case.self_handled, case.street, case.community, case.grid,
            case.lon, case.lat, case.unit, case.reported_at, _ms(case.filed_at), _ms(case.closed_at),
            _ms(case.deadline_at), None, False, case.status == "suspended", case.merged,
            None if case.verdict < 0 else bool(case.verdict), case.appeal_exempt, "", case.returns, case.reworks, "",
            f"demo|event|{case.domain}|01", _ms(case.accepted_at), _ms(case.dispatched_at), _ms(case.handled_at),
            _ms(case.handle_deadline_at), case.dispatches, case.wrong_dispatches, case.extensions,
            _ENCODE(pauses).decode() if pauses else "", _ENCODE(rating).decode() if rating is not None else "",
            "", None, int(case.level == "district"), _ms(case.count_at), 0,
        )  # fmt: skip


def entries(cases: Cases) -> Iterator[tuple[str, dict[bytes, bytes]]]:
    """The same cases as entries of the stream, one each: what the projector would have been told last."""
    for number, row in enumerate(rows(cases)):
        clocks = [
            {"what": what, "started_at": to_rfc3339(row.reported_at), "deadline_at": to_rfc3339(at)}
            for what, at in (("handle", row.handle_deadline_at), ("close", row.deadline_at))
            if at is not None
        ]
        body: dict[str, Any] = {
            "case_id": row.case_id, "version": 1, "status": row.status, "channel": row.channel, "domain": row.domain,
            "severity": row.severity, "level": row.level, "highest_level": row.highest_level,
            "street": row.street, "community": row.community, "grid": row.grid, "lead_unit": row.lead_unit,
            "self_handled": row.self_handled, "appeal_exempt": row.appeal_exempt, "on_time": row.on_time,
            "merged_into": "H00000000" if row.merged else None, "clocks": clocks, "returns": row.returns,
            "reworks": row.reworks, "extensions": row.extensions, "dispatches": row.dispatches,
            "wrong_dispatches": row.wrong_dispatches, "voided_at": _text(row.event_at),
            "suspensions": [{"from": _text(a), "until": _text(b)} for a, b in msgspec.json.decode(row.pauses or "[]")],
            **{name: _text(getattr(row, name)) for name in _MOMENTS},
        }  # fmt: skip
        happened = [row.event_at, *(getattr(row, name) for name in _MOMENTS)]
        if row.rating:
            valid, contacted, solved, satisfied, at = msgspec.json.decode(row.rating)
            body["rating"] = {
                "valid": valid,
                "contacted": contacted,
                "solved": solved,
                "satisfied": satisfied,
                "at": _text(at),
            }
            body["rating"] = {name: value for name, value in body["rating"].items() if value not in {None, ""}}
            happened.append(at)
        told = {name: value for name, value in body.items() if value not in (None, "", [])}
        yield (
            f"{number + 1}-0",
            encode_entry("/bench", "case.corrected", told, max(at for at in happened if at is not None)),
        )


_Case = NamedTuple("_Case", [(name, Any) for name in Cases._fields if name != "pauses"])  # type: ignore[misc]  # named by another tuple's fields
_MOMENTS = ("reported_at", "accepted_at", "filed_at", "dispatched_at", "handled_at", "closed_at")


def _pauses(
    r: np.random.Generator, begun: Column, limit: Column, now: int, *, status: Column, merged: Column
) -> tuple[tuple[tuple[Column, Column], ...], Column]:
    """One case in twelve was suspended, some twice, before or after it was due; which are so at this moment."""
    n = len(begun)
    live = ~np.isin(status, ("not_filed", "reported", "voided"))
    first = begun + (limit * r.random(n) * 1.5).astype(np.int64)
    is_so = (r.random(n) < 0.08) & (first < now - HOUR) & live
    until = np.minimum(first + r.integers(1, 200, n) * HOUR, now)
    cut = until - until % DAY + 16 * HOUR  # of a day in China: three in ten end on it, to the millisecond
    until = np.where((r.random(n) < 0.3) & (cut > first) & (cut < now), cut, until)
    again = until + r.integers(1, 60, n) * HOUR
    is_again = is_so & (r.random(n) < 0.2) & (again < now - 2 * HOUR)
    is_open = ~np.isin(status, ("closed", "forced_closed")) & ~merged
    suspended = is_so & ~is_again & is_open & (r.random(n) < 0.3)
    return (
        (np.where(is_so, first, NONE), np.where(is_so & ~suspended, until, NONE)),
        (np.where(is_again, again, NONE), np.where(is_again, again + HOUR, NONE)),
    ), suspended


def _places(r: np.random.Generator, district: District, n: int) -> tuple[Column, ...]:
    """A grid for each with what it lies in; three in a hundred are nowhere, two only in a street."""
    areas = list(district.grids.values())
    middle = np.array([area.centre or (0.0, 0.0) for area in areas])
    names = np.array([(district.communities[a.parent].parent, a.parent, a.code) for a in areas])
    chosen = r.integers(0, len(areas), n)
    known = r.random(n)
    street, community, grid = names[chosen].T
    lon, lat = (middle[chosen] + r.uniform(-1.5e-3, 1.5e-3, (n, 2))).T
    return (
        np.where(known < 0.03, "", street),
        np.where(known < 0.05, "", community),
        np.where(known < 0.05, "", grid),
        lon,
        lat,
    )


def _pick(r: np.random.Generator, values: tuple[str, ...], n: int, p: list[float] | None = None) -> Column:
    return np.array(values)[r.choice(len(values), n, p=p)]


def _some(r: np.random.Generator, share: float, column: Column) -> Column:
    return np.where(r.random(len(column)) < share, column, NONE)


def _ms(moment: int) -> int | None:
    return None if moment < 0 else moment


def _text(moment: int | None) -> str | None:
    return None if moment is None else to_rfc3339(moment)
