"""What a figure is asked for, and by what it is cut. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from services.indicators.cells import CUTS
from services.platform.refusal import Refusal

_COLUMN = {"day": "day", "street": "street"}


class Scope(NamedTuple):
    """Which cases: a code under a heading (street, community, grid, unit, channel, level, domain); None is all."""

    street: str | None = None
    community: str | None = None
    grid: str | None = None
    unit: str | None = None
    channel: str | None = None
    level: str | None = None
    domain: str | None = None

    @property
    def named(self) -> dict[str, str]:
        """The headings that are narrowed."""
        return {name: code for name, code in self._asdict().items() if code is not None}


EVERYTHING = Scope()


class NotKept(Refusal):
    """No cut of the roll-ups holds these headings together."""

    status = 400


def check_kept(scope: Scope, by: Sequence[str]) -> None:
    """Raise NotKept where no cut holds these headings together."""
    _cut(scope, by)


def _cut(scope: Scope, by: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The cut that holds every heading named, and heading → column."""
    needed = {*scope.named, *by} - {"day", "street"}
    for cut in ("class", "source", "unit", "place", "hour"):
        headings = {name: column for name, column in zip(CUTS[cut], ("a", "b"), strict=True) if name}
        if needed <= headings.keys():
            return cut, {**_COLUMN, **headings}
    raise NotKept(
        f"the roll-ups do not hold {', '.join(sorted(needed))} together: ask by one of "
        + "; ".join(f"street, {', '.join(filter(None, names))}" for names in CUTS.values())
    )
