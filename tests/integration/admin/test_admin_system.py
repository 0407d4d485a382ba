"""/admin/system over HTTP: what the doctor finds in words, dead letters sent again, papers cancelled."""

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import redis
from cryptography.fernet import Fernet
from sqlalchemy import Engine

from dashboard.texts import LANGUAGES, texts
from services.admin import system_service
from services.admin.dead_letters_service import DeadLetters
from services.audit import Who
from services.audit.log_service import AuditLog, AuditQuery, newest
from services.contract.codes import DEAD_REASONS
from services.district.package import District
from services.health.beats import State
from services.jobs.job import Job
from services.jobs.service import Jobs
from services.platform.clock import HOUR_MS, machine_ms, to_rfc3339
from services.platform.redis import Keys
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from tests.doors import WHO, House, house
from tests.tiny import CODE, NOON, case, entry

pytestmark = pytest.mark.redis
ADMIN = next(who for who in WHO if who.name == "admin")
KEY = Fernet.generate_key().decode()


@pytest.fixture
def home(engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(engine, redis_client, tiny, data_key=KEY) as found:
        yield found


def page(home: House, query: str = "") -> str:
    return home.get(ADMIN, f"/admin/system{query}").text


def refuse(home: House, fields: dict[bytes, bytes]) -> str:
    """An entry that the projector refuses; its id."""
    one = (f"{NOON + 60_000}-0", fields)
    Ingest(home.engine, home.district, Sealer(KEY)).apply([one], NOON, one[0])
    (letter,) = DeadLetters(home.engine, KEY).newest(5)
    return letter.entry


def act(home: House, **form: str) -> tuple[int, str]:
    answer = home.client(ADMIN).post("/admin/system", data=form)
    found = re.search(r'<p class="(?:wrong|said)"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    return answer.status_code, re.sub(r"<[^>]*>", "", found[1]).strip() if found else ""


def test_what_the_doctor_finds_is_said_in_words_with_what_to_do_first(home: House) -> None:
    found = page(home)
    assert "处要处理" in found
    assert found.index("在 Redis 上执行 CONFIG SET appendonly yes") < found.index("有应答，版本最新")
    assert "来源 1" in found
    assert "没有人在等报表" in found
    english = page(home, "?lang=en")
    assert "CONFIG SET appendonly yes on Redis" in english
    body = re.sub(r"<(?:script|title|a)\b.*?</(?:script|title|a)>|<[^>]+>", "", english, flags=re.DOTALL)
    assert not re.search(r"[\u4e00-\u9fff]{2,}", body.replace("姓名", ""))


def test_the_page_says_when_the_last_backup_was_made(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_service, "KEPT_S", -1)
    assert page(home).count("没有用 lianqin backup 做过") == 2  # what the doctor finds, and beside the size
    now = machine_ms()
    for back, words in ((73, "3 天前"), (47, "，47 小时前"), (1, "，1 小时前"), (0, "，不到 1 小时前")):
        made_at = to_rfc3339(now - back * HOUR_MS)
        AuditLog(home.engine).append(now, Who("cli:root"), "backup_made", "lianqin-x", made_at=made_at)
        assert words in page(home), words


def test_a_dead_letter_stands_with_its_remedy_is_sent_again_and_that_is_on_the_record(home: House) -> None:
    dead = refuse(home, entry(case("D1", status="lost")))
    found = page(home)
    for words in ("死信 1", "值不对", "请来源改正所说的值", "发出后不能撤销"):
        assert words in found, words
    code, said = act(home, do="retry", entry=dead)
    assert (code, "仍会被拒收（值不对）" in said) == (409, True)
    assert home.redis.xlen(Keys(CODE).events) == 0
    code, said = act(home, do="retry_kind", reason="bad_value")
    assert said.startswith("◆ 这一类没有还没重投过的")
    with home.engine.connect() as connection:
        (row,) = newest(connection, AuditQuery(actions=("dead_retried",)), 5)
    assert (row.who, row.object) == ("admin", dead)


def test_what_has_become_right_goes_out_again_with_its_own_event_id(home: House) -> None:
    """What a projector had set aside because it broke on it, as it came."""
    dead = refuse(home, entry(case("D1"), event_id="e-1") | {b"specversion": b"broken: TypeError"})
    code, said = act(home, do="retry_kind", reason="not_cloudevent")
    assert (code, said[:7]) == (200, "重投了 1 条")
    ((_, fields),) = home.redis.xrange(Keys(CODE).events)  # type: ignore[misc]  # the client's answer
    assert (fields[b"id"], fields[b"specversion"]) == (b"e-1", b"1.0")
    found = page(home)
    assert "admin 重投过" in found
    assert dead in found


def test_a_paper_that_waits_is_cancelled_and_who_asked_is_told(home: House) -> None:
    now = time.time_ns() // 1_000_000
    Jobs(home.engine).ask(Job("j1", "pdf", "{}", "leader", now, "waiting", 0, "", ""))
    assert "不能撤销" in page(home)
    code, said = act(home, do="cancel", job="j1")
    assert (code, said) == (200, "已取消 leader 的PDF 报表")
    job = Jobs(home.engine).one("j1", "leader")
    assert job is not None
    assert (job.state, job.said[:5]) == ("failed", "管理员取消")
    assert act(home, do="cancel", job="j1")[0] == 409


def test_every_finding_and_every_reason_has_its_words_in_both_languages() -> None:
    folder = Path(__file__).parents[3] / "services/admin/doctor"
    code = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    named = set(re.findall(r'"([a-z]+(?:_[a-z]+)*)"', code))
    # Each call names the code: the page would have no words for another.
    running = ("stream", "store", "audit", "process", "machine")
    calls = [
        node
        for name in running
        for node in ast.walk(ast.parse((folder / f"{name}_reader.py").read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"ok", "note", "wrong"}
    ]
    by_hand = {"web port", "fonts"}  # what concerns no process that runs
    for call in calls:
        said = {c.value for c in [*call.args, *(k.value for k in call.keywords)] if isinstance(c, ast.Constant)}
        if not said & by_hand:
            assert said & texts("en")["admin"]["doctor"].keys(), ast.unparse(call)
    subjects = {str(call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant)} - by_hand
    assert subjects <= texts("en")["admin"]["subjects"].keys()
    for language in LANGUAGES:
        words = texts(language)["admin"]
        assert set(DEAD_REASONS) == words["dead"].keys()
        assert words["doctor"].keys() <= named
        assert {f"process_{state}" for state in get_args(State)} - {"process_alive"} <= words["doctor"].keys()
