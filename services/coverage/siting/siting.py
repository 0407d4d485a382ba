"""Where the next cameras go: lazy greedy (CELF, Leskovec et al. 2007) over poles × directions × models.

The value of a set of sites is the weight of the blind outdoor cells that it sees: monotone and submodular, so greedy
is at least 1 − 1/e of the best set of the same number, ½ of it with a cap per pole. A stale gain is an upper bound:
only the head of the heap is worked out again. With a budget the better of the greedy by gain and by gain per cost is
taken.
"""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from services.coverage.geometry.sweep import Floats, Ints

Weights = NDArray[np.float32]


class Model(NamedTuple):
    """A camera that can be bought: field of view in degrees, range in metres, cost in any unit."""

    name: str
    hfov: float
    range_m: float
    azimuths: int
    cost: float = 1.0


# Twelve directions of a fixed camera, and one of a dome.
MODELS = (Model("bullet", 80.0, 60.0, 12), Model("dome", 360.0, 35.0, 1))


class Choices(NamedTuple):
    """What each candidate would see: the cells of ``i`` are ``cells[start[i]:start[i + 1]]``; ``weight`` is by cell."""

    start: Ints
    cells: NDArray[np.int32]
    weight: Weights
    pole: Ints
    cost: Floats


class Chosen(NamedTuple):
    """One site: the candidate and the weight that it adds."""

    candidate: int
    gain: float


def configurations(poles: Floats, models: Sequence[Model] = MODELS) -> tuple[Floats, Ints, Ints, Floats]:
    """Views (n, 5) of every pole × direction × model, the pole and the model of each, and its cost."""
    kinds = [
        (k * 360.0 / model.azimuths, model.hfov, model.range_m, number, model.cost)
        for number, model in enumerate(models)
        for k in range(model.azimuths)
    ]
    table = np.asarray(kinds, dtype=float).reshape(-1, 5)
    n, m = len(poles), len(table)
    views = np.hstack([np.repeat(poles, m, axis=0), np.tile(table[:, :3], (n, 1))])
    model_of = np.tile(table[:, 3].astype(np.int64), n)
    return views, np.repeat(np.arange(n), m), model_of, np.tile(table[:, 4], n)


def choose(choices: Choices, n: int, *, cap: int | None = None, budget: float | None = None) -> list[Chosen]:
    """At most ``n`` sites, at most ``cap`` on a pole, together for at most ``budget``; the best first."""
    plain = _lazy(choices, n, cap, budget, np.ones(len(choices.pole)))
    if budget is None:
        return plain
    by_cost = _lazy(choices, n, cap, budget, choices.cost)
    return max(plain, by_cost, key=lambda chosen: sum(one.gain for one in chosen))


def _lazy(choices: Choices, n: int, cap: int | None, budget: float | None, per: Floats) -> list[Chosen]:
    taken = np.zeros(len(choices.weight), np.bool_)
    first = _gains(choices.start, choices.cells, choices.weight)
    heap = [(-gain / cost, i, gain, 0) for i, (gain, cost) in enumerate(zip(first.tolist(), per.tolist(), strict=True))]
    heapq.heapify(heap)
    used: dict[int, int] = {}
    left = np.inf if budget is None else budget
    found: list[Chosen] = []
    while heap and len(found) < n:
        _, i, gain, round_ = heapq.heappop(heap)
        pole, cost = int(choices.pole[i]), float(choices.cost[i])
        if (cap is not None and used.get(pole, 0) >= cap) or cost > left + 1e-9:
            continue
        if round_ != len(found):
            gain = _gain(choices, i, taken)
            heapq.heappush(heap, (-gain / float(per[i]), i, gain, len(found)))
            continue
        if gain <= 0:
            break
        _take(choices.start, choices.cells, i, taken)
        used[pole] = used.get(pole, 0) + 1
        left -= cost
        found.append(Chosen(i, gain))
    return found


def _gain(choices: Choices, i: int, taken: NDArray[np.bool_]) -> float:
    return float(_left(choices.start, choices.cells, choices.weight, i, taken))


@numba.njit(cache=True, nogil=True)
def _gains(start, cells, weight):  # type: ignore[no-untyped-def]  # numba's
    found = np.zeros(len(start) - 1)
    for i in range(len(found)):
        total = 0.0
        for k in range(start[i], start[i + 1]):
            total += weight[cells[k]]
        found[i] = total
    return found


@numba.njit(cache=True, nogil=True)
def _left(start, cells, weight, i, taken):  # type: ignore[no-untyped-def]  # numba's
    total = 0.0
    for k in range(start[i], start[i + 1]):
        if not taken[cells[k]]:
            total += weight[cells[k]]
    return total


@numba.njit(cache=True, nogil=True)
def _take(start, cells, i, taken):  # type: ignore[no-untyped-def]  # numba's
    for k in range(start[i], start[i + 1]):
        taken[cells[k]] = True
