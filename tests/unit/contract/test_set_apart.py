"""What is personal in a case is masked in its body and set apart, and nothing else is touched."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contract.case import Case
from services.contract.parse import Event, parse
from services.contract.set_apart import (
    LONGEST_REMEMBERED,
    Personal,
    decode_personal,
    encode_personal,
    mask_field,
    mask_person,
    people_of,
    set_apart,
    texts_of,
)
from tests.tiny import NOON, case, entry

PHONE = "13812345678"


def body(**more: object) -> Case:
    return msgspec.convert(case(**more), Case)


def test_every_field_that_people_write_into_is_masked_and_its_original_set_apart() -> None:
    texts = {
        "title": f"打{PHONE}", "description": f"联系人：王小明，{PHONE}", "address": f"东街1号（{PHONE}）",
        "handler": "李建国", "step.actor": "张三", "step.reason": f"核实{PHONE}", "step.note": f"回访{PHONE}",
        "escalations.0.reason": f"见{PHONE}", "escalations.0.acknowledged_by": "赵四",
        "whistles.1.result": f"到{PHONE}",
    }  # fmt: skip
    full = body(
        title=texts["title"],
        description=texts["description"],
        address=texts["address"],
        handler=texts["handler"],
        step={"actor": "张三", "reason": texts["step.reason"], "note": texts["step.note"], "command_id": PHONE},
        escalations=[{"reason": texts["escalations.0.reason"], "acknowledged_by": "赵四"}],
        whistles=[{}, {"result": texts["whistles.1.result"]}],
        reporter={"name": "王小明", "phone": PHONE},
    )
    kept, personal = set_apart(full)
    assert personal == Personal("王小明", PHONE, texts)
    assert decode_personal(encode_personal(personal)) == personal
    shown = texts_of(kept)
    assert shown == {path: mask_field(path, text) for path, text in texts.items()}
    assert shown["description"] == "联系人：王**，138****5678"
    assert shown["handler"] == "李**"
    assert kept.step is not None
    assert kept.step.command_id == PHONE  # no text of a person
    assert kept.reporter is None
    assert set_apart(kept) == (kept, None)


def test_a_case_without_anything_personal_is_left_alone() -> None:
    plain = body(
        title="井盖破损", description="东街1号井盖破损", handler="U-12", step={"actor": "值班员", "note": "已派"}
    )
    assert set_apart(plain) == (plain, None)


@given(st.text(max_size=30), st.text(max_size=10))
def test_what_was_set_apart_stands_where_the_body_is_masked(text: str, name: str) -> None:
    full = body(description=text + PHONE, handler=name)
    kept, personal = set_apart(full)
    originals = personal.texts if personal else {}
    for path, whole in texts_of(full).items():
        # The handler's own name is masked in the texts beside it as well.
        assert texts_of(kept)[path] == mask_field(path, whole, people_of(full))
        assert originals.get(path, whole) == whole
        assert (path in originals) == (mask_field(path, whole) != whole)
    assert set_apart(kept)[1] is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王小明", "王**"), ("欧阳锋", "欧**"), ("John Smith", "J**"), ("王**", "王**"), ("", ""), ("王" * 100, "王**"),
        ("值班员", "值班员"), ("区级值班长", "区级值班长"), ("U-12", "U-12"), ("zhang.san", "zhang.san"),
        ("escalation-policy", "escalation-policy"), ("城管局", "城管局"), ("智慧平台", "智慧平台"),
    ],
)  # fmt: skip
def test_a_name_is_masked_and_an_account_a_unit_or_a_post_is_not(name: str, shown: str) -> None:
    assert mask_person(name) == shown


def test_a_long_text_is_masked_without_being_remembered() -> None:
    text = "长" * LONGEST_REMEMBERED + PHONE
    kept, personal = set_apart(body(description=text))
    assert kept.description == "长" * LONGEST_REMEMBERED + "138****5678"
    assert personal == Personal(texts={"description": text})


@pytest.mark.parametrize(
    "data",
    [
        f'{{"description":"{PHONE}","description":"x",',
        '{"\\u0072eporter":{"name":"王小明"},"\\u0072eporter":null,',
        f'{{"step":{{"note":"{PHONE}"}},"step":null,',
    ],
)
def test_a_field_given_twice_leaves_nothing_of_the_first(data: str) -> None:
    fields = dict(entry(case()))
    fields[b"data"] = data.encode() + fields[b"data"][1:]
    event = parse("1-0", fields, NOON)
    assert isinstance(event, Event)
    assert PHONE.encode() not in event.data
    assert "王".encode() not in event.data


def test_rows_of_older_versions_can_be_read() -> None:
    assert decode_personal('{"name":"王小明","phone":"1"}'.encode()) == Personal("王小明", "1")
