"""A case's life as the contract's events, from what its row tells.

Four versions, whichever of them the row bears out: 1 reported, 2 filed (and dispatched, where a unit is named), 3 where
an unclosed case stood when the file was written, 4 closed. The numbers do not move with ``until``, so a longer replay
of the same file only adds. The files tell no dispatch times: filing and dispatch share the opening's.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from services.contract.case import Case, Category, Step
from services.operations.replay.source import SourceCase
from services.platform.clock import to_ms

REPORTED, FILED, STANDS, CLOSED = 1, 2, 3, 4
_TYPES = {
    "filed": "filed",
    "dispatched": "dispatched",
    "handling": "handling",
    "handled": "handled",
    "returned": "returned",
}


def reported_ms(case: SourceCase) -> int:
    """When the case came in."""
    return to_ms(case.reported_at)


def ended_ms(case: SourceCase) -> int | None:
    """When the case counts as closed; None while it is open.

    Closed without a time: from the report on. Closed before it was reported (clocks of two systems): at the report.
    """
    if not case.ended:
        return None
    return max(to_ms(case.closed_at), reported_ms(case)) if case.closed_at else reported_ms(case)


def moments(case: SourceCase, written_ms: int) -> Iterator[tuple[int, int]]:
    """(time in ms, version) of each event of the case's life. ``written_ms`` is when the file was written."""
    opened = reported_ms(case)
    yield opened, REPORTED
    yield opened, FILED
    if (end := ended_ms(case)) is not None:
        yield end, CLOSED
    elif case.state not in {"filed", "dispatched"}:  # these two are said with version 2, by whether a unit is named
        yield max(written_ms, opened), STANDS


def filed_status(case: SourceCase) -> str:
    """What the case stands at once it has been filed."""
    return "filed" if case.undispatched else "dispatched"


def event(case: SourceCase, version: int, scheme: str) -> tuple[str, Case]:
    """The event's type and the whole case as it stands after that version."""
    body = _reported(case, scheme)
    if version == REPORTED:
        return "case.reported", body
    filed = filed_status(case)
    dispatched: datetime | None = None if case.undispatched else case.reported_at
    body = msgspec.structs.replace(
        body, version=version, status=filed, filed_at=case.reported_at, dispatched_at=dispatched,
        dispatches=0 if case.undispatched else 1, lead_unit=case.unit or None, deadline_at=case.deadline_at,
    )  # fmt: skip
    if version == FILED:
        return f"case.{filed}", body
    if version == CLOSED:
        return "case.closed", msgspec.structs.replace(
            body, status="closed", closed_at=case.closed_at, on_time=case.on_time
        )
    sent_back = case.state == "returned"
    step = Step(note=f"status in the source: {case.word}"[:200], reason_code="wrong_unit" if sent_back else None)
    return f"case.{_TYPES[case.state]}", msgspec.structs.replace(
        body, status=case.state, step=step, returns=int(sent_back), wrong_dispatches=int(sent_back)
    )


def _reported(case: SourceCase, scheme: str) -> Case:
    placed = case.lon is not None and case.lat is not None
    return Case(
        case_id=case.case_id, version=REPORTED, status="reported", channel=case.channel, reported_at=case.reported_at,
        title=case.title[:200] or None, address=case.address[:200] or None, domain=case.domain,
        category=Category(
            scheme=scheme, kind="event", major=case.major or None, minor=case.minor or None, name=case.title or None
        ),
        lon=case.lon, lat=case.lat, coord_sys="WGS84" if placed else None,
        street=case.street or None, community=case.community or None,
    )  # fmt: skip
