"""What is hidden: persons in a refused text, and a sensitive case's place and class on the wall."""

import dataclasses
from time import perf_counter

import pytest

from services.cases.case import CasePlace, settle
from services.cases.masking import GridCentres, for_wall
from services.contract.parse import Event, parse
from services.contract.personal import mask_refused, mask_text
from services.district.package import District
from tests.tiny import NOON, OFFICE, STEP, WEST, case, entry


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("打 13812345678 找人", "打 138****5678 找人"),
        ("+8613812345678", "+86138****5678"),
        ("138-1234-5678 或 138 1234 5678", "138****5678 或 138****5678"),
        ("0519-85551234", "0519-****234"),
        ("身份证110101199001011234", "身份证110101********1234"),
        ("11010119900101123X", "110101********123X"),
        ("1763877909120-0", "1763877909120-0"),
        ("20261123-00417", "20261123-00417"),
        ("2026-11-23T14:05:09.120+08:00", "2026-11-23T14:05:09.120+08:00"),
        ("118.905, 31.905", "118.905, 31.905"),
    ],
)
def test_numbers_of_people_lose_their_middle_and_other_numbers_do_not(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        '{"reporter":{"name":"王小明","phone":"13812345678"},"title":"井盖"}',
        '{"reporter" : {"who":{"first":"王}小明"},"x":[1,"王小明"]},"title":"井盖"}',
        '{"reporter":["王小明","13812345678"],"title":"井盖"}',
        '{"reporter":"王小明 \\" 王小明","title":"井盖"}',
        '{"title":"井盖","reporter":{"name":"王小',
        '{"title":"井盖","reporter":{"name":"王小明","ph',
        "{'title': '井盖', 'reporter': {'name': '王小明', 'phone': '13812345678'}}",
        "title=井盖&reporter=王小明&phone=13812345678",
        '"{\\"title\\":\\"井盖\\",\\"reporter\\":{\\"name\\":\\"王小明\\"}}"',
        '{"title":"井盖","handler":"王小明","step":{"actor":"王小明"}}',
        '{"title":"井盖","escalations":[{"acknowledged_by":"王小明"}],"REPORTER":"王小明"}',
        '{"title":"井盖 \\u0031\\u0033812345678"}',
    ],
)
def test_a_refused_text_names_nobody_however_broken_it_is(text: str) -> None:
    shown = mask_refused(text.encode())
    assert "王" not in shown
    assert "小明" not in shown
    assert "13812345678" not in shown
    assert "井盖" in shown


def test_bytes_that_are_no_text_can_be_shown_and_little_of_much_is() -> None:
    assert mask_refused(b"\xff\xfe\x00ok").endswith("ok")
    assert len(mask_refused(b"x" * 10**6)) == 4000


@pytest.mark.parametrize(
    "text",
    [b'"name":"' * 40_000, b'{"name":{' * 30_000, b'"' + b'\\"' * 130_000, b"name" + b" " * 250_000, b"0" * 250_000],
)
def test_masking_takes_no_time(text: bytes) -> None:
    start = perf_counter()
    mask_refused(text)
    assert perf_counter() - start < 1


@pytest.mark.parametrize(
    ("grid", "community", "at"),
    [("G01", "C1", (0.5, 1.5)), ("", "C2", (1.5, 1.0)), ("", "", (1.0, 1.0)), ("unknown", "C1", (0.5, 1.0))],
)
def test_a_sensitive_case_stands_at_the_centre_of_the_finest_area_known(
    tiny: District, grid: str, community: str, at: tuple[float, float]
) -> None:
    event = parse("1-0", entry(case(domain="09", category={"name": "纠纷"})), NOON)
    assert isinstance(event, Event)
    row = settle(event, 1, CasePlace(118.901, 31.901, "S1", community, grid), "09", OFFICE)
    shown = for_wall(row, 0, GridCentres(tiny))
    assert (shown.lon, shown.lat) == (pytest.approx(WEST + at[0] * STEP), pytest.approx(31.9 + at[1] * STEP))
    assert shown.class_name == ""


def test_a_sensitive_case_without_any_drawn_area_has_no_place_on_the_wall(tiny: District) -> None:
    blank = dataclasses.replace(tiny, streets={}, communities={}, grids={})
    event = parse("1-0", entry(case(domain="10")), NOON)
    assert isinstance(event, Event)
    shown = for_wall(settle(event, 1, CasePlace(118.901, 31.901, "S1"), "10", OFFICE), 0, GridCentres(blank))
    assert (shown.lon, shown.lat) == (None, None)


def test_another_case_keeps_its_place_and_class(tiny: District) -> None:
    event = parse("1-0", entry(case(category={"name": "井盖"})), NOON)
    assert isinstance(event, Event)
    shown = for_wall(settle(event, 1, CasePlace(118.9012345678, 31.901, "S1"), "04", OFFICE), 0, GridCentres(tiny))
    assert (shown.lon, shown.lat, shown.class_name) == (118.901235, 31.901, "井盖")
