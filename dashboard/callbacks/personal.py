"""A masked field is revealed one at a time, by right, with a reason, on the record; a grid's people, to be called."""

from collections.abc import Callable
from typing import Any

import msgspec
from flask import Flask, Response

from dashboard.door.access import Access, allowed, allowed_case, refuse
from dashboard.door.bodies import as_json, body
from dashboard.door.recording import Recorder, who_of
from services.access.rights import DISTRICT
from services.cases import reader
from services.contract.case import Code, Note
from services.district.package import District
from services.duty.grid_people_service import person_in_clear
from services.platform.clock import machine_ms
from services.platform.sealing import Sealer
from services.projector.sealed.service import reveal


class GridPersonRequest(msgspec.Struct, frozen=True):
    """Nothing but a click: as JSON, which a form of another site cannot send."""


class RevealRequest(msgspec.Struct, frozen=True):
    """Which field, and why; ``purpose``: of a case that is over, one of reveal_rules.PURPOSES."""

    field: Code
    reason: Note
    purpose: Code = ""


def register_personal(  # noqa: PLR0917  # one of each door
    server: Flask,
    access: Access,
    recorder: Recorder,
    sealer: Sealer,
    offload: Callable[[Any], Any],
    limit: int,
    district: District,
) -> None:
    """Add the addresses. ``limit``: so many fields a person in ten minutes."""

    @server.post("/api/v1/grids/<grid>/people/<int:number>/reveal")
    def reveal_grid_person(grid: str, number: int) -> Response:
        body(GridPersonRequest)
        area = district.grids.get(grid)
        community = area.parent if area is not None else ""
        above = district.communities.get(community)
        who = who_of(allowed("reveal", above.parent if above is not None else DISTRICT, community))
        person = offload(lambda: person_in_clear(recorder.log, machine_ms(), who, district, grid, number, limit))
        if person is None:
            refuse(404, "nobody has that place in that grid")
        return as_json({"name": person.name, "phone": person.phone})

    @server.post("/api/v1/cases/<case_id>/reveal")
    def reveal_field(case_id: str) -> Response:
        wanted = body(RevealRequest)

        def place() -> Any:
            with access.engine.connect() as connection:
                return reader.one_case(connection, case_id[:64])

        row = offload(place)
        if row is None:
            refuse(404, "no such case")
        who = who_of(allowed_case("reveal", row))
        text = offload(
            lambda: reveal(
                access.engine, sealer, recorder.log, machine_ms(), who, row.case_id, wanted.field[:64],
                wanted.reason, purpose=wanted.purpose, limit=limit,
            )
        )  # fmt: skip
        return as_json({"text": text})
