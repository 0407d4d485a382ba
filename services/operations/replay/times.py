"""Times as city systems write them, into aware moments in UTC.

Local clock times carry no zone in these files: the format names it. In the hour that a clock shows twice (the end of
summer time) the first showing is taken, always; a time that the clock leaps over is read with the offset before the
leap, one hour on. Both are what ``fold=0`` means (PEP 495), so the same text gives the same moment on every machine.
"""

from datetime import UTC, datetime, tzinfo

_AMERICAN = "%m/%d/%Y %I:%M:%S %p"


def parse_moment(text: str, zone: tzinfo) -> datetime:
    """The moment in UTC that ``text`` means: ISO with or without an offset, or ``05/13/2019 05:39:00 PM``.

    Without an offset it is a local time of ``zone``. Raises ValueError for anything else.
    """
    try:
        moment = datetime.strptime(text, _AMERICAN) if "/" in text else datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time: write it like 2026-07-19 23:33:17 or 05/13/2019 05:39:00 PM") from None
