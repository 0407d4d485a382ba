"""A shift is signed for by who is on its roster, or with a reason on the audit; its sheet cannot be made anew."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import redis
from sqlalchemy import Engine, select, update

from services.audit import Signer
from services.audit import log_service as store
from services.audit.log_service import AuditQuery
from services.district.package import District
from services.duty.service import DutyDesk
from services.duty.sheet import decode, digest_of, encode
from services.duty.tables import handovers
from services.platform.database import writing
from services.platform.sealing import make_key
from tests.doors import DUTY, S1, WHO, House, Who, house
from tests.tiny import CODE
from tests.unit.duty.test_duty_roster import line

pytestmark = pytest.mark.redis
KEY, OTHER = make_key(), make_key()
LEADER = next(who for who in WHO if who.name == "leader")
# At the centre «duty» goes and «姓名leader» leads; in S1 somebody else is on duty; S2 has no names.
ROSTER = (
    line("23T08:00", "23T16:00", "白班", "duty"),
    line("23T16:00", "24T00:00", "晚班", "郑洁"),
    line("23T08:00", "23T16:00", "全天", "李四", seat="S1"),
    line("23T16:00", "24T00:00", "全天", "姓名s1", seat="S1"),
)
WHY = "当班人员外出处置"


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    district = dataclasses.replace(tiny, tables={"roster": ROSTER})
    with house(sqlite_engine, redis_client, district, data_key=KEY) as found:
        yield found


def out(home: House, who: Who, seat: str, **more: str) -> Any:
    return home.post(who, "/api/v1/handover/out", {"seat": seat, **more})


def strangers(home: House) -> list[tuple[str, str, dict[str, Any]]]:
    with home.engine.connect() as connection:
        rows = store.newest(connection, AuditQuery(actions=("handover_stranger",)), 9)
    return [(row.who, row.object, json.loads(row.detail)) for row in rows]


def test_who_is_on_the_roster_signs_and_nobody_asks_why(home: House) -> None:
    assert out(home, DUTY, CODE).status_code == 200
    assert strangers(home) == []


@pytest.mark.parametrize(("who", "seat"), [(DUTY, "S1"), (S1, "S1"), (DUTY, "S2")], ids=str)
def test_who_is_not_signs_with_a_reason_only_and_the_auditor_hears_of_it(home: House, who: Who, seat: str) -> None:
    for reason in ({}, {"reason": ""}, {"reason": "....."}, {"reason": "代签"}):
        answer = out(home, who, seat, **reason)
        assert (answer.status_code, answer.json["code"]) == (409, "not_on_roster")
    assert strangers(home) == []
    assert out(home, who, seat, reason=WHY).status_code == 200
    ((name, about, detail),) = strangers(home)
    assert (name, about, detail["as"], detail["reason"]) == (who.name, seat, "out", WHY)
    auditor = next(who for who in WHO if who.name == "auditor")
    assert "非在岗人员签交接" in home.get(auditor, "/audit").text


def test_who_is_not_on_the_roster_is_told_before_they_sign(home: House) -> None:
    def told(who: Who, seat: str, key: str = "out") -> str:
        return str(home.get(who, f"/api/v1/handover?seat={seat}&lang=zh-CN").json["warnings"][key])

    assert told(DUTY, CODE) == ""
    assert told(DUTY, "S1") == "不在值班表上：姓名duty。交班人应为：李四。签字须写理由。"
    assert "未排班" in told(DUTY, "S2")
    assert told(LEADER, "S1") == "", "who may not sign is not warned"
    kept = out(home, DUTY, "S1", reason=WHY).json["handover"]["id"]
    assert told(S1, "S1", kept) == "", "姓名s1 comes"
    assert told(DUTY, "S1", kept) == "", "who has signed out cannot sign in"
    kept = out(home, S1, "S1", reason=WHY).json["handover"]["id"]
    assert told(DUTY, "S1", kept) == "不在值班表上：姓名duty。接班人应为：姓名s1。签字须写理由。"


def test_taking_over_is_judged_by_who_comes(home: House) -> None:
    kept = out(home, DUTY, CODE).json["handover"]
    path = f"/api/v1/handover/{kept['id']}/in"
    home.enter(DUTY)
    answer = home.post(DUTY, path, {"seat": CODE, "digest": kept["digest"]})
    assert answer.status_code == 409, answer.text
    assert answer.json["code"] == "not_on_roster"  # 郑洁 comes
    kept = out(home, DUTY, "S1", reason=WHY).json["handover"]
    answer = home.post(S1, f"/api/v1/handover/{kept['id']}/in", {"seat": "S1", "digest": kept["digest"]})
    assert answer.status_code == 200, answer.text  # 姓名s1 comes


def test_a_sheet_that_was_made_anew_by_sql_is_not_the_one_that_was_signed(home: House) -> None:
    kept = out(home, DUTY, CODE).json["handover"]

    def found(signer: Signer) -> tuple[bool, bool]:
        desk = DutyDesk(home.engine, home.district, signer=signer)
        handover = desk.handover(CODE, kept["id"])
        return handover.is_whole, handover.is_whole and desk.is_keyed(handover.kept)

    def forge(**values: object) -> None:
        with writing(home.engine) as connection:
            connection.execute(update(handovers).where(handovers.c.id == kept["id"]).values(**values))

    assert found(Signer([KEY])) == (True, True)
    assert found(Signer([OTHER, KEY])) == (True, True)
    with home.engine.connect() as connection:
        text = bytes(connection.execute(handovers.select()).one().sheet)
    other = encode(msgspec.structs.replace(decode(text), seat="S2"))
    link, name, seal = kept["digest"].split(":")
    assert link == digest_of(text)
    for digest, is_whole in (
        (kept["digest"], False),
        (f"{digest_of(other)}:{name}:{seal}", False),
        (Signer([OTHER]).stamp(digest_of(other)), False),
        (f"{digest_of(other)}:{name}:{'0' * 32}", False),
        (digest_of(other), True),  # as one of a time without a key: the page says that it proves less
    ):
        forge(sheet=other, digest=digest)
        assert found(Signer([KEY])) == (is_whole, False), digest


def test_a_strangers_handover_waits_for_the_leader_and_says_so(home: House) -> None:
    kept = out(home, DUTY, "S1", reason=WHY).json["handover"]
    assert (kept["out_reason"], kept["waits_for_leader"], kept["is_over"]) == (WHY, True, False)
    found = home.get(S1, "/api/v1/handover?seat=S1").json["handovers"][0]
    assert found["waits_for_leader"]
    accept = f"/api/v1/handover/{kept['id']}/accept"
    for who in (DUTY, S1):
        assert home.post(who, accept, {"seat": "S1"}).status_code == 403
    assert home.post(LEADER, accept, {"seat": "S1"}).json["handover"]["waits_for_leader"] is False
    again = home.post(LEADER, accept, {"seat": "S1"})
    assert (again.status_code, again.json["code"]) == (409, "nothing_to_accept")
    assert home.post(LEADER, "/api/v1/handover/none/accept", {"seat": "S1"}).json["code"] == "no_handover"
    auditor = next(who for who in WHO if who.name == "auditor")
    assert "认可替班签字" in home.get(auditor, "/audit").text


def test_notes_stand_on_the_sheet_are_additions_once_both_have_signed_and_stay(home: House) -> None:
    present = home.get(DUTY, f"/api/v1/handover?seat={CODE}").json["present"]
    notes = f"/api/v1/handover/{present}/notes"
    assert home.post(DUTY, notes, {"seat": CODE, "text": "夜市 19 点后人多，回电 13812345678"}).status_code == 200
    assert home.post(DUTY, notes, {"seat": CODE, "text": "  "}).json["code"] == "empty"
    assert home.post(DUTY, notes, {"seat": CODE, "text": "长" * 501}).json["code"] == "too_long"
    assert home.post(S1, notes, {"seat": CODE, "text": "别的席位"}).status_code == 403
    assert home.post(DUTY, notes, {"seat": "S1", "text": "别的席位"}).json["code"] == "no_handover"
    kept = out(home, DUTY, CODE).json["handover"]
    assert kept["id"] == present
    with home.engine.connect() as connection:
        sheet = connection.execute(select(handovers.c.sheet).where(handovers.c.id == present)).scalar_one()
    assert [note.text for note in decode(sheet).notes] == ["夜市 19 点后人多，回电 138****5678"], "it is signed with it"
    brief = home.get(LEADER, f"/api/v1/handover/{present}/brief?seat={CODE}").json["lines"]
    assert any("夜市" in line for line in brief)
    before = decode(sheet)
    with writing(home.engine) as connection:
        connection.execute(update(handovers).where(handovers.c.id == present).values(in_by="x 郑洁", in_at=1))
    assert home.post(LEADER, notes, {"seat": CODE, "text": "补一句"}).status_code == 200
    told = home.get(DUTY, f"/api/v1/handover?seat={CODE}").json["notes"][present]
    assert [(n["text"][:2], n["is_addition"]) for n in told] == [("夜市", False), ("补一", True)]
    with home.engine.connect() as connection:
        assert decode(connection.execute(select(handovers.c.sheet)).scalar_one()) == before
