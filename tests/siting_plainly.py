"""The siting without its short cuts: what the lazy one is held against."""

import numpy as np

from services.coverage.siting.siting import Choices, Chosen, _gain, _take


def choose_plainly(choices: Choices, n: int, *, cap: int | None = None) -> list[Chosen]:
    """As ``choose``, every gain worked out in every round."""
    taken = np.zeros(len(choices.weight), np.bool_)
    used: dict[int, int] = {}
    found: list[Chosen] = []
    for _ in range(n):
        gains = [
            0.0 if cap is not None and used.get(int(choices.pole[i]), 0) >= cap else _gain(choices, i, taken)
            for i in range(len(choices.pole))
        ]
        best = int(np.argmax(gains)) if gains else -1
        if best < 0 or gains[best] <= 0:
            break
        _take(choices.start, choices.cells, best, taken)
        used[int(choices.pole[best])] = used.get(int(choices.pole[best]), 0) + 1
        found.append(Chosen(best, gains[best]))
    return found
