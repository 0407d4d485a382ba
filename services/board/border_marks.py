"""Which open cases lie at a border, asked once a case and place: the board's rows carry the answer. Pure."""

from collections.abc import Iterable

from services.cases.case import CaseRow
from services.contract.codes import SENSITIVE_DOMAINS
from services.district.borders import At, Borders, Neighbour

# Past this many remembered places the memory begins anew.
KEPT = 200_000
_Where = tuple[float | None, float | None, str, str]


class BorderMarks:
    """Remembers the answer while a case stays where it is."""

    def __init__(self, borders: Borders) -> None:
        self._borders = borders
        self._known: dict[str, tuple[_Where, str]] = {}

    def learn(self, rows: Iterable[CaseRow]) -> None:
        """Ask for many at once."""
        asked = [row for row in rows if row.lon is not None and row.domain not in SENSITIVE_DOMAINS]
        found = self._borders.near([At(r.case_id, r.lon or 0.0, r.lat or 0.0, r.street, r.grid) for r in asked])
        for row in asked:
            self._known[row.case_id] = (_where(row), _code(found.get(row.case_id)))

    def of(self, row: CaseRow) -> str:
        """The neighbouring street, else the neighbouring grid, within 30 m; empty for none, or where nobody says."""
        if row.lon is None or row.domain in SENSITIVE_DOMAINS:
            return ""
        known = self._known.get(row.case_id)
        if known is None or known[0] != _where(row):
            if len(self._known) > KEPT:
                self._known.clear()
            self.learn([row])
            known = self._known[row.case_id]
        return known[1]


def _where(row: CaseRow) -> _Where:
    return row.lon, row.lat, row.street, row.grid


def _code(neighbour: Neighbour | None) -> str:
    return "" if neighbour is None else neighbour.street or neighbour.grid
