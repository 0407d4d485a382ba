"""Two tables of others: what is wrong is named by line and column, and nothing of such a file is used."""

from datetime import date

import pytest

from services.early.case_file import day_of, read_cases, read_places
from services.files.fault import FileFault


def faults(read: object, text: str) -> list[str]:
    assert callable(read)
    with pytest.raises(FileFault) as refused:
        read(text.encode())
    return [fault.where for fault in refused.value.faults]


def test_both_names_of_the_columns_and_of_the_days_are_read() -> None:
    assert read_places(b"place,lat,lon\nA,31.9,118.9\n") == read_places(b"zip,lat,long\nA,31.9,118.9\n")
    (one, two) = read_cases("place,cases,date,remark\n东山,2,2026-11-30,x\n东山,0,2026/1/3,\n".encode())
    assert (one.place, one.n, one.day, one.line) == ("东山", 2, date(2026, 11, 30), 2)
    assert (two.n, two.day) == (0, date(2026, 1, 3))
    assert read_cases("place,cases,date\n东山,1,2026-11-30\n".encode("gb18030"))[0].place == "东山"


def test_what_is_wrong_is_named_by_line_and_column() -> None:
    rows = [
        "A,1,2026-11-30",
        "A,-1,2026-11-30",
        "A,1.5,2026-11-30",
        ",1,2026-11-30",
        "A,1,2026-02-30",
        "A,1,30.11.2026",
    ]
    rows += ["A,１,2026-11-30", "A,1,2026-11/30", "A,99999999,2026-11-30"]
    assert faults(read_cases, "\n".join(["place,cases,date", *rows])) == [
        "line 3, column cases",
        "line 4, column cases",
        "line 5, column place",
        "line 6, column date",
        "line 7, column date",
        "line 8, column cases",
        "line 9, column date",
        "line 10, column cases",
    ]
    places = ["place,lat,lon", "A,31.9,118.9", "B,91,118.9", "C,31.9,nan", "A,31.8,118.9", "D,,118.9", "E,31.9,x"]
    places += ["F,3_1.9,118.9", "G,31.9,１18.9", "H,1e1,118.9", "I,inf,118.9"]
    assert faults(read_places, "\n".join(places)) == [
        "line 3, column lat",
        "line 4, column lon",
        "line 5, column place",
        "line 6, column lat",
        "line 7, column lon",
        "line 8, column lat",
        "line 9, column lon",
        "line 10, column lat",
        "line 11, column lat",
    ]


@pytest.mark.parametrize(
    ("read", "text", "where"),
    [
        (read_cases, "", "line 1"),
        (read_cases, "place;cases;date\nA;1;2026-11-30", "line 1"),
        (read_cases, "place,date\nA,2026-11-30", "line 1, column cases"),
        (read_cases, "place,cases,date\nA,1", "line 2"),
        (read_places, "place,lat\nA,31", "line 1, column lon"),
    ],
)
def test_a_file_without_its_columns_is_refused(read: object, text: str, where: str) -> None:
    assert faults(read, text)[0] == where


def test_too_many_cases_or_places_are_refused() -> None:
    assert faults(read_cases, "place,cases,date\nA,1000000,2026-11-30\nA,1,2026-11-29\n") == [""]
    many = "".join(f"{i},31.9,118.9\n" for i in range(5_001))
    assert faults(read_places, f"place,lat,lon\n{many}") == [""]


@pytest.mark.parametrize("text", ["", "2026", "2026-13-01", "2026-1-1-1", "0000-01-01", "２０２６-01-01"])
def test_no_day(text: str) -> None:
    assert day_of(text) is None
