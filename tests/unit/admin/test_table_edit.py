"""One row of a package's table changes and every other byte stays; what a roster leaves open is found."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from services.admin.roster_gaps import RosterFault, roster_faults
from services.admin.table_edit import rows_of, with_more, with_row, without_row
from services.platform.clock import HOUR_MS, to_rfc3339
from tests.tiny import CODE, NOON

UNITS = b'\xef\xbb\xbfcode,name,street\r\nD1,"a, ""b""\r\nc",S1\r\n\r\nD2,d,\r\n'


def test_a_row_is_set_and_the_others_stay_as_they_were_written() -> None:
    assert [row.place for row in rows_of("departments", UNITS)] == [1, 2]
    assert with_row("departments", UNITS, 2, {"name": "e,f"}) == UNITS.replace(b"D2,d,", b'D2,"e,f",')


def test_a_row_comes_and_goes() -> None:
    more = with_row("departments", UNITS, 0, {"code": "D3", "name": "g"})
    assert more == UNITS + b"D3,g,\r\n"
    assert without_row(more, 3) == UNITS
    assert (
        with_row("campaigns", None, 0, {"code": "Z1", "name": "夜查"}).decode()
        == "code,name,name_en,domain\nZ1,夜查,,\n"
    )
    assert with_more("departments", UNITS, "name,code\nh,D4\n") == UNITS + b"D4,h,\r\n"


CELL = st.text(st.sampled_from('a ,"\n\r中'), max_size=5)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=4), st.data())
def test_any_row_of_any_table_is_set_alone(cells: list[tuple[str, str]], data: st.DataObject) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([("code", "name"), *((f"k{code}", name) for code, name in cells)])
    content = out.getvalue().encode()
    before = rows_of("departments", content)
    place = data.draw(st.sampled_from([row.place for row in before]))
    after = rows_of("departments", with_row("departments", content, place, {"name": "新"}))
    assert after == [row._replace(cells=row.cells | {"name": "新"}) if row.place == place else row for row in before]
    gone = rows_of("departments", without_row(content, place))
    assert [row.cells for row in gone] == [row.cells for row in before if row.place != place]


def shift(start: float, end: float, seat: str = "") -> dict[str, str]:
    at = [to_rfc3339(NOON + int(hours * HOUR_MS)) for hours in (start, end)]
    return {"from": at[0], "until": at[1], "shift": "班", "name": "甲", "seat": seat}


def test_gaps_and_overlaps_are_found_by_seat() -> None:
    rows = [shift(-4, 8), shift(-4, 8), shift(10, 20), shift(18, 30), shift(0, 6, "S1"), shift(6, 12, "S1")]
    hour = HOUR_MS
    assert roster_faults(rows, NOON, CODE) == [
        RosterFault("gap", "", NOON + 8 * hour, NOON + 10 * hour),
        RosterFault("overlap", "", NOON + 18 * hour, NOON + 20 * hour),
    ]
    assert roster_faults([shift(-9, -5), shift(-3, 2)], NOON, CODE) == []
