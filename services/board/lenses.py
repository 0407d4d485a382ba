"""What a kind of screen sees of the board: which open cases, what of each, and which figures beside them. Pure.

The wall's lens shows every case and hides what visitors must not read; a desk's shows more of each case; a street's
desk shows its own street's cases alone, a workstation's its community's. What a lens does not see never leaves.
"""

from collections.abc import Callable, Collection
from typing import Any, Protocol

import msgspec

from services.board.state import DUE_SOON, OVERDUE, SUSPENDED, Board, Share
from services.board.tile_types import DeskFigures, ShownFigures
from services.board.tiles import ranked
from services.cases.case import CaseRow, decode_escalation, waits_since
from services.cases.escalation import DeclinedProposal, declined_of, takeover
from services.cases.masking import GridCentres, WallCase, for_wall
from services.cases.whose import is_units
from services.contract.codes import SENSITIVE_DOMAINS

Tiles = Callable[[], dict[str, Any]]


class DeskCase(WallCase, frozen=True, gc=False, array_like=True):
    """An open case as it leaves for a desk: the wall's fields first, in their order, then what work on it needs.

    ``takeover_at`` is when the district takes it by the clock (Unix ms), by ``takeover_rule``; ``proposal`` the rule
    whose proposal waits for a person, ``neighbour`` the area within 30 m whose border it lies at, ``declined`` who has
    answered the proposal with no.
    """

    community: str
    grid: str
    lead_unit: str
    handle_deadline_at: int | None
    takeover_at: int | None
    takeover_rule: str
    returns: int
    reworks: int
    proposal: str
    whistled_at: int | None
    neighbour: str
    declined: DeclinedProposal | None


class Lens(Protocol):
    """One way to look at a board."""

    def sees(self, row: CaseRow) -> bool:
        """Whether this case is shown at all."""

    def row(self, case_id: str) -> msgspec.Struct:
        """The case as it leaves."""

    def tiles(self) -> dict[str, Any]:
        """Every tile; only those that changed are sent."""


class WallLens:
    """All open cases, as visitors may see them."""

    def __init__(self, board: Board, tiles: Tiles) -> None:
        self._board, self.tiles = board, tiles
        self._centres = GridCentres(board.district)

    def sees(self, row: CaseRow) -> bool:
        """Every case."""
        return True

    def row(self, case_id: str) -> msgspec.Struct:
        """A ``masking.WallCase``."""
        board = self._board
        return for_wall(board.rows[case_id], board.lights[case_id], self._centres, unseen=case_id in board.unseen)


class _CaseForDesk:
    """What of a case a desk shows."""

    def __init__(self, board: Board, tiles: Tiles, neighbour: Callable[[CaseRow], str] = lambda row: "") -> None:
        self._board, self.tiles, self._neighbour = board, tiles, neighbour

    def row(self, case_id: str) -> DeskCase:
        """What the queue, the map and the panel's head need."""
        board = self._board
        row = board.rows[case_id]
        next_one = takeover(row, board.district.policy.escalation)
        proposal = board.proposals.get(case_id)
        return DeskCase(
            row.case_id, row.version, row.lon, row.lat, row.street, row.domain, row.class_name, row.severity,
            row.status, row.channel, row.level, row.reported_at, row.deadline_at, row.deadline_estimated,
            decode_escalation(row.escalation) if row.escalation else None, board.lights[case_id],
            int(case_id in board.unseen), row.community, row.grid, row.lead_unit, row.handle_deadline_at,
            next_one[0] if next_one else None, next_one[1] if next_one else "", row.returns, row.reworks,
            proposal.rule if proposal is not None and proposal.mode != "declined" else "", row.whistled_at,
            self._neighbour(row), declined_of(proposal),
        )  # fmt: skip


class DeskLens(_CaseForDesk):
    """The cases of the district, of one street, or of one community, as those who work on them see them."""

    def __init__(
        self,
        board: Board,
        tiles: Tiles,
        street: str = "",
        community: str = "",
        neighbour: Callable[[CaseRow], str] = lambda row: "",
    ) -> None:
        super().__init__(board, tiles, neighbour)
        self._street, self._community = street, community

    def sees(self, row: CaseRow) -> bool:
        """The desk's own."""
        if self._street and row.street != self._street:
            return False
        return not self._community or row.community == self._community


