"""How good greedy siting is: against the exact optimum (HiGHS) on cases whose candidates overlap heavily.

``python -m bench.siting_quality`` prints the worst and the mean ratio: plain, with a cap a pole, with a budget.
"""

import argparse
import json
import statistics
from collections.abc import Sequence

from services.coverage.siting.siting import choose
from tests.unit.coverage.test_siting import optimum, overlapping, value

BUDGET = 6.0


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description="Greedy siting against the exact optimum")
    parser.add_argument("--cases", type=int, default=60)
    n = parser.parse_args().cases
    plain, capped, budgeted = [], [], []
    for seed in range(n):
        choices = overlapping(seed)
        plain.append(value(choices, [c.candidate for c in choose(choices, 5)]) / optimum(choices, 5))
        capped.append(value(choices, [c.candidate for c in choose(choices, 5, cap=1)]) / optimum(choices, 5, cap=1))
        chosen = [c.candidate for c in choose(choices, 32, budget=BUDGET)]
        budgeted.append(value(choices, chosen) / optimum(choices, 32, budget=BUDGET))
    print(json.dumps({"cases": n, "plain": _told(plain), "cap": _told(capped), "budget": _told(budgeted)}))


def _told(ratios: Sequence[float]) -> dict[str, float]:
    return {"worst": round(min(ratios), 4), "mean": round(statistics.mean(ratios), 4)}


if __name__ == "__main__":
    main()
