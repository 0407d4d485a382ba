"""The answer first: what a report says in three sentences, and which three matters to ask about. Pure rules.

A sentence is a code with its values, put into words by the pages (texts ``leadership.say``). What is called more or
less is more than chance: counts by two standard deviations of a difference of two Poisson counts, shares by two of
the difference of two proportions. Else it is called about the same, or, where so few cases would move as far by
chance, too few to say. What is ranked nowhere (under 30 cases) is not praised either. A missed target of the district
is the first matter.
"""

from math import sqrt
from typing import Literal, NamedTuple

from services.indicators.figure import Figure
from services.leadership.report import RANKED_N, ComparedFigure, Ranked, Report

Word = Literal["up", "down", "same", "few", "none"]
# A change below this is about none; where chance alone makes more than the other, the cases are few.
STEADY, SWINGS = 0.05, 0.10


class Saying(NamedTuple):
    """``code`` names the sentence; ``values``: numbers, shares of 1, codes of streets, units and classes."""

    code: str
    values: dict[str, float | int | str]


def word_of(count: ComparedFigure) -> Word:
    """How a figure stands against the span before."""
    then, now = count.before, count.now
    if count.change is None or then is None or now.value is None or then.value is None:
        return "none"
    if now.denominator is None:
        spread = sqrt(now.n + then.n)
        moved = now.n - then.n
    else:
        share = (now.numerator + then.numerator) / (now.n + then.n)
        spread = sqrt(share * (1 - share) * (1 / now.n + 1 / then.n))
        moved = now.value - then.value  # type: ignore[assignment]  # a share
    if abs(moved) <= 2 * spread:
        return "few" if abs(count.change) >= STEADY and _swings(now, then, spread) else "same"
    return "up" if moved > 0 else "down"


def has_grown(now: int, then: int) -> bool:
    """Whether a standing count is larger by 5 % and more, and by more than chance."""
    return now - then > max(2 * sqrt(now + then), STEADY * then)


def _swings(now: Figure, then: Figure, spread: float) -> bool:
    """Whether chance alone moves the figure far: a count by a tenth, a share of fewer cases than are ranked."""
    if now.denominator is None:
        return 2 * spread > SWINGS * then.n
    return min(now.n, then.n) < RANKED_N or 2 * spread > SWINGS


def sentences(report: Report) -> list[Saying]:
    """Three sentences: what came, how it was kept, who solved it. One alone where nothing happened."""
    if report.is_empty:
        return [Saying("nothing", {"open": report.open_at_end.now})]
    return [_came(report), _kept(report), _solved(report)]


def _came(report: Report) -> Saying:
    intake, closed = report.figures["intake"], report.figures["closed"]
    values: dict[str, float | int | str] = {
        "intake": intake.now.n,
        "closed": closed.now.n,
        "open": report.open_at_end.now,
    }
    grown = most_grown(report)
    if intake.change is None:
        return Saying("came", values)
    values["change"] = intake.change
    word = word_of(intake)
    if word == "up" and grown is not None:
        return Saying("came_up_by", values | {"domain": grown[0], "more": grown[1]})
    return Saying(f"came_{word}", values)


def _kept(report: Report) -> Saying:
    share, target = report.figures["on_time_close_rate"], report.targets["on_time_close_rate"]
    if share.now.value is None:
        return Saying("kept_none", {})
    missed = share.now.n - round(share.now.numerator)
    values: dict[str, float | int | str] = {
        "rate": share.now.value,
        "n": share.now.n,
        "target": target,
        "off": abs(share.now.value - target),
        "missed": missed,
    }
    if share.now.n < RANKED_N:
        return Saying("kept_few", values | {"done": share.now.n - missed, "least": RANKED_N})
    if share.now.value >= target:
        return Saying("kept", values)
    worst = most_missed(report)
    if worst is None:
        return Saying("kept_below", values)
    return Saying("kept_below_by", values | {"street": worst[0].code, "of_street": worst[1]})


def _solved(report: Report) -> Saying:
    grid, district = report.figures["grid_solved_rate"], report.figures["district_share"]
    if grid.now.value is None or district.now.value is None:
        return Saying("solved_none", {})
    targets = report.targets
    values: dict[str, float | int | str] = {
        "grid": grid.now.value,
        "district": district.now.value,
        "n": grid.now.n,
        "target_grid": targets["grid_solved_rate"],
        "target_district": targets["district_share"],
    }
    if grid.now.n < RANKED_N:
        return Saying("solved_few", values | {"least": RANKED_N})
    is_low = grid.now.value < targets["grid_solved_rate"]
    is_high = district.now.value > targets["district_share"]
    code = {(True, True): "solved_both", (True, False): "solved_low", (False, True): "solved_high"}
    return Saying(code.get((is_low, is_high), "solved"), values)


