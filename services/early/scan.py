"""Where and since when there are more cases than chance: a prospective space-time permutation scan. Pure.

After Kulldorff, Heffernan, Hartman, Assunção, Mostashari: A space-time permutation scan statistic for disease outbreak
detection, PLoS Medicine 2 (2005) e59. It needs the cases alone, no population: what is expected in a zone during the
last days is the zone's share of all cases times those days' share of all cases. Replicates deal the days of the cases
out anew among their places; both margins stay, so that what is busy every day, and a day that is busy everywhere, are
no sign. A rise that is everywhere at once it cannot see.

A cylinder is a zone (a place and its nearest, up to a radius) over the last 1, 2, … days. Its score is the log
likelihood ratio c·ln(c/μ) + (C−c)·ln((C−c)/(C−μ)), 0 where c ≤ μ. The margins do not change between replicates, so of
each cylinder only c does: the logarithms of μ are taken once.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

EARTH_KM = 6371.0088
# Limits (docs/early.md): beyond them a scan is refused in words, not begun.
MOST_PLACES, MOST_CASES, MOST_CYLINDERS, MOST_REPLICATES = 5_000, 1_000_000, 5_000_000, 99_999
# Cylinders and cases looked at over all replicates: some minutes of one core.
MOST_LOOKED_AT = 20_000_000_000

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Cluster(NamedTuple):
    """A zone with more cases than expected in its last ``days`` days.

    ``places`` are indices, the centre first, then by distance; ``expected`` is what chance gives there; ``p`` is the
    share of replicates whose highest score anywhere reaches ``llr``, None without replicates.
    """

    places: tuple[int, ...]
    days: int
    observed: int
    expected: float
    llr: float
    p: float | None


@dataclass(frozen=True, slots=True)
class ScanZones:
    """The places around each place, the nearest first: ``members[starts[i]:starts[i + 1]]`` those of place ``i``."""

    members: Ints
    starts: Ints

    def largest(self, i: int) -> Ints:
        """All places of the largest zone around a place, itself first."""
        return self.members[self.starts[i] : self.starts[i + 1]]


def zones(lat: Floats, lon: Floats, radius_km: float) -> ScanZones:
    """The zones of places in WGS 84 degrees; distances on the sphere. Of equally near ones the first given is first.

    Raises ValueError: more members of zones than ``MOST_CYLINDERS``.
    """
    phi, lam = np.radians(lat), np.radians(lon)
    found: list[Ints] = []
    total = 0
    for i in range(len(lat)):
        half = np.sin((phi - phi[i]) / 2) ** 2 + np.cos(phi) * np.cos(phi[i]) * np.sin((lam - lam[i]) / 2) ** 2
        away = 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
        away[i] = -1.0  # itself before another that stands at the same point
        near = np.flatnonzero(away <= radius_km)
        found.append(near[np.argsort(away[near], kind="stable")])
        total += len(near)
        if total > MOST_CYLINDERS:
            raise ValueError(f"the zones have more than {MOST_CYLINDERS:,} members: give a smaller radius")
    starts = np.concatenate([[0], np.cumsum([len(near) for near in found])]).astype(np.int64)
    return ScanZones(np.concatenate(found) if found else np.zeros(0, np.int64), starts)


class Scan:
    """The cylinders of one set of cases. ``place`` (index) and ``age`` (whole days before the last one) are per case.

    ``window``: the longest cylinder in days; ``min_cases``: with fewer a cylinder is none. Raises ValueError: more
    cylinders than ``MOST_CYLINDERS``.
    """

    def __init__(self, around: ScanZones, place: Ints, age: Ints, *, window: int, min_cases: int) -> None:
        self._around, self._place, self._age = around, place, age
        self._n, self._window, self._min = len(around.starts) - 1, window, min_cases
        if len(around.members) * window > MOST_CYLINDERS:
            raise ValueError(f"more than {MOST_CYLINDERS:,} cylinders: give a smaller radius or a shorter window")
        total = len(place)
        of_place = np.bincount(place, minlength=self._n)
        in_days = np.cumsum(np.bincount(age[age < window], minlength=window))
        self._base = np.repeat(around.starts[:-1], np.diff(around.starts))
        self._mu = self._zone_sums(of_place[:, None]) * (in_days / max(total, 1))
        with np.errstate(divide="ignore"):
            self._ln_mu, self._ln_rest = np.log(self._mu), np.log(total - self._mu)
        counts = np.arange(total + 1, dtype=np.float64)
        own = np.zeros(total + 1)
        own[1:] = counts[1:] * np.log(counts[1:])
        self._own = own + own[::-1]
        self._total = total
        self.counts = self._counts(place, age)
        self.scores = self._scores(self.counts)

    def clusters(self, replicates: int, seed: int) -> list[Cluster]:
        """The zones above what is expected, the best first, none with a place of a better one.

        Of each centre its best cylinder stands; of equal scores the first. ``replicates`` 0: no p. Raises ValueError:
        the replicates would look at more than ``MOST_LOOKED_AT``.
        """
        if replicates * (self.scores.size + self._total) > MOST_LOOKED_AT:
            raise ValueError(f"{replicates:,} replicates of so many cases and cylinders take too long: give fewer")
        if not self.scores.size:
            return []
        highest = self.highest(replicates, seed)
        best = self.scores.max(axis=1)
        starts = self._around.starts[:-1]
        # A place stands in its own zone, so that no zone is empty.
        of_centre = np.maximum.reduceat(best, starts)
        found: list[Cluster] = []
        taken: set[int] = set()
        for centre in np.argsort(-of_centre, kind="stable"):
            llr = float(of_centre[centre])
            if llr <= 0:
                break
            largest = self._around.largest(centre)
            row = int(best[starts[centre] : starts[centre] + len(largest)].argmax())
            ids = largest[: row + 1].tolist()
            if not taken.isdisjoint(ids):
                continue
            taken.update(ids)
            row += int(starts[centre])
            days = int(self.scores[row].argmax())
            # Scores of equal cylinders differ in their last bits by the order in which they were summed.
            p = (1 + int((highest >= llr - 1e-9).sum())) / (replicates + 1) if replicates else None
            c, mu = int(self.counts[row, days]), float(self._mu[row, days])
            found.append(Cluster(tuple(ids), days + 1, c, mu, llr, p))
        return found

    def highest(self, replicates: int, seed: int) -> Floats:
        """The highest score of each replicate: the days are dealt out anew among the cases."""
        dice = np.random.default_rng(seed)
        found = np.zeros(replicates)
        for i in range(replicates):
            found[i] = self._scores(self._counts(self._place, dice.permutation(self._age))).max(initial=0.0)
        return found

    def _counts(self, place: Ints, age: Ints) -> Ints:
        """Cases by cylinder: (members of all zones, days)."""
        new = age < self._window
        cells = np.bincount(place[new] * self._window + age[new], minlength=self._n * self._window)
        by_days = np.cumsum(cells.reshape(self._n, self._window), axis=1)
        return self._zone_sums(by_days)

    def _zone_sums(self, by_place: Ints) -> Ints:
        """Running sums along each zone's members: (members of all zones, columns of ``by_place``)."""
        sums = np.zeros((len(self._around.members) + 1, by_place.shape[1]), np.int64)
        np.cumsum(by_place[self._around.members], axis=0, out=sums[1:])
        result: Ints = sums[1:] - sums[self._base]
        return result

    def _scores(self, counts: Ints) -> Floats:
        above = (counts >= self._min) & (counts > self._mu)
        c = counts[above]
        found = np.zeros(counts.shape)
        rest = self._total - c
        # Where all cases lie within, (C−c)·ln((C−c)/(C−μ)) is 0.
        out = np.where(rest > 0, rest * np.where(rest > 0, self._ln_rest[above], 0.0), 0.0)
        found[above] = self._own[c] - c * self._ln_mu[above] - out
        return found
