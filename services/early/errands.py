"""``lianqin early scan``: a scan of two files, for checks from outside."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from services.early.case_file import read_cases, read_places
from services.early.scan import Cluster, Scan, zones
from services.files.raw import read_file


class ScanWish(NamedTuple):
    """What is asked: the last day that is looked at, the longest window (days), the largest radius, and so on."""

    until: date
    window: int
    radius_km: float
    min_cases: int
    replicates: int
    seed: int


class ScanAnswer(NamedTuple):
    """The clusters, the best first, with the places' ids; what was counted, and what was left out of it."""

    clusters: list[tuple[Cluster, list[str]]]
    cases: int
    places: int
    later: int
    placeless: int
    placeless_at: str
    again: int
    again_at: str


def scan_files(cases: Path, places: Path, wish: ScanWish) -> ScanAnswer:
    """Scan the cases of a file up to ``wish.until``. Raises FileFault, OSError, ValueError (too much for one scan).

    Cases of a later day and cases of a place without a position are left out and counted. Rows that name a place and
    a day once more are added up, and counted as well: they may be one file put into another twice.
    """
    where = read_places(read_file(places))
    index = {name: i for i, name in enumerate(where.ids)}
    place: list[int] = []
    age: list[int] = []
    later = placeless = again = 0
    placeless_at = again_at = ""
    seen: set[tuple[str, date]] = set()
    for row in read_cases(read_file(cases)):
        if (row.place, row.day) in seen:
            again += 1
            again_at = again_at or f"line {row.line}"
        seen.add((row.place, row.day))
        if row.day > wish.until:
            later += row.n
        elif row.place not in index:
            placeless_at = placeless_at or f"line {row.line}, place {row.place[:40]}"
            placeless += row.n
        else:
            place += [index[row.place]] * row.n
            age += [(wish.until - row.day).days] * row.n
    around = zones(np.array(where.lat), np.array(where.lon), wish.radius_km)
    scan = Scan(
        around,
        np.array(place, np.int64),
        np.array(age, np.int64),
        window=wish.window,
        min_cases=wish.min_cases,
    )
    found = [(one, [where.ids[i] for i in one.places]) for one in scan.clusters(wish.replicates, wish.seed)]
    return ScanAnswer(found, len(place), len(where.ids), later, placeless, placeless_at, again, again_at)


def as_json(answer: ScanAnswer, wish: ScanWish) -> dict[str, Any]:
    """The answer as plain values: ``clusters`` best first, days as whole days that end with ``until``."""
    return {
        "clusters": [
            {
                "centre": ids[0],
                "places": ids,
                "days": one.days,
                "from": _begin(one, wish).isoformat(),
                "until": wish.until.isoformat(),
                "observed": one.observed,
                "expected": round(one.expected, 6),
                "llr": round(one.llr, 6),
                "p": one.p,
            }
            for one, ids in answer.clusters
        ],
        "cases": answer.cases,
        "places": answer.places,
        "left_out": {
            "later": answer.later,
            "place_unknown": answer.placeless,
            "place_unknown_first": answer.placeless_at,
        },
        "added_up": {"rows": answer.again, "first": answer.again_at},
        "replicates": wish.replicates,
        "seed": wish.seed,
    }


def as_lines(answer: ScanAnswer, wish: ScanWish) -> list[str]:
    """The answer in words, a line a cluster."""
    lines = [f"{answer.cases:,} cases at {answer.places:,} places up to {wish.until}"]
    if answer.later:
        lines.append(f"left out: {answer.later:,} cases after that day")
    if answer.placeless:
        lines.append(f"left out: {answer.placeless:,} cases of places without a position, first {answer.placeless_at}")
    if answer.again:
        lines.append(f"added up: {answer.again:,} rows that name a place and a day once more, first {answer.again_at}")
    for number, (one, ids) in enumerate(answer.clusters, start=1):
        chance = "" if one.p is None else f"; chance alone reaches that in {one.p:.1%} of all looks"
        around = len(ids) - 1
        where = ids[0] + (f" and {around} place{'s' if around > 1 else ''} around it" if around else "")
        since = f"since {_begin(one, wish)}" if one.days > 1 else f"on {wish.until}"
        lines.append(
            f"{number}. {where}, {since}: {one.observed} cases, {one.expected:.2f} expected"
            f" (log likelihood ratio {one.llr:.3f}{chance})"
        )
    if not answer.clusters:
        lines.append("no zone has more cases than expected")
    return lines


def _begin(one: Cluster, wish: ScanWish) -> date:
    return wish.until - timedelta(days=one.days - 1)