def most_grown(report: Report) -> tuple[str, int] | None:
    """The class that most more cases came of than before, and how many more; None where none grew beyond chance."""
    grown = [
        (part.count.now.n - part.count.before.n, part.code)
        for part in report.classes
        if part.count.before is not None and word_of(part.count) == "up"
    ]
    if not grown:
        return None
    more, code = max(grown, key=lambda item: (item[0], item[1]))
    return code, more


def most_missed(report: Report) -> tuple[Ranked, int] | None:
    """The street below the target that misses most cases, and how many it misses."""
    target = report.targets["on_time_close_rate"]
    missed = [
        (row.share.now.n - round(row.share.now.numerator), row.code, row)
        for row in report.streets
        if row.share.now.value is not None and row.share.now.value < target
    ]
    if not missed:
        return None
    n, _, row = max(missed, key=lambda item: (item[0], item[1]))
    return row, n


def matters(report: Report) -> list[Saying]:
    """At most three things to ask about, the gravest first; each leads to its cases.

    A target that the whole misses stands before all others, whatever its parts are like.
    """
    found: list[tuple[float, Saying]] = []
    target = report.targets["on_time_close_rate"]
    low = [row for row in report.streets if row.rank is not None and (row.high or 0) < target]
    for row in low:  # surely below the target: its whole interval is
        assert row.share.now.value is not None
        missed = row.share.now.n - round(row.share.now.numerator)
        found.append(
            (
                missed,
                Saying(
                    "street_low",
                    {"street": row.code, "rate": row.share.now.value, "n": row.share.now.n, "missed": missed},
                ),
            )
        )
    for part in report.classes:
        if part.count.before is not None and word_of(part.count) == "up" and part.count.change is not None:
            more = part.count.now.n - part.count.before.n
            found.append(
                (
                    more,
                    Saying(
                        "class_up",
                        {
                            "domain": part.code,
                            "now": part.count.now.n,
                            "then": part.count.before.n,
                            "change": part.count.change,
                        },
                    ),
                )
            )
    rework = report.figures["rework_rate"]
    if word_of(rework) == "up" and rework.now.value is not None and rework.change is not None:
        found.append(
            (
                rework.now.numerator,
                Saying(
                    "rework_up",
                    {"rate": rework.now.value, "points": rework.change, "cases": round(rework.now.numerator)},
                ),
            )
        )
    rest = [saying for _, saying in sorted(found, key=lambda item: -item[0])]
    return [*_missed(report), *rest][:3]


def calm(report: Report) -> Saying:
    """Why nothing is asked about, where ``matters`` has none: no target is missed then."""
    target = report.targets["on_time_close_rate"]
    low = sum(row.share.now.value is not None and row.share.now.value < target for row in report.streets)
    if report.figures["on_time_close_rate"].now.value is None:
        return Saying("calm_none_due", {})
    return Saying("calm_few", {"streets": low}) if low else Saying("calm", {})


def _missed(report: Report) -> list[Saying]:
    """The targets that the whole misses: on-time closing first, then what went to the district, then the grids."""
    found = []
    kept, target = report.figures["on_time_close_rate"].now, report.targets["on_time_close_rate"]
    if kept.value is not None and kept.value < target:
        missed = kept.n - round(kept.numerator)
        values: dict[str, float | int | str] = {
            "rate": kept.value,
            "target": target,
            "off": target - kept.value,
            "missed": missed,
            "n": kept.n,
        }
        found.append(Saying("whole_low" if kept.n >= RANKED_N else "whole_low_few", values))
    share, over = report.figures["district_share"].now, report.targets["district_share"]
    if share.value is not None and share.value > over:
        values = {"share": share.value, "target": over, "cases": round(share.numerator), "n": share.n}
        code = "district_high" if share.n >= RANKED_N else "district_high_few"
        known = [part for part in report.reasons if part.code]
        if known and share.n >= RANKED_N:
            code, values = "district_high_by", values | {"reason": known[0].code, "of_reason": known[0].count.now.n}
        found.append(Saying(code, values))
    grid, least = report.figures["grid_solved_rate"].now, report.targets["grid_solved_rate"]
    if grid.value is not None and grid.value < least:
        values = {"rate": grid.value, "target": least, "n": grid.n, "beyond": grid.n - round(grid.numerator)}
        found.append(Saying("grid_low" if grid.n >= RANKED_N else "grid_low_few", values))
    return found
