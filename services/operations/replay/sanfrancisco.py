"""San Francisco's 311 cases: American times, supervisor districts as streets, queues as units, no due date."""

import re
from datetime import tzinfo

from services.operations.replay import reading
from services.operations.replay.reading import Row
from services.operations.replay.source import SourceCase
from services.operations.replay.vocabulary import domain_of


def read(number: int, row: Row, zone: tzinfo) -> SourceCase:
    """A row of the city's open file (``CaseID, Opened, Closed, Responsible Agency …``)."""
    remarks: list[str] = []
    ended = row["Status"].strip() == "Closed"
    agency = row["Responsible Agency"].strip()
    lon, lat = reading.position(row, "Longitude", "Latitude", remarks)
    district = row["Supervisor District"].strip().removesuffix(".0")
    major, minor = row["Category"].strip(), row["Request Type"].strip()
    return SourceCase(
        row=number, case_id=reading.key(row, "CaseID"), reported_at=reading.opening(row, "Opened", zone),
        channel=reading.channel(row["Source"].strip(), remarks),
        state="closed" if ended else "dispatched", word=row["Status"], ended=ended,
        closed_at=reading.moment_or_none(row, "Closed", zone) if ended else None,
        unit=unit_code(agency), unit_name=agency, undispatched=not agency,
        street=district, street_name=f"District {district}" if district else "", lon=lon, lat=lat,
        title=minor.replace("_", " ") or major, domain=domain_of(minor or major), major=major, minor=minor,
        address=row["Address"].strip(), remarks=tuple(remarks),
    )  # fmt: skip


def unit_code(agency: str) -> str:
    """A queue's name as a code: ``DPW Ops Queue`` → ``dpw-ops-queue``."""
    return re.sub(r"[^a-z0-9]+", "-", agency.lower()).strip("-")[:64]
