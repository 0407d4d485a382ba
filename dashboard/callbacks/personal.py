"""A masked field is revealed one at a time, by right, with a reason, on the record; a grid's people, to be called."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Flask, Response

from dashboard.door.access import Access, allowed, allowed_case, refuse
from dashboard.door.bodies import as_json, body
from dashboard.door.recording import Recorder, who_of
from dashboard.door.routes import add_routes
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


@dataclass(frozen=True, slots=True)
class PersonalPage:
    """What the addresses need, and the addresses. ``limit``: so many fields a person in ten minutes."""

    access: Access
    record: Recorder
    sealer: Sealer
    offload: Callable[[Any], Any]
    limit: int
    district: District

    def reveal_grid_person(self, grid: str, number: int) -> Response:
        """Answer the name and the phone of one of a grid's people."""
        body(GridPersonRequest)
        district, log = self.district, self.record.log
        area = district.grids.get(grid)
        community = area.parent if area is not None else ""
        above = district.communities.get(community)
        who = who_of(allowed("reveal", above.parent if above is not None else DISTRICT, community))
        person = self.offload(
            lambda: person_in_clear(log, machine_ms(), who, district, grid=grid, number=number, limit=self.limit)
        )
        if person is None:
            refuse(404, "nobody has that place in that grid")
        return as_json({"name": person.name, "phone": person.phone})

    def reveal_field(self, case_id: str) -> Response:
        """Answer one field of a case in clear."""
        wanted, engine = body(RevealRequest), self.access.engine

        def place() -> Any:
            with engine.connect() as connection:
                return reader.one_case(connection, case_id[:64])

        row = self.offload(place)
        if row is None:
            refuse(404, "no such case")
        who = who_of(allowed_case("reveal", row))
        text = self.offload(
            lambda: reveal(
                engine, self.sealer, self.record.log, machine_ms(), who=who, case_id=row.case_id,
                field=wanted.field[:64], reason=wanted.reason, purpose=wanted.purpose, limit=self.limit,
            )
        )  # fmt: skip
        return as_json({"text": text})


def register_personal(server: Flask, page: PersonalPage) -> None:
    """Add the addresses."""
    add_routes(
        server,
        [
            ("/api/v1/grids/<grid>/people/<int:number>/reveal", "POST", page.reveal_grid_person),
            ("/api/v1/cases/<case_id>/reveal", "POST", page.reveal_field),
        ],
    )
