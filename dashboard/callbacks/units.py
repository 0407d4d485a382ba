"""Patrols over HTTP: the nearest to a case along the roads, and the brigades with their lists."""

import flask
from flask import Flask, Response

from dashboard.door.access import allowed, allowed_case, refuse
from dashboard.door.bodies import as_json, number
from dashboard.live.room import LiveRoom
from services.access.rights import DISTRICT
from services.board.readers.units import UnitReader


def register_units(server: Flask, room: LiveRoom, units: UnitReader) -> None:
    """Add the addresses."""

    @server.get("/api/v1/units/near")
    def units_near() -> Response:
        case_id = flask.request.args.get("case", "")[:64]
        board = room.follower.board if room.is_loaded and room.follower is not None else None
        row = board.rows.get(case_id) if board is not None else None
        if row is None:
            refuse(404, "no such open case")
        asking = allowed_case("see_units", row)
        return as_json({"units": units.near(case_id, asking.street, number("n", 5, 1, 20))})

    @server.get("/api/v1/units")
    def brigades() -> Response:
        street = flask.request.args.get("street", "")
        asking = allowed("see_units", street or DISTRICT)
        return as_json({"brigades": units.brigades(street or asking.street)})