class UnitLens(_CaseForDesk):
    """The cases that concern one unit, in every street: it leads them, works on them beside another, or is called.

    ``whistled_at`` is of the whistle that waits for this unit. A sensitive case that another unit leads stands at its
    grid's centre, without its minor class.
    """

    def __init__(self, board: Board, tiles: Tiles, unit: str) -> None:
        super().__init__(board, tiles)
        self._unit, self._centres = unit, GridCentres(board.district)

    def sees(self, row: CaseRow) -> bool:
        """The unit's own."""
        return is_units(self._unit, row)

    def row(self, case_id: str) -> DeskCase:
        """As a desk has it."""
        row = self._board.rows[case_id]
        found = msgspec.structs.replace(super().row(case_id), whistled_at=waits_since(row, self._unit))
        if row.domain not in SENSITIVE_DOMAINS or row.lead_unit == self._unit:
            return found
        lon, lat = self._centres.centre(row)
        return msgspec.structs.replace(found, lon=lon, lat=lat, class_name="", declined=None)


class GridLens(_CaseForDesk):
    """The cases of one grid, without the sensitive ones."""

    def __init__(self, board: Board, tiles: Tiles, grid: str) -> None:
        super().__init__(board, tiles)
        self._grid = grid

    def sees(self, row: CaseRow) -> bool:
        """The grid's own."""
        return row.grid == self._grid and row.domain not in SENSITIVE_DOMAINS


def shown_figures(board: Board, case_ids: Collection[str]) -> ShownFigures:
    """The figures of the cases that a unit's or a grid's desk shows."""
    lights = [board.lights[case_id] for case_id in case_ids if case_id in board.lights]
    return ShownFigures(
        open=len(lights),
        overdue=lights.count(OVERDUE),
        due_soon=lights.count(DUE_SOON),
        suspended=lights.count(SUSPENDED),
        escalated=sum(board.rows[case_id].level == "district" for case_id in case_ids if case_id in board.rows),
        rate=None,
        target=board.district.policy.target_on_time,
    )


def desk_figures(board: Board, rows: list[dict[str, Any]], street: str = "", community: str = "") -> DeskFigures:
    """The figures of a desk; ``rows`` are ``tiles.street_rows``; ``rank`` is None where there is none.

    A workstation has its ``community``'s cases. The day's rate is kept by street and not by community: it stays the
    street's (``rate_of``), and there is no rank.
    """
    mine = [row for row in rows if not street or row["code"] == street]
    share = Share(*board.streets[street]) if street and street in board.streets else Share()
    total = community_share(board, street, community) if community else share if street else board.total()
    due, closed, on_time = (sum(row[name] for row in mine) for name in ("should_close", "closed", "closed_on_time"))
    order = [row["code"] for row in ranked(rows) if row["on_time_close_rate"] is not None]
    return DeskFigures(
        open=total.open, overdue=total.overdue, due_soon=total.due_soon, suspended=total.suspended,
        escalated=total.escalated, should_close=due, closed=closed, on_time=on_time,
        rate=on_time / due if due else None, target=board.district.policy.target_on_time,
        rank=order.index(street) + 1 if street in order and not community else None, ranked=len(order),
        rate_of=street if community else "",
    )  # fmt: skip


def community_share(board: Board, street: str, community: str) -> Share:
    """What the open cases of one community add up to."""
    mine = [row for row in board.rows.values() if row.street == street and row.community == community]
    lights = [board.lights[row.case_id] for row in mine]
    escalated = sum(row.level == "district" for row in mine)
    return Share(len(mine), lights.count(DUE_SOON), lights.count(OVERDUE), lights.count(SUSPENDED), escalated)


def units_of(board: Board, street: str = "") -> list[msgspec.Raw]:
    """The patrols' newest positions: all of them, or those that are in the street or belong to it."""
    found = []
    for (kind, _), thing in board.things.items():
        if kind != "unit":
            continue
        if street and _UNIT(thing.body).street != street:
            continue
        found.append(msgspec.Raw(thing.body))
    return found


def unit_streets(board: Board) -> dict[str, str]:
    """Patrol → its street, empty for one that belongs to none."""
    things = board.things.items()
    return {key: _UNIT(thing.body).street or "" for (kind, key), thing in things if kind == "unit"}


class _UnitStreet(msgspec.Struct):
    street: str | None = None


_UNIT = msgspec.json.Decoder(_UnitStreet).decode
