"""The people whom an event names are in none of its texts, in none of the places that keep it."""

import itertools
import json
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from services.audit import Signer, Who
from services.audit.log_service import AuditLog
from services.commands.store import settle
from services.contract.parse import Event, Refused, parse
from services.contract.personal import mask_refused
from services.contract.personal_own import own_of
from services.district.package import District
from services.platform import metadata
from services.platform.database import writing
from services.platform.sealing import Sealer, make_key
from services.projector.ingest import Ingest
from services.projector.sealed.service import personal_fields, reveal
from services.projector.store import tables as schema
from tests.doors import DUTY, EAST, WEST, House, house
from tests.tiny import NOON, case, entry, numbered

KEY = make_key()
NAME, PHONE, HANDLER = "欧阳锋甲", "10012345678", "皇甫铁心"
REPORTER = {"name": NAME, "phone": PHONE}
FIELDS: dict[str, Any] = {
    "title": "{}",
    "description": "{}",
    "address": "{}",
    "step": {"actor": "值班员", "reason": "{}", "note": "{}"},
    "escalations": [{"reason": "{}"}],
    "whistles": [{"result": "{}"}],
}
WAYS = {
    "name": "欧阳锋甲反映", "name with blanks": "欧阳 锋甲 反映", "name with a title": "欧阳锋甲先生",
    "in a sentence": "请找欧阳锋甲核实",
    "phone": "回电10012345678", "phone in parts": "回电100-1234-5678", "with blanks": "回电 100 1234 5678",
    "full width": "回电１００１２３４５６７８", "with +86": "回电+86 10012345678", "with 0086": "回电008610012345678",
    "in words": "回电一零零一二三四五六七八", "one by one": "1 0 0 1 2 3 4 5 6 7 8", "handler": "由皇甫铁心处理",
    "both": "欧阳锋甲反映，回电10012345678",
}  # fmt: skip


def filled(template: Any, text: str) -> Any:
    if isinstance(template, dict):
        return {key: filled(value, text) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, text) for value in template]
    return text if template == "{}" else template


def is_told(kept: str) -> bool:
    """Whether the name, or the phone in any writing, stands there."""
    plain = "".join(kept.split()).translate(
        str.maketrans("０１２３４５６７８９零一二三四五六七八九", "01234567890123456789")
    )
    return any(word in plain for word in (NAME, NAME[1:], PHONE, PHONE[3:7], HANDLER, HANDLER[1:])) or (
        PHONE in plain.replace("-", "")
    )


@pytest.mark.parametrize("way", WAYS)
def test_reporter_and_handler_are_masked_in_every_text_of_their_event(way: str) -> None:
    data = case(**filled(FIELDS, WAYS[way]), reporter=REPORTER, handler=HANDLER)
    event = parse(f"{NOON}-0", entry(data), NOON)
    assert isinstance(event, Event)
    assert not is_told(event.data.decode())
    assert event.personal is not None
    originals = {path for path, text in event.personal.texts.items() if text == WAYS[way]}
    assert originals == {
        "title",
        "description",
        "address",
        "step.reason",
        "step.note",
        "escalations.0.reason",
        "whistles.0.result",
    }


@pytest.mark.parametrize(
    "phone", ["0519-85001234", "(0519)85001234", "85001234", "+86 519 85001234", "12345", "138１２３４5678"]
)
def test_a_phone_is_found_however_it_was_told(phone: str) -> None:
    digits = "".join(str(int(c)) for c in phone if c.isdigit())[-5:]
    for text in (f"回电{phone}", f"回电 {phone} 。", f"电：{'-'.join(phone)}"):
        assert digits not in own_of((), (phone,)).mask(text).replace("-", ""), text


def test_what_is_no_name_and_no_phone_hides_nothing() -> None:
    own = own_of(("王**", "匿", "U-12", "12", ""), ("", "138****5678", "12"))
    assert own.mask("U-12 王** 匿名 12 138****5678") == "U-12 王** 匿名 12 138****5678"


@given(st.text(max_size=40), st.sampled_from(list(WAYS.values())))
def test_masking_again_changes_nothing(text: str, told: str) -> None:
    own = own_of((NAME, HANDLER), (PHONE,))
    once = own.mask(text + told + text)
    assert own.mask(once) == once


