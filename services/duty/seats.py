"""What a seat is: the centre, a street, a unit or a grid, by its code. Pure.

The log book is the centre's and the streets'; a unit and a grid worker have a record of their acts instead. A shift is
handed over at each of them but at a grid's, which one person holds.
"""

from typing import Literal

from services.district.package import District

SeatKind = Literal["centre", "street", "unit", "grid"]
WITH_BOOK: frozenset[SeatKind] = frozenset({"centre", "street"})
WITH_HANDOVER: frozenset[SeatKind] = WITH_BOOK | {"unit"}
ALL_SEATS: frozenset[SeatKind] = frozenset({"centre", "street", "unit", "grid"})


def seat_kind(district: District, seat: str) -> SeatKind | None:
    """What ``seat`` is, None for no seat; where two have one code, the upper one has the seat."""
    if seat == district.code:
        return "centre"
    if seat in district.streets:
        return "street"
    if seat in district.units:
        return "unit"
    return "grid" if seat in district.grids else None
