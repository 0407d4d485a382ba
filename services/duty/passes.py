"""The times that a case went to the district: when, when the district took it, when it came back. Pure.

A row has the present one alone; what came back before is in the published case, which the store reads for the cases
that need it (``store.duty.passes``).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.cases.case import CaseRow, decode_escalation


class DistrictPass(NamedTuple):
    """One way to the district, the case's ``number``-th; times in Unix milliseconds, None where it is not known."""

    number: int
    at: int | None
    taken_at: int | None = None
    back_at: int | None = None
    reason: str = ""

    def stood(self, moment: int) -> bool:
        """Whether the case was the district's by it at ``moment``."""
        return (self.at is None or self.at <= moment) and (self.back_at is None or self.back_at > moment)

    def waited(self, moment: int) -> bool:
        """Whether nobody there had taken it at ``moment``."""
        return self.stood(moment) and (self.taken_at is None or self.taken_at > moment)


Passes = Mapping[str, Sequence[DistrictPass]]
NO_PASSES: Passes = {}


def needs_telling(row: CaseRow) -> bool:
    """Whether the row alone does not say all of its passes."""
    return row.escalations > int(bool(row.escalation))


def passes_of(row: CaseRow, told: Passes) -> Sequence[DistrictPass]:
    """A case's passes in their order; ``told``: of those cases whose row says less."""
    if row.case_id in told:
        return told[row.case_id]
    if row.level != "district":
        return ()
    if not row.escalation:
        return (DistrictPass(0, None),)
    present = decode_escalation(row.escalation)
    return (DistrictPass(row.escalations, present.at, present.acknowledged_at, None, present.reason_code),)
