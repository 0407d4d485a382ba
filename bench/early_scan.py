"""The space-time scan: one look over a class's cases, and the replicates of one analysis. CPU time of one core.

706 grids of a district of some 26 × 28 km, 60 cases a day for 30 days, windows up to 7 days, zones up to 1.5 km.

python -m bench.early_scan [--looks 200] [--replicates 999]
"""

import argparse
import json
import time
from statistics import median

import numpy as np

from services.early.scan import Scan, zones

GRIDS, DAYS, PER_DAY, WINDOW, RADIUS_KM = 706, 30, 60, 7, 1.5


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--looks", type=int, default=200)
    parser.add_argument("--replicates", type=int, default=999)
    options = parser.parse_args()
    dice = np.random.default_rng(7)
    around = zones(31.9 + dice.random(GRIDS) * 0.25, 118.9 + dice.random(GRIDS) * 0.28, RADIUS_KM)
    cases = DAYS * PER_DAY
    looks = []
    for _ in range(options.looks):
        place, age = dice.integers(0, GRIDS, cases), dice.integers(0, DAYS, cases)
        begun = time.process_time()
        scan = Scan(around, place, age, window=WINDOW, min_cases=3)
        looks.append(time.process_time() - begun)
    begun = time.process_time()
    scan.highest(options.replicates, seed=1)
    took = time.process_time() - begun
    found = {
        "members": int(around.starts[-1]),
        "cases": cases,
        "look_ms": round(1000 * median(looks), 2),
        "look_p95_ms": round(1000 * sorted(looks)[int(0.95 * len(looks))], 2),
        "replicates": options.replicates,
        "replicates_s": round(took, 2),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
