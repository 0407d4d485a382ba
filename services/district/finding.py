"""What an import has to say of one row: named, graded, with what to do about it."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["refused", "missing", "doubtful", "moved", "outside"]
KINDS: tuple[Kind, ...] = ("refused", "outside", "missing", "doubtful", "moved")


@dataclass(frozen=True, slots=True)
class RowFinding:
    """One thing about one row; ``row`` is the table's line, the catalogue's item, the map's feature; 0 the whole file.

    ``refused``: the row is not taken. ``outside``: the position is outside of the district. ``missing``: a field is
    absent that coverage needs. ``doubtful``: a value was dropped or is probably wrong. ``moved``: what is seen is
    reckoned from another point, because the camera stands inside a building.
    """

    row: int
    camera_id: str
    kind: Kind
    problem: str
    remedy: str

    def __str__(self) -> str:
        where = f"row {self.row}" if self.row else "file"
        named = f" [{self.camera_id}]" if self.camera_id else ""
        return f"{where}{named}: {self.problem}. {self.remedy}"
