"""What the wall's figures of today stand beside: the same minute of the comparable day, by today's knowledge."""

from typing import Any

from sqlalchemy import Connection

from services.cases import reader
from services.district.comparable import comparable, same_moment
from services.district.package import District
from services.indicators.figures_reader import Days, figures


def compared(connection: Connection, district: District, now: int) -> dict[str, Any]:
    """The counts of ``cases.reader.counts_at``, the whole day's ``hours``, and ``against``: [day, weeks, why not].

    The counts are not there where nothing is known of that day: «—», never a rise from 0.
    """
    today = district.day_of(now)
    found = comparable(district, today)
    answer: dict[str, Any] = {"against": list(found)}
    if not found.day:
        return answer
    moment = same_moment(district, found.day, now)
    counts = reader.counts_at(connection, district.day_start_ms(found.day), moment)
    if not (counts["reported"] or counts["open"]):
        return answer
    days = Days(found.day, district.day_after(found.day))
    by_hour = figures(connection, district, ["intake"], days, now, by=["hour"])
    hours = {str(hour): figure.n for (hour,), (figure,) in by_hour.items()}
    return {**answer, **counts, "hours": [hours.get(f"{hour:02d}", 0) for hour in range(24)]}
