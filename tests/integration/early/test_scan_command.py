"""``lianqin early scan``: what it prints, what it leaves out, what it refuses."""

import json
from pathlib import Path

import pytest

from dashboard.cli.main import main

PLACES = "place,lat,lon\nA,31.900,118.900\nB,31.905,118.900\nC,31.990,118.990\n"
# Twelve days with a case at each, and one more at A and B on each of the last two days.
CASES = "".join(f"{place},1,2026-11-{day}\n" for place in "ABC" for day in range(18, 30))
SIGN = "".join(f"{place},1,2026-11-{day}\n" for place in "AB" for day in (28, 29))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    cases, places = tmp_path / "cases.csv", tmp_path / "places.csv"
    cases.write_text("place,cases,date\n" + CASES + SIGN + "D,4,2026-11-20\nA,7,2026-11-30\n", "utf-8")
    places.write_text(PLACES, "utf-8")
    return cases, places


def run(files: tuple[Path, Path], tmp_path: Path, *more: str) -> int:
    cases, places = (str(path) for path in files)
    given = ["early", "scan", "--data-dir", str(tmp_path / "data"), "--cases", cases, "--places", places]
    return main([*given, "--until", "2026-11-29", *more])


def test_it_says_where_and_since_when_as_json_and_in_words(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(files, tmp_path, "--replicates", "99", "--seed", "3", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    first = said["clusters"][0]
    assert (first["places"], first["days"], first["from"], first["until"]) == (
        ["A", "B"],
        2,
        "2026-11-28",
        "2026-11-29",
    )
    assert (first["observed"], first["expected"]) == (8, 28 * 10 / 40)
    assert 0.05 < first["p"] <= 1
    assert (said["cases"], said["places"], said["left_out"]) == (
        40,
        3,
        {"later": 7, "place_unknown": 4, "place_unknown_first": "line 42, place D"},
    )
    assert run(files, tmp_path, "--replicates", "0", "--json") == 0
    assert json.loads(capsys.readouterr().out)["clusters"][0]["p"] is None
    assert run(files, tmp_path, "--replicates", "99", "--seed", "3") == 0
    words = capsys.readouterr().out.splitlines()
    assert said["added_up"] == {"rows": 4, "first": "line 38"}
    assert words[:4] == [
        "40 cases at 3 places up to 2026-11-29",
        "left out: 7 cases after that day",
        "left out: 4 cases of places without a position, first line 42, place D",
        "added up: 4 rows that name a place and a day once more, first line 38",
    ]
    assert words[4].startswith("1. A and 1 place around it, since 2026-11-28: 8 cases, 7.00 expected")


def test_what_cannot_be_looked_through_is_refused_in_words(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more, said in (
        (["--window", "0"], "--window 0: give a number from 1 to 366"),
        (["--radius-km", "nan"], "--radius-km nan"),
        (["--replicates", "100000"], "--replicates 100000"),
        (["--until", "yesterday"], "--until yesterday: write the day as 2026-11-30"),
    ):
        assert run(files, tmp_path, *more) == 1
        assert said in capsys.readouterr().err
    files[0].write_text("place,cases,date\nA,1,2026-11-31\nA,x,2026-11-29\n", "utf-8")
    assert run(files, tmp_path) == 1
    assert capsys.readouterr().err.count("line ") == 2


def test_without_a_case_nothing_is_found_and_that_is_said(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files[0].write_text("place,cases,date\n", "utf-8")
    files[1].write_text("place,lat,lon\n", "utf-8")
    assert run(files, tmp_path) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "no zone has more cases than expected"