@pytest.mark.parametrize("is_restarted", [False, True], ids=["same process", "after a restart"])
def test_a_later_event_that_carries_the_text_without_the_reporter_keeps_them_masked(
    engine: Engine, tiny: District, is_restarted: bool
) -> None:
    sealer, text = Sealer(make_key()), WAYS["both"]
    first = entry(case("A1", 1, description=text, reporter=REPORTER))
    later = entry(case("A1", 2, "handling", description=text, title=f"{NAME}家门前"))
    other = entry(case("B1", 1, description=f"{NAME}路口井盖破损"))  # nobody of that case is called so
    ingest = Ingest(engine, tiny, sealer)
    batches = [[row] for row in numbered([first, later, other])] if is_restarted else [numbered([first, later, other])]
    for batch in batches:
        ingest = Ingest(engine, tiny, sealer) if is_restarted else ingest
        ingest.apply(batch, NOON, batch[-1][0])
    with engine.connect() as connection:
        rows = connection.execute(select(schema.history.c.subject, schema.history.c.data)).all()
    kept = {subject: [bytes(data).decode() for s, data in rows if s == subject] for subject, _ in rows}
    assert len(kept["A1"]) == 2
    assert not any(is_told(data) for data in kept["A1"])
    assert NAME in kept["B1"][0]
    fields = personal_fields(engine, sealer, "A1")
    assert fields is not None
    assert not any(is_told(field.shown) for field in fields)
    assert {field.field for field in fields if field.can_reveal} == {
        "title",
        "description",
        "reporter.name",
        "reporter.phone",
    }
    log = AuditLog(engine, Signer([make_key()]))
    assert (
        reveal(engine, sealer, log, NOON, who=Who("duty"), case_id="A1", field="description", reason="回访核实情况")
        == text
    )
    assert (
        reveal(engine, sealer, log, NOON, who=Who("duty"), case_id="A1", field="title", reason="回访核实情况")
        == f"{NAME}家门前"
    )


def test_a_reporter_told_after_the_text_hides_in_what_comes_behind(sqlite_engine: Engine, tiny: District) -> None:
    """The event before it is kept as it came: nothing said then whose name that is. It is masked where it is shown."""
    sealer = Sealer(make_key())
    told = [
        entry(case("A1", 1, description=WAYS["name"])),
        entry(case("A1", 2, "handling", description=WAYS["name"], reporter=REPORTER)),
        entry(case("A1", 3, "handling", description=WAYS["name"])),
    ]
    batch = numbered(told)
    Ingest(sqlite_engine, tiny, sealer).apply(batch, NOON, batch[-1][0])
    with sqlite_engine.connect() as connection:
        rows = connection.execute(select(schema.history.c.data).order_by(schema.history.c.entry)).scalars().all()
    assert [is_told(bytes(data).decode()) for data in rows] == [True, False, False]


