"""Boston's three forms: the 311 file of 2026, the older one of 2013–2017, and Open311 requests of 2017."""

import html
from datetime import tzinfo

from services.contract.codes import Status
from services.operations.replay import reading
from services.operations.replay.reading import Row
from services.operations.replay.source import SourceCase
from services.operations.replay.vocabulary import (
    BOSTON_STATES,
    BOSTON_STREET_WORDS,
    BOSTON_STREETS,
    BOSTON_UNIT_CODES,
    BOSTON_UNITS,
    BOSTON_WIDE_WORDS,
    UNDISPATCHED_WORDS,
    domain_of,
)

_STREET_NAMES = {code: name for name, code in BOSTON_STREETS.items()}


def read_2026(number: int, row: Row, zone: tzinfo) -> SourceCase:
    """A row of the file of 2026 (``case_id, open_date, target_close_date …``)."""
    return _read(number, row, zone, {
        "id": "case_id", "open": "open_date", "close": "close_date", "due": "target_close_date",
        "unit": "assigned_department", "channel": "report_source", "major": "case_topic", "minor": "service_name",
        "address": "full_address", "reason": "closure_reason",
    })  # fmt: skip


def read_2013(number: int, row: Row, zone: tzinfo) -> SourceCase:
    """A row of the older form (``case_enquiry_id, open_dt, sla_target_dt …``)."""
    return _read(number, row, zone, {
        "id": "case_enquiry_id", "open": "open_dt", "close": "closed_dt", "due": "sla_target_dt",
        "unit": "department", "channel": "source", "major": "reason", "minor": "type",
        "address": "location", "reason": "",
    })  # fmt: skip


def read_open311(number: int, row: Row, zone: tzinfo) -> SourceCase:
    """A request with the names of the Open311 GeoReport API: the channel is that API, closing is the last update.

    There is no due date, so nothing here is ever overdue; an open request's ``updated_datetime`` says nothing.
    """
    remarks: list[str] = []
    ended = row["status"].strip().lower() == "closed"
    lon, lat = reading.position(row, "long", "lat", remarks)
    name = row["service_name"].strip()
    return SourceCase(
        row=number, case_id=reading.key(row, "service_request_id"),
        reported_at=reading.opening(row, "requested_datetime", zone), channel="APP",
        state="filed", word=row["status"], ended=ended, undispatched=True,
        closed_at=reading.moment_or_none(row, "updated_datetime", zone) if ended else None,
        lon=lon, lat=lat, title=name, domain=domain_of(name), major=row["service_code"], address=row["address"],
        remarks=tuple(remarks),
    )  # fmt: skip


def state_of(word: str, has_result: bool, remarks: list[str]) -> Status:
    """Where an unclosed case stands. «Apply» is 反馈 only with a result beside it, else the work goes on."""
    if (state := BOSTON_STATES.get(word)) is None:
        remarks.append(f"status {word!r} is not in the table: dispatched")
        return "dispatched"
    return "handling" if word == "Apply" and not has_result else state


def _read(number: int, row: Row, zone: tzinfo, column: dict[str, str]) -> SourceCase:
    remarks: list[str] = []
    word = row["case_status"].strip()
    closed_at = reading.moment_or_none(row, column["close"], zone)
    deadline_at = reading.moment_or_none(row, column["due"], zone)
    ended = word == "Closed"
    if closed_at is not None and not ended:
        remarks.append(f"status {word!r} beside a closing time: the case is open")
    reason = row[column["reason"]].strip() if column["reason"] else ""
    lon, lat = reading.position(row, "longitude", "latitude", remarks)
    street = _street(row["neighborhood"].strip(), remarks)
    unit = _unit(row[column["unit"]].strip(), remarks)
    major, minor = row[column["major"]].strip(), row[column["minor"]].strip()
    return SourceCase(
        row=number, case_id=reading.key(row, column["id"]), reported_at=reading.opening(row, column["open"], zone),
        channel=reading.channel(row[column["channel"]].strip(), remarks),
        state=state_of(word, bool(reason), remarks) if not ended else "closed", word=word, ended=ended,
        closed_at=closed_at if ended else None, deadline_at=deadline_at,
        on_time=_verdict(row["on_time"]) if ended and deadline_at is not None else None,
        undispatched=word in UNDISPATCHED_WORDS or not unit, unit=unit,
        unit_name=BOSTON_UNITS[unit][0] if unit in BOSTON_UNITS else unit,
        street=street, street_name=_STREET_NAMES.get(street, ""), lon=lon, lat=lat,
        title=minor or major, domain=domain_of(minor or major), major=major, minor=minor,
        address=" ".join(html.unescape(row[column["address"]]).split()), remarks=tuple(remarks),
    )  # fmt: skip


def _verdict(flag: str) -> bool | None:
    """The source's own word. Of an unclosed case it is stale, and without a due date it is always ONTIME: not asked."""
    return {"ONTIME": True, "OVERDUE": False}.get(flag.strip())


def _street(word: str, remarks: list[str]) -> str:
    if not word or word in BOSTON_WIDE_WORDS:
        return ""
    if (code := BOSTON_STREET_WORDS.get(word)) is None:
        remarks.append(f"neighbourhood {word!r} is not in the table: placed by position")
        return ""
    return code


def _unit(word: str, remarks: list[str]) -> str:
    if not word:
        return ""
    if (code := BOSTON_UNIT_CODES.get(word)) is None:
        remarks.append(f"department {word!r} is not in the table: kept as it is")
        return word[:64]
    return code
