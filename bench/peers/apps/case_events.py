"""The peers' case events: one shape, one generator, one stream name."""

import random
from collections.abc import Iterator

STREAM = "cases"
CENTER = (51.05, 3.72)
SPREAD = 0.07  # degrees; every marker stays inside a zoom-12 viewport


def seed(cases: int, rng: random.Random) -> Iterator[dict[str, str]]:
    """One opening event for each case, numbered from 1."""
    for number in range(cases):
        lat, lon = _place(rng)
        yield {"seq": str(number + 1), "id": f"c{number}", "st": "open", "lat": lat, "lon": lon}


def changes(cases: int, last_seq: int, rng: random.Random) -> Iterator[dict[str, str]]:
    """Endless changes: 90 % open a case or move it, 10 % close one."""
    seq = last_seq
    while True:
        seq += 1
        lat, lon = _place(rng)
        status = "closed" if rng.random() < 0.1 else "open"
        yield {"seq": str(seq), "id": f"c{rng.randrange(cases)}", "st": status, "lat": lat, "lon": lon}


def _place(rng: random.Random) -> tuple[str, str]:
    return (
        f"{CENTER[0] + rng.uniform(-SPREAD, SPREAD):.5f}",
        f"{CENTER[1] + rng.uniform(-SPREAD, SPREAD):.5f}",
    )
