"""The escalation policy's state: open cases, what is near them, what is proposed; and what each pass changes. Pure.

A pass over everything and a pass over what has changed come to the same: a decision depends on the case, the clock and
the neighbours alone, and ``take`` holds it against what stands.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from services.cases.case import CaseRow
from services.cases.escalation import Proposal, decide, waits_until
from services.cases.repeats import ComparedCase, Neighbours, earlier_closed, seen
from services.district.policy import EscalationPolicy


class EscalationPass(NamedTuple):
    """What one pass asks for: new proposals, cases whose proposal falls away, commands to send."""

    proposed: list[Proposal]
    withdrawn: list[str]
    commanded: list[Proposal]


class EscalationDesk:
    """One district's open cases under the policy."""

    def __init__(self, policy: EscalationPolicy) -> None:
        self.policy = policy
        self.rows: dict[str, CaseRow] = {}
        self.proposals: dict[str, Proposal] = {}
        self.neighbours = Neighbours(policy.repeat_metres)
        self._open = Neighbours(policy.repeat_metres)
        self._earlier: dict[str, int] = {}
        # Of each open case at level 1 the moments from which it is worth judging: most wait for the clock.
        self._waits: dict[str, tuple[int, int]] = {}

    def put(self, row: CaseRow) -> None:
        """A case as it stands now, open or not; what is closed stays as a neighbour of what comes."""
        self._earlier.pop(row.case_id, None)
        self._waits.pop(row.case_id, None)
        place = seen(row)
        if row.is_open:
            self.rows[row.case_id] = row
            here, there = self._open, self.neighbours
        else:
            self.rows.pop(row.case_id, None)
            here, there = self.neighbours, self._open
        there.drop(row.case_id)
        if place is None:
            here.drop(row.case_id)
            return
        here.put(place)
        if not row.is_open:
            for other, _ in self._open.near(place.lon, place.lat):
                self._earlier.pop(other.case_id, None)
                self._waits.pop(other.case_id, None)

    def take(self, case_ids: Iterable[str] | None, now: int) -> EscalationPass:
        """Judge these cases (None: all of them) at ``now``."""
        found = EscalationPass([], [], [])
        ids = self.rows.keys() | self.proposals.keys() if case_ids is None else case_ids
        policy, rows, standing, waits = self.policy, self.rows, self.proposals, self._waits
        for case_id in ids:
            proposal = standing.get(case_id)
            known = waits.get(case_id)
            if known is not None and (now < known[0] if proposal is None else known[0] <= now < known[1]):
                continue  # nothing strikes, or something does that is no command and stands already
            row = rows.get(case_id)
            if row is None or row.level == "district":
                if proposal is not None:
                    found.withdrawn.append(case_id)
                continue
            earlier = self._earlier_of(row)
            if known is None:
                waits[case_id] = waits_until(row, policy, earlier)
            decision = decide(row, now, policy, earlier)
            if decision is None:
                # What a street has asked for stands until somebody answers it: its next step does not take it back.
                if proposal is not None and not (proposal.rule == "asked" and row.escalations == proposal.occasion):
                    found.withdrawn.append(case_id)
            elif proposal is None or (decision.mode == "auto" and proposal.mode != "auto"):
                (found.commanded if decision.mode == "auto" else found.proposed).append(decision)
        return found

    def seen_since(self, since: int) -> Iterator[ComparedCase]:
        """Every placed case reported since then (Unix milliseconds), open or closed."""
        for part in (self._open, self.neighbours):
            yield from (place for place in part if place.reported_at >= since)

    def settle(self, proposed: Iterable[Proposal], withdrawn: Iterable[str]) -> None:
        """These stand now, those no more."""
        for case_id in withdrawn:
            self.proposals.pop(case_id, None)
        for proposal in proposed:
            self.proposals[proposal.case_id] = proposal

    def _earlier_of(self, row: CaseRow) -> int:
        """Counted once, until the case moves or a neighbour is closed."""
        if not row.class_key or row.lon is None or self.policy.modes["repeat"] == "off":
            return 0
        known = self._earlier.get(row.case_id)
        if known is None:
            known = self._earlier[row.case_id] = earlier_closed(row, self.neighbours, self.policy)
        return known
