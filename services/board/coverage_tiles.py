"""The coverage on the wall: its figures with the three worst spots, and a tile for each spot with something blind.

A spot's tile is its body as it came, so that one spot that changes costs one tile. The work is done again only when
something of the coverage has changed: the wall asks for its tiles many times a second.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from services.board.coverage_feed import CoverageFeed
from services.board.state import Board
from services.district.package import District

LETTERS = "ABC"
MOST_SPOTS = 40
_KEY = ("area", "road", "place")


class SpotHead(msgspec.Struct, frozen=True):
    """What ranks a spot, without its polygons: whether something of it is blind is known by ``live``."""

    id: str
    kind: str
    name: str
    street: str = ""
    place_type: str = ""
    need: float = 0.0
    cases: int = 0
    unseen: int = 0
    gap: str = "unknown"
    live: float | None = None
    live_night: float | None = None


_head = msgspec.json.Decoder(SpotHead).decode


def ranked_spots(bodies: Iterable[msgspec.Raw]) -> list[tuple[SpotHead, msgspec.Raw]]:
    """The key areas, roads and places with a need, the greatest first."""
    heads = [(head, body) for body in bodies if (head := _head(body)).kind in _KEY and head.need > 0]
    return sorted(heads, key=lambda found: (-found[0].need, found[0].id))


def coverage_tiles(
    coverage: msgspec.Raw | None, spots: Iterable[msgspec.Raw], district: District, told: Iterable[str] = ()
) -> dict[str, Any]:
    """The tiles by name. ``told`` are spots' tiles that the screens may have: those that go are told as None."""
    if coverage is None:
        return {"coverage": None, **dict.fromkeys(told)}
    bodies = list(spots)
    ranked = ranked_spots(bodies)
    top = [
        {"id": s.id, "letter": letter, "name": s.name, "street": _street(district, s.street), "code": s.street,
         "gap": s.gap, "unseen": s.unseen, "cases": s.cases, "need": s.need}
        for letter, (s, _) in zip(LETTERS, ranked, strict=False)
    ]  # fmt: skip
    blind = {f"spot:{s.id}": body for s, body in ranked[:MOST_SPOTS] if s.live or s.live_night}
    figures = msgspec.json.decode(coverage)
    heads = [head for body in bodies if (head := _head(body)).kind in _KEY]
    gaps = sum(bool(head.live_night if figures.get("is_night") else head.live) for head in heads)
    figures |= {"top": top, "gaps": gaps}
    return {**dict.fromkeys(told), "coverage": figures, **blind}


class CoverageTiles:
    """The tiles of a board, made again when its coverage has changed."""

    def __init__(self) -> None:
        self._of: tuple[CoverageFeed, int] | None = None
        self._found: dict[str, Any] = {}

    def of(self, board: Board) -> dict[str, Any]:
        """The tiles as of now."""
        feed = board.coverage
        # The feed itself and not its id: that is another board's once this one is gone.
        if self._of is None or self._of[0] is not feed or self._of[1] != feed.revision:
            told = [name for name in self._found if name.startswith("spot:")]
            self._found = coverage_tiles(feed.body("coverage", "all"), feed.bodies("spot"), board.district, told)
            self._of = feed, feed.revision
        return self._found


def _street(district: District, code: str) -> str:
    area = district.streets.get(code)
    return area.name if area is not None else code
