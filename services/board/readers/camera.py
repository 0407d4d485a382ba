"""One camera for a panel, and who sees a case's place. A read of the live board; the geometry runs off the loop."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np
import shapely

from services.board.state import Board
from services.cases.case import CaseRow
from services.contract.codes import SENSITIVE_DOMAINS
from services.coverage.alone import Alone, Watcher, alone, outline_of, reach, sees_now, shape_of, watchers
from services.coverage.told import Coverage, Sight, WatchedSpot
from services.district.package import District
from services.district.plane import plane_of

SPOTS_SHOWN = 8
CASES_SHOWN = 20

_sight = msgspec.json.Decoder(Sight).decode
_spot = msgspec.json.Decoder(WatchedSpot).decode
_coverage = msgspec.json.Decoder(Coverage).decode


class CameraView(NamedTuple):
    """A camera, what it alone sees, the spots it serves (``spots_n`` of them) and the open cases only it sees."""

    sight: Sight
    works: bool
    by_night: bool
    alone: Alone
    spots: tuple[WatchedSpot, ...]
    spots_n: int
    cases: tuple[CaseRow, ...]
    cases_n: int


class PlaceView(NamedTuple):
    """Who sees a place: the cameras, or the nearest that does not; none at all where no camera is loaded."""

    by_night: bool
    watchers: tuple[Watcher, ...]


class _Known(NamedTuple):
    """A camera that was read. It holds the body by whose id it is found: no other has that id meanwhile."""

    body: msgspec.Raw
    sight: Sight
    reach_m: float


class CameraReader:
    """Reads cameras from the board that ``board`` gives; ``offload`` runs the geometry where it blocks nobody."""

    def __init__(self, district: District, board: Callable[[], Board], offload: Callable[[Any], Any]) -> None:
        self._district, self._board, self._offload = district, board, offload
        self._plane = plane_of(district)
        self._known: dict[int, _Known] = {}

    def view(self, camera_id: str) -> CameraView | None:
        """The camera as the board has it now, or None when there is none."""
        board = self._board()
        body = board.coverage.body("sight", camera_id)
        if body is None:
            return None
        sights, spots, by_night = board.coverage.bodies("sight"), board.coverage.bodies("spot"), self._by_night(board)
        placed = [row for row in board.rows.values() if row.lon is not None and row.lat is not None]
        found: CameraView = self._offload(lambda: self._view(body, sights, spots, placed, by_night))
        return found

    def place(self, row: CaseRow) -> PlaceView | None:
        """Who sees an open case; None where nobody may ask: it has no place, it is sensitive, no camera is loaded."""
        board = self._board()
        sights = board.coverage.bodies("sight")
        if row.lon is None or row.lat is None or row.domain in SENSITIVE_DOMAINS or not sights:
            return None
        lon, lat, by_night = row.lon, row.lat, self._by_night(board)
        found: list[Watcher] = self._offload(
            lambda: watchers(lon, lat, self._reaching(sights), self._plane, by_night=by_night)
        )
        return PlaceView(by_night, tuple(found))

    def _reaching(self, bodies: list[msgspec.Raw]) -> list[tuple[Sight, float]]:
        """The cameras and how far each sees. A body that has not changed is read once."""
        before, known = self._known, {}
        for body in bodies:
            found = before.get(id(body))
            if found is None:
                sight = _sight(body)
                found = _Known(body, sight, reach(sight))
            known[id(body)] = found
        self._known = known
        return [(one.sight, one.reach_m) for one in known.values()]

    def _by_night(self, board: Board) -> bool:
        body = board.coverage.body("coverage", "all")
        return body is not None and _coverage(body).is_night

    def _view(
        self,
        body: msgspec.Raw,
        others: list[msgspec.Raw],
        spots: list[msgspec.Raw],
        rows: list[CaseRow],
        by_night: bool,
    ) -> CameraView:
        sight = _sight(body)
        only = alone(sight, (_sight(other) for other in others), self._plane, by_night=by_night)
        served = self._spots(sight, spots)
        unseen = self._cases(only, rows)
        return CameraView(
            sight, sees_now(sight, by_night=by_night), by_night, only,
            tuple(served[:SPOTS_SHOWN]), len(served), tuple(unseen[:CASES_SHOWN]), len(unseen),
        )  # fmt: skip

    def _spots(self, sight: Sight, bodies: list[msgspec.Raw]) -> list[WatchedSpot]:
        """The key areas, roads and places that its polygon touches, those in need first."""
        mine = shape_of(sight.shapes, sight.lon, sight.lat, self._plane)
        if mine.is_empty:
            return []
        spots = [spot for body in bodies if (spot := _spot(body)).kind != "grid"]
        found = [spot for spot in spots if outline_of(spot, self._plane).intersects(mine)]
        return sorted(found, key=lambda spot: (-spot.need, spot.id))

    def _cases(self, only: Alone, rows: list[CaseRow]) -> list[CaseRow]:
        """The open cases in what it alone sees, without those that may have no place on a screen."""
        if only.area.is_empty or not rows:
            return []
        at = [row for row in rows if row.domain not in SENSITIVE_DOMAINS]
        points = self._plane.to_metres(np.array([(r.lon, r.lat) for r in at], dtype=float).reshape(-1, 2))
        inside = shapely.intersects_xy(only.area, points)
        return [row for row, is_in in zip(at, inside.tolist(), strict=True) if is_in]
