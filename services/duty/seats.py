"""What a seat is: the centre, a street, a unit or a grid, by its code. Pure.

Log book and handover are the centre's and the streets'; a unit and a grid worker have alarms and a log of their acts.
"""

from typing import Literal

from services.district.package import District

SeatKind = Literal["centre", "street", "unit", "grid"]
WITH_HANDOVER: frozenset[SeatKind] = frozenset({"centre", "street"})
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
