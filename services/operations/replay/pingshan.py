"""Pingshan's civil events of 2018: streets and communities by code, closed in time or not, no positions or closings.

The file tells that a case was archived, never when: it counts as closed from the moment it was reported, without a
``closed_at``, and carries the publisher's own verdict in ``on_time``. Archived neither in time nor late: open. Units
have one number and often two spellings (with and without their office in brackets): the number is the code.
"""

from datetime import tzinfo

from services.operations.replay import reading
from services.operations.replay.reading import Row
from services.operations.replay.source import SourceCase
from services.operations.replay.vocabulary import PINGSHAN_DOMAINS, PINGSHAN_FINE_DOMAINS


def read(number: int, row: Row, zone: tzinfo) -> SourceCase:
    """A row of the file (``REC_ID, CREATE_TIME, STREET_ID, INTIME_ARCHIVE_NUM …``); ``-`` means missing."""
    remarks: list[str] = []
    in_time, late = row["INTIME_ARCHIVE_NUM"].strip() == "1", row["OVERTIME_ARCHIVE_NUM"].strip() == "1"
    unit = _told(row["DISPOSE_UNIT_ID"])
    street_name, community_name = _told(row["STREET_NAME"]), _told(row["COMMUNITY_NAME"])
    kind, main = row["EVENT_TYPE_NAME"].strip(), row["MAIN_TYPE_NAME"].strip()
    return SourceCase(
        row=number, case_id=reading.key(row, "REC_ID"), reported_at=reading.opening(row, "CREATE_TIME", zone),
        channel=reading.channel(row["EVENT_SRC_NAME"].strip(), remarks),
        state="closed" if in_time or late else "dispatched", word="archived" if in_time or late else "open",
        ended=in_time or late, on_time=in_time if in_time or late else None,
        unit=unit, unit_name=_told(row["DISPOSE_UNIT_NAME"]) or unit, undispatched=not unit,
        street=_told(row["STREET_ID"]) if street_name else "", street_name=street_name,
        community=_told(row["COMMUNITY_ID"]) if community_name else "", community_name=community_name,
        title=_told(row["SUB_TYPE_NAME"]) or _told(main),
        domain=PINGSHAN_FINE_DOMAINS.get(main) or PINGSHAN_DOMAINS.get(kind, "99"),
        major=_told(row["EVENT_TYPE_ID"]), minor=_told(row["SUB_TYPE_ID"]), remarks=tuple(remarks),
    )  # fmt: skip


def _told(cell: str) -> str:
    text = cell.strip()
    return "" if text == "-" else text
