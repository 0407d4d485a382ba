"""The forms of the commands are read from the commands' own types; units are found by their initials."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from dashboard.layouts.command_forms import forms_of
from dashboard.texts import texts
from services.access.rights import Person
from services.cases.limits import limit_of_class
from services.contract.case import Limit
from services.contract.command_forms import command_forms
from services.contract.commands import COMMANDS, NEED_NO_REASON
from services.district.initials import initials_of
from services.district.leads import lead_of, leads
from services.district.package import District, FilingCondition

CHOICE = Path(__file__).parents[3] / "dashboard/assets/modules/desk/unit-choice.js"
OURS = {"case_id", "expected_version", "actor", "acted_at", "attachments"}


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_form_has_the_fields_of_its_body_and_no_other(kind: str) -> None:
    fields = {field.name: field for field in command_forms()[kind]}
    of_body = {field.encode_name for field in msgspec.structs.fields(COMMANDS[kind])}
    assert fields.keys() == of_body - (OURS if kind.startswith("case.") else OURS - {"case_id"})
    assert fields["reason"].is_required == (kind not in NEED_NO_REASON)
    for field in msgspec.structs.fields(COMMANDS[kind]):
        if field.required and field.encode_name in fields:
            assert fields[field.encode_name].is_required


def test_a_form_knows_what_a_key_names_and_what_a_code_may_be() -> None:
    dispatch = {field.name: field for field in command_forms()["case.dispatch"]}
    assert (dispatch["lead_unit"].kind, dispatch["co_units"].kind) == ("unit", "units")
    assert (dispatch["limit"].kind, {*dispatch["limit"].options}) == ("limit", {"UH", "UD", "WH", "WD"})
    whistle = {field.name: field for field in command_forms()["case.whistle"]}
    assert whistle["reason_code"].is_required, "a code that has a standing value is asked for all the same"
    assert command_forms()["case.supervise"][1].options == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("区城市管理局", "qcsglj"), ("交通警察大队", "jtjcdd"), ("白鹭汀镇", "bltz"), ("110 指挥室", "110zhs"),
        ("阿坝座", "abz"), ("Works", "works"), ("（一）", "y"), ("", ""), ("🙂龘", ""),
    ],
)  # fmt: skip
def test_initials_of_a_name(name: str, initials: str) -> None:
    assert initials_of(name) == initials


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("城管", ["D2"]),
        ("cgj", ["D2"]),
        ("d1", ["D1", "D10"]),
        ("市", ["D1", "D10"]),
        ("zzz", []),
        (" ", ["D1", "D2", "D10"]),
    ],
)
def test_a_unit_is_found_by_name_initials_or_number(typed: str, found: list[str]) -> None:
    units = [
        {"code": code, "name": name, "initials": initials_of(name)}
        for code, name in (("D1", "市政中心"), ("D2", "城管局"), ("D10", "区市场监管局"))
    ]
    script = (
        "const {matching} = await import(process.argv[1]); const [units, typed] = JSON.parse(process.argv[2]);"
        "console.log(JSON.stringify(matching(units, typed).map(unit => unit.code)));"
    )
    told = json.dumps([units, typed])
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script, str(CHOICE), told], text=True, capture_output=True, check=True
    )
    assert json.loads(done.stdout) == found


def condition(value: float, unit: str = "WD", minor: str = "01") -> FilingCondition:
    return FilingCondition("S", "event", "02", minor, "店外经营", "", value, unit, "02")


def test_the_limit_of_a_class_is_the_one_that_all_its_conditions_share() -> None:
    assert limit_of_class([condition(2), condition(2), condition(9, minor="02")], "S|event|02|01") == Limit(
        value=2, unit="WD"
    )
    assert limit_of_class([condition(2), condition(2, "WH")], "S|event|02|01") is None
    assert limit_of_class([condition(2)], "") is None


def test_the_leading_departments_are_those_of_the_escalation(tiny: District) -> None:
    rows = ({"code": "D1", "domains": "04 05"}, {"code": "D2", "domains": "05 06"})
    district = replace(tiny, tables={"departments": rows})
    assert leads(district) == {"04": "D1", "05": "D1", "06": "D2"}
    assert {domain: lead_of(district, domain) for domain in ("05", "99")} == {"05": "D1", "99": f"{tiny.code}-center"}


def test_every_command_that_may_be_sent_has_its_form_on_the_desk(tiny: District) -> None:
    officer, street = Person("d", "周敏", "duty_officer"), Person("s", "马骏", "street_staff", "S1")
    field = {"case.acknowledge", "case.progress", "case.handle"}  # of whoever acts there
    assert forms_of(officer, tiny)["forms"].keys() == COMMANDS.keys() - field
    assert field <= forms_of(street, tiny)["forms"].keys()
    department = forms_of(Person("u", "高翔", "department", unit="D1"), tiny)["forms"]
    assert department.keys() == field | {"case.return", "case.extend", "case.answer_whistle"}
    assert "case.take_back" not in forms_of(street, tiny)["forms"]


# What a form never asks for: the picked patrol, the click on the map, the camera whose panel is open.
GIVEN = {"unit_id", "lon", "lat", "coord_sys", "camera_id", "case_id", "acted_at"}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_field_has_its_label_and_every_code_its_word(language: str) -> None:
    words = texts(language)
    labels, levels = words["form"]["labels"], words["form"]["levels"]
    said = {
        "reason_code": words["reason"],
        "fault": words["camera"]["faults"],
        "kind": words["desk"]["kinds"],
        "limit": words["form"]["limit_units"],
    }
    for kind, fields in command_forms().items():
        for field in fields:
            if field.name in GIVEN:
                continue
            assert labels.get(f"{kind}.{field.name}") or labels.get(field.name), f"{kind}: {field.name}"
            if field.kind == "number":
                assert all(levels[n] for n in field.options if isinstance(n, int))
            elif field.kind in {"choice", "limit"} and field.name in said:
                assert {*field.options} <= said[field.name].keys(), f"{kind}: {field.name}"
        assert kind in NEED_NO_REASON or len(words["form"]["reasons"].get(kind, ())) >= 2, f"{kind}: ready reasons"