@pytest.mark.parametrize("is_escaped", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_a_refused_entry_shows_none_of_them(way: str, is_escaped: bool) -> None:
    data = {**case(status="lost", description=WAYS[way]), "reporter": REPORTER, "handler": HANDLER, "note": WAYS[way]}
    raw = json.dumps(data, ensure_ascii=is_escaped).encode()
    assert isinstance(parse(f"{NOON}-0", entry(data), NOON), Refused)
    for text in (raw, raw[: len(raw) - 3], raw.replace(b'"', b"'")):
        assert not is_told(mask_refused(text)), text


def test_the_dead_keep_no_name_in_the_clear(engine: Engine, redis_client: redis.Redis, tiny: District) -> None:
    told = [
        entry(case("A1", i, status="lost", description=way, reporter=REPORTER, handler=HANDLER))
        for i, way in enumerate(WAYS.values(), 1)
    ]
    batch = numbered(told)
    Ingest(engine, tiny, Sealer(make_key())).apply(batch, NOON, batch[-1][0])
    with engine.connect() as connection:
        rows = connection.execute(select(schema.dead)).all()
    assert len(rows) == len(WAYS)
    for row, column in itertools.product(rows, ("masked", "detail", "source", "type")):
        assert not is_told(getattr(row, column))


@pytest.mark.redis
def test_what_people_write_of_a_case_has_none_of_its_people(
    sqlite_engine: Engine, redis_client: redis.Redis, tiny: District
) -> None:
    key = make_key()
    with house(sqlite_engine, redis_client, tiny, data_key=key) as home:
        told = case(EAST.case_id, 5, "handling", title="井盖破损", reporter=REPORTER, severity=2)
        batch = numbered([entry(told, "case.corrected", NOON)], NOON + 50_000)
        Ingest(sqlite_engine, tiny, Sealer(key)).apply(batch, NOON)
        note = {"seat": "S1", "kind": "note", "text": WAYS["both"], "token": "t", "case_id": EAST.case_id}
        assert home.post(DUTY, "/api/v1/log", note).status_code == 200
        report = {"seat": "S1", "case_id": EAST.case_id, "number": 0, "text": WAYS["both"]}
        assert home.post(DUTY, "/api/v1/reports", report).status_code == 200
        why = {"field": "reporter.phone", "reason": f"给{NAME}回电话核实"}
        assert home.post(DUTY, f"/api/v1/cases/{EAST.case_id}/reveal", why).json == {"text": PHONE}
        assert not any(told_in(sqlite_engine).values())


def told_in(engine: Engine) -> dict[str, list[str]]:
    """Every row of every table in which one of them stands."""
    with engine.connect() as connection:
        return {
            name: [row for found in connection.execute(select(table)) if is_kept(row := plain(found))]
            for name, table in metadata.metadata.tables.items()
        }


def is_kept(row: str) -> bool:
    """As ``is_told``; of a phone so much that no hash has it by chance."""
    digits = "".join(str(unicodedata.digit(c, c)) for c in row if c not in " -\u3000")
    digits = digits.translate(str.maketrans("零一二三四五六七八九", "0123456789"))
    return any(word in row for word in (NAME[1:], HANDLER[1:])) or PHONE[1:9] in digits


def plain(row: Iterable[Any]) -> str:
    """A row's values, bytes as the text that they are."""
    return " ".join(v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in row)


@pytest.fixture
def told_house(engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    """The house; somebody has reported EAST and somebody handles it, on no field that a reason is written in."""
    with house(engine, redis_client, tiny, data_key=KEY) as home:
        told = case(EAST.case_id, 5, "handling", title="井盖破损", reporter=REPORTER, handler=HANDLER, severity=2)
        Ingest(engine, tiny, Sealer(KEY)).apply(numbered([entry(told, "case.corrected", NOON)], NOON + 50_000), NOON)
        yield home


@pytest.mark.redis
@pytest.mark.parametrize("way", WAYS)
def test_the_reason_of_a_command_keeps_none_of_the_cases_people(told_house: House, way: str) -> None:
    home, why = told_house, WAYS[way]
    wish = {"batch": "batch-0001", "type": "case.urge", "cases": [[EAST.case_id, 1], [WEST.case_id, 1]], "reason": why}
    assert [o["state"] for o in home.post(DUTY, "/api/v1/commands", wish).json["outcomes"]] == ["sent", "sent"]
    assert home.post(DUTY, "/api/v1/commands", wish).json["outcomes"][0]["state"] == "sent"  # a second try
    assert not any(told_in(home.engine).values())
    # The case system hears what was typed: it is its text, and comes back in the case's events.
    sent = [msgspec.json.decode(fields[b"data"]) for _, fields in home.sent_commands()]
    assert [command["reason"] for command in sent] == [why, why]


@pytest.mark.redis
def test_what_is_typed_of_a_case_keeps_none_of_its_people_whatever_is_done(told_house: House) -> None:
    home, why = told_house, "给欧阳锋甲回电10012345678，皇甫铁心在场"
    about = {"reason": why, "version": 1, "batch": "batch-0002"}
    close = {
        "batch": "batch-0003",
        "type": "case.close",
        "cases": [[EAST.case_id, 1]],
        "reason": why,
        "data": {"result": why},
    }
    assert home.post(DUTY, "/api/v1/commands", close).status_code == 200
    refused = {"batch": "batch-0004", "type": "case.urge", "cases": [[EAST.case_id, 99]], "reason": why * 20}
    assert home.post(DUTY, "/api/v1/commands", refused).status_code == 200
    assert home.post(DUTY, f"/api/v1/proposals/{EAST.case_id}/confirm", about).status_code == 200
    assert home.post(DUTY, f"/api/v1/proposals/{EAST.case_id}/decline", about).status_code == 200
    alarms = home.web.follower.board.alarms.values()
    alarm = next(alarm.id for alarm in alarms if alarm.subject.case_id == EAST.case_id)
    for verb in ("shelve", "unshelve", "acknowledge"):
        until = home.clock.now_ms() + 600_000
        answer = home.post(DUTY, f"/api/v1/alarms/{alarm}/{verb}", {"comment": why, "until": until})
        assert answer.status_code == 200, (verb, answer.text)
    # In the text alone: no field names the case.
    named = f"{EAST.case_id}号案件：{why}"
    note = {"seat": "S1", "kind": "note", "text": named, "token": "t2"}
    assert home.post(DUTY, "/api/v1/log", note).status_code == 200
    unseen = {"seat": "S1", "kind": "note", "text": f"{EAST.case_id} 欧阳\u200b锋甲", "token": "t3"}
    assert home.post(DUTY, "/api/v1/log", unseen).status_code == 200
    home.post(DUTY, "/api/v1/handover/out", {"seat": home.district.code, "reason": named})
    assert not any(told_in(home.engine).values())


@pytest.mark.redis
@pytest.mark.parametrize("names_case", [True, False], ids=["with its case", "with its command alone"])
def test_the_case_systems_answer_keeps_none_of_them(told_house: House, names_case: bool) -> None:
    home, why = told_house, "欧阳锋甲（10012345678）不同意，皇甫铁心未到"
    wish = {"batch": "batch-0001", "type": "case.urge", "cases": [[EAST.case_id, 1]], "reason": "请尽快办理"}
    (outcome,) = home.post(DUTY, "/api/v1/commands", wish).json["outcomes"]
    answer = {"command_id": outcome["command_id"], "reason": why} | ({"case_id": EAST.case_id} if names_case else {})
    batch = numbered([entry(answer, "command.rejected", NOON)], NOON + 60_000)
    Ingest(home.engine, home.district, Sealer(KEY)).apply(batch, NOON)
    with writing(home.engine) as connection:
        (settled,) = settle(connection, NOON)
    assert (settled.state, is_told(settled.reason)) == ("refused", False)
    assert not any(told_in(home.engine).values())
