"""What a replay must show at a moment: counted from the cases themselves, so that a board can be held against it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.cases.deadlines import has_come
from services.district.place import Placer
from services.operations.replay import life
from services.operations.replay.source import SourceCase
from services.platform.clock import to_ms


@dataclass(slots=True)
class Tally:
    """Cases of one area, unit or channel. Overdue ones are open."""

    open: int = 0
    overdue: int = 0
    closed: int = 0

    def add(self, closed: bool, overdue: bool) -> None:
        """Count one case."""
        self.open += not closed
        self.overdue += overdue
        self.closed += closed


@dataclass(frozen=True, slots=True)
class ReplayCounts:
    """``by_street`` under the empty code: 未定位. ``outside``: cases that the projector refuses as outside_district."""

    total: Tally = field(default_factory=Tally)
    by_street: dict[str, Tally] = field(default_factory=dict)
    by_unit: dict[str, Tally] = field(default_factory=dict)
    by_channel: dict[str, Tally] = field(default_factory=dict)
    outside: tuple[str, ...] = ()


def count(cases: Sequence[SourceCase], at_ms: int, placer: Placer | None = None) -> ReplayCounts:
    """Count the cases known at ``at_ms``. Without a placer positions are not looked at."""
    placed, outside = _place(cases, placer)
    total = Tally()
    streets: dict[str, Tally] = defaultdict(Tally)
    units: dict[str, Tally] = defaultdict(Tally)
    channels: dict[str, Tally] = defaultdict(Tally)
    for case in cases:
        if life.reported_ms(case) > at_ms or case.case_id in outside:
            continue
        end = life.ended_ms(case)
        closed = end is not None and end <= at_ms
        overdue = not closed and case.deadline_at is not None and has_come(to_ms(case.deadline_at), at_ms)
        street = case.street or placed.get(case.case_id, "")
        for tally in (total, streets[street], units[case.unit], channels[case.channel]):
            tally.add(closed, overdue)
    return ReplayCounts(total, dict(streets), dict(units), dict(channels), tuple(sorted(outside)))


def _place(cases: Sequence[SourceCase], placer: Placer | None) -> tuple[dict[str, str], set[str]]:
    if placer is None:
        return {}, set()
    floating = [c for c in cases if not c.street]
    pairs = [(c.case_id, (c.lon, c.lat)) for c in floating if c.lon is not None and c.lat is not None]
    ids, points = [case_id for case_id, _ in pairs], [point for _, point in pairs]
    streets = {case_id: found[0] for case_id, found in zip(ids, placer.find(points), strict=True)}
    # Only what lies in no area can lie far from all of them; the distance is dear.
    lost = [(case_id, point) for case_id, point in zip(ids, points, strict=True) if not streets[case_id]]
    far = placer.is_outside([point for _, point in lost])
    return streets, {case_id for (case_id, _), out in zip(lost, far, strict=True) if out}
