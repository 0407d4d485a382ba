"""Seeded chance that needs no saved state: every die is made from the words that name the decision (splitmix64).

``random.Random`` costs some 10 µs to seed and carries 2.5 kB; a case system that draws afresh for each case and step
needs something lighter, and the same numbers on every platform and version of Python.
"""

import math
from bisect import bisect
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
# From so many chances on, drawing them at once is the shorter way.
_MANY = 64


class Dice:
    """A stream of chances that the words of its key alone decide."""

    __slots__ = ("_state",)

    def __init__(self, *key: object) -> None:
        text = "/".join(map(str, key)).encode()
        self._state = int.from_bytes(blake2b(text, digest_size=8).digest(), "big")

    def again(self) -> "Dice":
        """Dice that will fall as these will from here on."""
        found = Dice.__new__(Dice)
        found._state = self._state
        return found

    def share(self) -> float:
        """A number from 0 up to, not including, 1."""
        self._state = z = (self._state + _GOLDEN) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return float((z ^ (z >> 31)) >> 11) * 2.0**-53

    def chance(self, probability: float) -> bool:
        """Whether something of that probability happens."""
        return self.share() < probability

    def between(self, low: float, high: float) -> float:
        """A number between the two, each as likely."""
        return low + (high - low) * self.share()

    def whole(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(self.share() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely."""
        return choices[int(self.share() * len(choices))]

    def wait(self, mean: float) -> float:
        """A waiting time (exponential) of that mean, never more than six means."""
        return min(6.0, -math.log(1.0 - self.share())) * mean

    def count(self, mean: float) -> int:
        """How many arrive where ``mean`` are expected (Poisson; the mean is small)."""
        limit, product, number = math.exp(-mean), self.share(), 0
        while product > limit and number < 90:
            product *= self.share()
            number += 1
        return number

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in another order (Fisher-Yates)."""
        found = list(items)
        lasts = range(len(found) - 1, 0, -1)
        drawn = self._at_once(len(lasts)) if len(found) >= _MANY else (self.share() for _ in lasts)
        for last, share in zip(lasts, drawn, strict=True):
            other = int(share * (last + 1))
            found[last], found[other] = found[other], found[last]
        return found

    def _at_once(self, count: int) -> list[float]:
        """The next ``count`` shares: a tenth of the work of drawing many one by one."""
        found: list[float] = _from_state(self._state, count).tolist()
        self._state = (self._state + count * _GOLDEN) & _MASK
        return found


class Weighted(Generic[T]):
    """Choices with weights, drawn in one bisection."""

    __slots__ = ("_bounds", "choices")

    def __init__(self, pairs: Sequence[tuple[T, float]]) -> None:
        self.choices = [choice for choice, _ in pairs]
        self._bounds = list(accumulate(weight for _, weight in pairs))

    def pick(self, dice: Dice) -> T:
        """One of the choices, each as likely as its weight says."""
        return self.choices[bisect(self._bounds, dice.share() * self._bounds[-1], 0, len(self._bounds) - 1)]


def shares(count: int, *key: object) -> NDArray[np.float64]:
    """``count`` numbers from 0 to 1 at once: the very numbers that ``Dice(*key)`` would give one by one."""
    return _from_state(Dice(*key)._state, count)


def _from_state(state: int, count: int) -> NDArray[np.float64]:
    start = np.uint64(state)
    with np.errstate(over="ignore"):
        z = start + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53
