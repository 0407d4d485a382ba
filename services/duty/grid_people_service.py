"""One of a grid's people in clear, for who must call them: by right, within the limit of reveals, on the record first.

Who may, the caller decides (the right ``reveal`` over the grid's street and community).
"""

from services.audit import Deed, Who
from services.audit.log_service import AuditLog
from services.district.package import District
from services.duty.grids import GridPerson
from services.projector.sealed.service import record_reveal

PURPOSE = "call_grid"  # why: the table is there to be called from


def person_in_clear(
    log: AuditLog, now: int, who: Who, district: District, *, grid: str, number: int, limit: int
) -> GridPerson | None:
    """The person with this number among those that the package names for the grid; None: there is none.

    ``now`` is the machine's time (Unix ms), ``limit`` how many a person may see in ten minutes. Raises RevealRefused
    over the limit, or what the database raises: whoever cannot be recorded sees nothing.
    """
    of_grid = [row for row in district.tables.get("people", ()) if row["grid"] == grid]
    if not 0 <= number < len(of_grid):
        return None
    row = of_grid[number]
    detail = {"field": f"people.{row['role']}", "number": number + 1, "purpose": PURPOSE}
    record_reveal(log, now, who, Deed("reveal", grid, detail), limit)
    return GridPerson(row["role"], row["name"], row.get("phone", ""), number)
