"""The roll-ups of whole columns of cases: ``services.indicators.case_counts.count`` said once more, in arrays.

Said independently on purpose: tests/integration/indicators/test_histories.py holds the two against each other.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from bench.drawn import Cases, Column
from services.district.package import District
from services.indicators.case_counts import AT, NAMES
from services.indicators.cells import CUTS


class Moves(NamedTuple):
    """Cases (their places in the columns), days (their places in ``days``), the measure, how much; ``seen`` or None."""

    case: Column
    day: Column
    measure: int
    n: Column
    seen: Column | None = None


class Counts:
    """What the cases count for. ``days`` are the counting days that their moments can lie in."""

    def __init__(self, district: District, cases: Cases) -> None:
        self._district, self.cases = district, cases
        moments = (cases.reported_at, cases.deadline_at, cases.handle_deadline_at, cases.closed_at)
        first = district.day_of(int(cases.reported_at.min()))
        last = district.day_of(max(int(column.max()) for column in moments))
        self.days = np.array(district.days(first, district.day_after(last, 3)))
        self._starts = np.array([district.day_start_ms(int(day)) for day in self.days])
        self.moves: list[Moves] = []
        self.later: list[Moves] = []
        self._count()

    def _day(self, moment: Column) -> Column:
        return np.searchsorted(self._starts, moment, side="right") - 1

    def _cut_from(self, moment: Column) -> Column:
        return np.searchsorted(self._starts, moment, side="left")

    def _add(self, name: str, chosen: Column, moment: Column, n: Column | None = None) -> None:
        case = np.flatnonzero(chosen)
        amounts = np.ones(len(case), np.int64) if n is None else n[case]
        self.moves.append(Moves(case, self._day(moment[case]), AT[name], amounts))

    def _count(self) -> None:
        c = self.cases
        counts = (c.status != "voided") & ~c.merged
        self._add("intake", counts, c.reported_at)
        is_filed = (c.filed_at >= 0) | ~np.isin(c.status, ("reported", "pre_verify", "not_filed", "voided"))
        accepted = counts & (is_filed | (c.accepted_at >= 0) | (c.status == "not_filed"))
        at = _first(c.accepted_at, c.filed_at, c.reported_at)
        self._add("accepted", accepted, at)
        self._add("filed", accepted & is_filed & (c.status != "not_filed"), at)
        dispatched = counts & (c.dispatches > 0) & (c.dispatched_at >= 0)
        self._add("dispatches", dispatched, c.dispatched_at, c.dispatches)
        wrong = np.minimum(c.wrong_dispatches, c.dispatches)
        self._add("wrong_dispatches", dispatched & (wrong > 0), c.dispatched_at, wrong)
        due = counts & is_filed & (c.status != "not_filed") & ~c.self_handled
        self._handling(due)
        self._closing(due)
        closed = counts & (c.closed_at >= 0)
        self._add("closed", closed, c.closed_at)
        self._add("forced_closed", closed & (c.status == "forced_closed"), c.closed_at)
        self._add("self_handled", closed & c.self_handled, c.closed_at)
        for level in ("grid", "community", "street", "district"):
            self._add(f"solved_{level}", closed & (c.highest_level == level), c.closed_at)
        rated = counts & c.rated & c.valid & (c.channel == "H12345")
        at = _first(c.rated_at, c.closed_at, c.reported_at)
        for name, is_so in (
            ("callbacks", rated),
            ("contacted", c.contacted),
            ("solved", c.solved == "yes"),
            ("satisfied", c.satisfied == "yes"),
            ("fairly_satisfied", c.satisfied == "fairly"),
        ):
            self._add(name, rated & is_so, at)

    def _handling(self, due: Column) -> None:
        c = self.cases
        deadline, ended = c.handle_deadline_at, c.handled_at
        at = np.where(ended < 0, deadline, np.minimum(deadline, ended))
        in_time = (ended >= 0) & (ended <= deadline)
        found = {"handled_on_time": in_time | c.appeal_exempt, "extended": c.extensions > 0}
        self._due(due & (deadline >= 0), at, ended, name="should_handle", ended_name="handled_of_due", found=found)

    def _closing(self, due: Column) -> None:
        c = self.cases
        in_time = (c.closed_at >= 0) & np.where(
            c.verdict >= 0, c.verdict == 1, (c.deadline_at >= 0) & (c.closed_at <= c.deadline_at)
        )
        found = {
            "closed_on_time": in_time | c.appeal_exempt,
            "exempted": c.appeal_exempt & ~in_time,
            "reworked": c.reworks > 0,
        }
        self._due(
            due & (c.count_at >= 0),
            c.count_at,
            c.closed_at,
            name="should_close",
            ended_name="closed_of_due",
            found=found,
        )

    def _due(
        self, due: Column, at: Column, ended: Column, *, name: str, ended_name: str, found: dict[str, Column]
    ) -> None:
        has_ended = ended >= 0
        standing = []
        for start, until in self.cases.pauses:
            exists = (start >= 0) & (~has_ended | (start < ended))
            cut = np.where(has_ended, np.where(until < 0, ended, np.minimum(until, ended)), until)
            standing.append((exists, start, cut))
            due = due & ~(exists & (start <= at) & (cut < 0))
        day, end_day = self._day(at), self._day(ended)
        found = {name: due, **{measure: due & is_so for measure, is_so in found.items()}}
        found[ended_name] = due & has_ended & (end_day <= day)
        for measure, chosen in found.items():
            self._add(measure, chosen, at)
        self._see(ended_name, due & has_ended & (end_day > day), day, end_day + 1, 1)
        for exists, start, until in standing:
            first = np.maximum(self._cut_from(start), day + 1)
            last = self._cut_from(until)
            hides = exists & ((until < 0) | (first < last))
            for measure, chosen in found.items():
                self._see(measure, chosen & hides, day, first, -1)
                self._see(measure, chosen & hides & (until >= 0), day, last, 1)

    def _see(self, name: str, chosen: Column, day: Column, seen: Column, n: int) -> None:
        case = np.flatnonzero(chosen)
        self.later.append(Moves(case, day[case], AT[name], np.full(len(case), n), seen[case]))

    def _cells(self, cut: str) -> tuple[list[tuple[str, str, str]], Column]:
        """The headings (street, a, b) of a cut that occur, in order, and which of them each case has."""
        c = self.cases
        hours = [f"{hour:02d}" for hour in range(24)]
        columns: dict[str, Any] = {
            "community": c.community,
            "grid": c.grid,
            "unit": c.unit,
            "channel": c.channel,
            "level": c.highest_level,
            "domain": c.domain,
            "": np.full(len(c.street), ""),
        }
        if cut == "hour":
            by_minute, at = np.unique(c.reported_at // 60_000, return_inverse=True)
            columns["hour"] = np.array(hours)[[self._district.hour_of(int(m) * 60_000) for m in by_minute]][at]
        codes = np.zeros(len(c.street), np.int64)
        values = []
        for column in (c.street, *(columns[name] for name in CUTS[cut])):
            names, code = np.unique(column, return_inverse=True)
            values.append(names.tolist())
            codes = codes * len(names) + code
        kept, place = np.unique(codes, return_inverse=True)
        headings = []
        for code in kept.tolist():
            rest, b = divmod(code, len(values[2]))
            street, a = divmod(rest, len(values[1]))
            headings.append((values[0][street], values[1][a], values[2][b]))
        return headings, place

    def rollups(self) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of ``rollups``, cut by cut."""
        days = self.days.tolist()
        for cut in sorted(CUTS):
            headings, place = self._cells(cut)
            sums = np.zeros((len(days) * len(headings), len(NAMES)), np.int32)
            for move in self.moves:
                if cut != "hour" or move.measure == AT["intake"]:
                    cell = move.day * len(headings) + place[move.case]
                    sums[:, move.measure] += np.bincount(cell, move.n, len(sums)).astype(np.int32)
            filled = np.flatnonzero(sums.any(axis=1))
            for some in np.array_split(filled, len(filled) // 50_000 + 1):
                yield [
                    (cut, days[cell // len(headings)], *headings[cell % len(headings)], *values)
                    for cell, values in zip(some.tolist(), sums[some].tolist(), strict=True)
                ]

    def rollups_later(self) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of ``rollups_later``, cut by cut."""
        days, seen_days = self.days.tolist(), len(self.days) + 1
        for cut in sorted(set(CUTS) - {"hour"}):
            headings, place = self._cells(cut)
            keys, amounts = [], []
            for move in self.later:
                cell = move.day * len(headings) + place[move.case]
                assert move.seen is not None
                keys.append((cell * len(NAMES) + move.measure) * seen_days + move.seen)
                amounts.append(move.n)
            kept, at = np.unique(np.concatenate(keys), return_inverse=True)
            sums = np.bincount(at, np.concatenate(amounts), len(kept)).astype(np.int64)
            kept, sums = kept[sums != 0], sums[sums != 0]
            for start in range(0, len(kept), 50_000):
                found = []
                for key, n in zip(
                    kept[start : start + 50_000].tolist(), sums[start : start + 50_000].tolist(), strict=True
                ):
                    rest, seen = divmod(key, seen_days)
                    cell, measure = divmod(rest, len(NAMES))
                    day, heading = divmod(cell, len(headings))
                    found.append((cut, days[day], *headings[heading], measure, days[seen], n))
                yield found


def _first(*moments: Column) -> Column:
    found = moments[-1]
    for moment in reversed(moments[:-1]):
        found = np.where(moment >= 0, moment, found)
    return found
