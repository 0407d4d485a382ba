"""How many deadlines a second: plain limits on the calendar, and whole cases, one by one as the product asks them.

The limits are the four units mixed, the starts spread over three years; no case is suspended. One process, one core.

python -m bench.calendar_speed [--limits 200000] [--cases 20000]
"""

import argparse
import json
import random
import time
from datetime import UTC, datetime
from statistics import median
from zoneinfo import ZoneInfo

from services.cases.deadlines import due
from services.cases.limits import OFFICE_UNITS, UNITS, limit_ms
from services.contract.case import Case, CaseClock, Limit
from services.district.calendar import WorkingCalendar, calendar_of
from services.district.package import District

FIRST_MS, SPAN_MS = 1_735_660_800_000, 3 * 365 * 86_400_000  # from 2025-01-01 in China
VALUES = (0.5, 1, 2, 4, 7, 15)
ROUNDS = 5


def office() -> WorkingCalendar:
    """The calendar of a district with the usual hours."""
    return calendar_of(District(code="1", name="区", zone=ZoneInfo("Asia/Shanghai")))


def deadlines_a_second(limits: int = 200_000, rounds: int = ROUNDS) -> float:
    """Plain limits: the median of some rounds."""
    calendar, dice = office(), random.Random(7)
    asked = [
        (FIRST_MS + dice.randrange(SPAN_MS), Limit(value=dice.choice(VALUES), unit=dice.choice(UNITS)))
        for _ in range(limits)
    ]
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for start, limit in asked:
            length = limit_ms(limit, calendar)
            _ = calendar.add(start, length) if limit.unit in OFFICE_UNITS else start + length
        taken.append(time.perf_counter() - begun)
    return limits / median(taken)


def cases_a_second(cases: int = 20_000) -> float:
    """Whole cases one by one: what a fold asks for each, the flags among it."""
    calendar, dice = office(), random.Random(7)
    made = []
    for n, start in enumerate(FIRST_MS + dice.randrange(SPAN_MS) for _ in range(cases)):
        at = datetime.fromtimestamp(start / 1000, UTC)
        limit = Limit(value=VALUES[n % len(VALUES)], unit=UNITS[n % len(UNITS)])
        clock = CaseClock(what="close", started_at=at, limit=limit)
        made.append(Case(case_id=str(n), version=1, status="handling", channel="GRID", reported_at=at, clocks=[clock]))
    begun = time.perf_counter()
    for case in made:
        due(case, calendar, 0.25, FIRST_MS + SPAN_MS)
    return cases / (time.perf_counter() - begun)


def main() -> None:
    """Print the two speeds as JSON."""
    parser = argparse.ArgumentParser(description="Deadlines a second on the working calendar")
    parser.add_argument("--limits", type=int, default=200_000)
    parser.add_argument("--cases", type=int, default=20_000)
    options = parser.parse_args()
    begun = time.perf_counter()
    office()
    built = time.perf_counter() - begun
    found = {
        "limits": options.limits,
        "calendar_built_s": round(built, 3),
        "deadlines_per_s": round(deadlines_a_second(options.limits)),
        "cases": options.cases,
        "cases_per_s": round(cases_a_second(options.cases)),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
