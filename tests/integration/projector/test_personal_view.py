"""The personal fields of a case: masked for a panel; one at a time unmasked, on the record first."""

import json

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.exc import DatabaseError

from services.audit import Who, verify
from services.audit import log_service as store
from services.audit.log_service import AuditLog, AuditQuery
from services.district.package import District
from services.platform.database import writing
from services.platform.sealing import Sealer, make_key
from services.projector.errands.rebuild import rebuild
from services.projector.ingest import Ingest
from services.projector.sealed.service import NAME, PHONE, PersonalField, RevealRefused, personal_fields, reveal
from services.projector.store import tables as schema
from tests.tiny import NOON, case, entry, numbered

WHO = Who("wang", "duty_officer", "", "10.0.0.7")
WHY = "核实现场位置"
KEY = make_key()
DESCRIPTION = "联系人：王小明，电话13812345678，井盖破损"
CASE = case(
    "A",
    description=DESCRIPTION,
    address="东街1号",
    handler="李建国",
    reporter={"name": "王小明", "phone": "13812345678"},
)


def take(engine: Engine, district: District, key: str, *datas: dict[str, object], start: int = NOON) -> None:
    entries = [entry(data, event_id=f"{start}-{i}") for i, data in enumerate(datas)]
    Ingest(engine, district, Sealer(key)).apply(numbered(entries, start), NOON)


def shown(engine: Engine, key: str, case_id: str = "A") -> dict[str, PersonalField]:
    found = personal_fields(engine, Sealer(key), case_id)
    assert found is not None
    return {field.field: field for field in found}


def ask(engine: Engine, key: str, field: str, reason: str = WHY, case_id: str = "A") -> str:
    return reveal(engine, Sealer(key), AuditLog(engine), NOON, who=WHO, case_id=case_id, field=field, reason=reason)


def refusal(engine: Engine, key: str, field: str = "description", reason: str = WHY, case_id: str = "A") -> str:
    with pytest.raises(RevealRefused) as error:
        ask(engine, key, field, reason, case_id)
    return error.value.code


def recorded(engine: Engine) -> list[tuple[str, str, dict[str, str]]]:
    with engine.connect() as connection:
        assert verify(store.records(connection)) is None
        rows = store.newest(connection, AuditQuery(actions=("reveal",)), 100)
    return [(row.who, row.object, json.loads(row.detail)) for row in rows]


def test_the_fields_are_masked_and_each_says_whether_there_is_more(engine: Engine, tiny: District) -> None:
    take(engine, tiny, KEY, CASE)
    assert list(shown(engine, KEY).values()) == [
        PersonalField("description", "联系人：王**，电话138****5678，井盖破损", True),
        PersonalField("address", "东街1号", False),
        PersonalField("handler", "李**", True),
        PersonalField(NAME, "王**", True),
        PersonalField(PHONE, "138****5678", True),
    ]
    assert personal_fields(engine, Sealer(KEY), "B") is None


def test_one_field_is_revealed_with_its_reason_on_the_record(engine: Engine, tiny: District) -> None:
    take(engine, tiny, KEY, CASE)
    assert ask(engine, KEY, "description", "  回访 13987654321 ，\n核实 ") == DESCRIPTION
    assert ask(engine, KEY, NAME) == "王小明"
    assert ask(engine, KEY, PHONE) == "13812345678"
    assert ask(engine, KEY, "handler") == "李建国"
    assert [(who, about) for who, about, _ in recorded(engine)] == [("wang", "A")] * 4
    assert recorded(engine)[-1][2] == {"field": "description", "reason": "回访 139****4321 ， 核实"}


def test_refusals_are_typed_and_nothing_is_shown(engine: Engine, tiny: District) -> None:
    take(engine, tiny, KEY, CASE)
    take(engine, tiny, "", {**CASE, "case_id": "N"}, start=NOON + 100)
    assert refusal(engine, KEY, reason="  看 ") == "no_reason"
    assert refusal(engine, KEY, reason="看" * 501) == "no_reason"
    assert refusal(engine, KEY, case_id="B") == "unknown_case"
    assert refusal(engine, KEY, "step.note") == "unknown_field"
    assert refusal(engine, KEY, case_id="N") == "nothing_kept"
    assert recorded(engine) == []
    assert refusal(engine, make_key()) == "wrong_key"
    assert refusal(engine, "") == "wrong_key"
    assert refusal(engine, KEY, "address") == "nothing_kept"
    assert len(recorded(engine)) == 3  # who asked for more than there was, or without the key, is on the record


def test_another_key_or_none_shows_only_what_is_masked(engine: Engine, tiny: District) -> None:
    take(engine, tiny, KEY, CASE)
    for key in ("", make_key()):
        found = shown(engine, key)
        assert found["description"] == PersonalField(
            "description", "联系人：王**，电话138****5678，井盖破损", False, "wrong_key"
        )
        assert found[NAME] == PersonalField(NAME, "***", False, "wrong_key")
    take(engine, tiny, "", {**CASE, "case_id": "N"}, start=NOON + 100)
    assert shown(engine, KEY, "N")["description"].why_not == "nothing_kept"
    assert NAME not in shown(engine, KEY, "N")


def test_an_event_that_repeats_our_masked_text_is_opened_by_the_one_before(engine: Engine, tiny: District) -> None:
    masked = "联系人：王**，电话138****5678，井盖破损"
    take(engine, tiny, KEY, CASE)
    again = {**CASE, "version": 2, "description": masked, "handler": "李**"}
    again.pop("reporter")
    take(engine, tiny, KEY, again, start=NOON + 100)
    assert shown(engine, KEY)["description"] == PersonalField("description", masked, True)
    assert ask(engine, KEY, "description") == DESCRIPTION
    assert ask(engine, KEY, "handler") == "李建国"
    assert ask(engine, KEY, PHONE) == "13812345678"
    other = {**again, "version": 3, "description": "电话139****0000"}
    take(engine, tiny, KEY, other, start=NOON + 200)
    assert shown(engine, KEY)["description"].why_not == "nothing_kept"


def test_a_text_kept_in_the_clear_by_an_older_version_is_masked_and_can_be_revealed(
    engine: Engine, tiny: District
) -> None:
    take(engine, tiny, "", CASE)
    with writing(engine) as connection:
        data = json.dumps({k: v for k, v in CASE.items() if k != "reporter"}).encode()
        connection.execute(update(schema.history).values(data=data))
    assert shown(engine, "")["description"] == PersonalField(
        "description", "联系人：王**，电话138****5678，井盖破损", True
    )
    assert ask(engine, "", "description") == DESCRIPTION
    assert recorded(engine)[0][2]["field"] == "description"


def test_a_rebuild_changes_nothing_of_it(engine: Engine, tiny: District) -> None:
    take(engine, tiny, KEY, CASE)
    before = shown(engine, KEY)
    rebuild(engine, Ingest(engine, tiny, Sealer(KEY)), NOON, lambda _text: None)
    assert shown(engine, KEY) == before


def test_what_cannot_be_recorded_is_not_shown(sqlite_engine: Engine, tiny: District) -> None:
    take(sqlite_engine, tiny, KEY, CASE)
    with writing(sqlite_engine) as connection:
        connection.exec_driver_sql("ALTER TABLE audit RENAME TO gone")
    with pytest.raises(DatabaseError):
        ask(sqlite_engine, KEY, "description")
