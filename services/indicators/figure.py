"""A figure that can be shown: its numerator, denominator, n, window and as-of beside the value. Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from services.indicators.definitions import Indicator
from services.indicators.window import Window


class Figure(msgspec.Struct, frozen=True, gc=False):
    """One indicator of one group in one window. ``value`` is None where there is nothing to divide by: «—».

    ``start`` and ``end`` are the window asked for, ``as_of`` the moment up to which it counts; Unix milliseconds.
    """

    name: str
    value: float | None
    numerator: float
    denominator: float | None
    n: int
    start: int
    end: int
    as_of: int


def figure(indicator: Indicator, totals: Mapping[str, int], window: Window) -> Figure:
    """The figure that the measures' ``totals`` give."""
    return all_figures((indicator,), totals, window)[0]


def all_figures(indicators: Iterable[Indicator], totals: Mapping[str, int], window: Window) -> list[Figure]:
    """``figure`` for each: a table of streets and days asks for thousands."""
    start, end, as_of = window.start, window.end, window.as_of
    found = []
    for indicator in indicators:
        above = _sum(indicator.parts, totals)
        if indicator.over:
            below = _sum(indicator.over, totals)
            found.append(Figure(indicator.name, rate(above, below), above, below, round(below), start, end, as_of))
        else:
            found.append(Figure(indicator.name, above, above, None, round(above), start, end, as_of))
    return found


def rate(numerator: float, denominator: float) -> float | None:
    """A share, or None where there is nothing to divide by: it shows «—», never 0 % or 100 %."""
    return numerator / denominator if denominator else None


def _sum(weighted: tuple[tuple[str, float], ...], totals: Mapping[str, int]) -> float:
    if len(weighted) == 1:  # nearly every one
        ((name, weight),) = weighted
        return weight * totals.get(name, 0)
    return sum(weight * totals.get(name, 0) for name, weight in weighted)
