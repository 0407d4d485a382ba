"""Each alert rule fires when the thing that it watches is broken, alone, and not before or after."""

import itertools
import os
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import select
from werkzeug.serving import make_server

from services.admin.doctor.machine_reader import port_findings
from services.admin.figures_reader import DistrictFigures
from services.audit import Who
from services.audit.log_service import AuditLog
from services.cases.tables import cases
from services.district.package import District
from services.health.hearts import Hearts
from services.operations.embedded import EmbeddedRedis
from services.platform.clock import HOUR_MS, MINUTE_MS, SetClock, machine_ms, to_rfc3339
from services.platform.database import writing
from services.platform.metric import as_text
from services.platform.redis import Keys, connect
from services.platform.sealing import Sealer
from services.platform.settings import Settings
from services.projector.ingest import Ingest
from services.projector.store.upsert import append_due
from services.projector.stream import EventStream
from services.projector.worker import Projector
from services.search.worker import SearchIndexer
from tests import alerts
from tests.alerts import judge, spell
from tests.browser.conftest import wait_until
from tests.doors import DUTY, WHO, House, house
from tests.stores import fresh_engine
from tests.tiny import CODE, NOON, case, entry

pytestmark = [pytest.mark.redis, pytest.mark.skipif(alerts.PROMTOOL is None, reason=alerts.WHY_NOT)]
ROOT = Path(__file__).parents[3]
EVENTS = Keys(CODE).events
ADMIN = next(who for who in WHO if who.name == "admin")
# By the name of the rule, the test that breaks what it watches.
TRIED = {
    "LianqinDown": "test_a_web_process_that_does_not_answer",
    "LianqinLate": "test_a_projector_that_has_stopped",
    "LianqinProcessDown": "test_a_process_that_has_stopped",
    "LianqinNotTakenIn": "test_an_entry_that_nobody_takes_in",
    "LianqinBackupOld": "test_a_backup_of_the_day_before_yesterday",
    "LianqinNoBackup": "test_no_backup_at_all",
    "LianqinRedisFull": "test_a_redis_that_is_nearly_full",
    "LianqinEntriesLost": "test_entries_that_were_trimmed_away",
    "LianqinEntriesRefused": "test_a_source_that_publishes_what_is_no_event",
    "LianqinSearchBehind": "test_a_search_that_nobody_keeps_up",
    "LianqinSocketsRefused": "test_sockets_from_a_foreign_page",
    "LianqinVersionsDiffer": "test_two_versions",
    "LianqinBrowsersDropped": "test_browsers_that_read_nothing_are_an_alert",
}


def test_each_rule_has_a_test_that_breaks_what_it_watches() -> None:
    assert sorted(TRIED) == sorted(alerts.alerts())
    elsewhere = (Path(__file__).parents[2] / "browser/test_alerts.py").read_text("utf-8")
    for name in TRIED.values():
        assert name in globals() or f"def {name}(" in elsewhere, name


class Watched:
    """A web process, its projector at hand, and what a scrape says."""

    def __init__(self, home: House, url: str) -> None:
        self.home, self.url = home, url
        stream = EventStream(connect(url), CODE, "one")
        self.projector = Projector(stream, home.engine, Ingest(home.engine, home.district, Sealer("")), SetClock(NOON))
        self.hearts: dict[str, Hearts] = {}
        # Each entry is of ten minutes ago, by its id, and a second younger than the one before.
        self.ids = (f"{at}-0" for at in itertools.count(machine_ms() - 10 * MINUTE_MS, 1000))
        self.projector.drain()

    def scrape(self) -> str:
        """One round of the follower, which is woken at once, then what the web process tells."""
        rounds = iter([True, False])
        self.home.web.follower._judge_every.reset()
        self.home.redis.xadd(Keys(CODE).board, {"revision": self.home.web.follower.board.revision})
        self.home.web.follower.run(lambda: next(rounds))
        return self.told()

    def told(self) -> str:
        return self.home.get(ADMIN, "/metrics").text

    def publish(self, *entries: dict[bytes, bytes]) -> None:
        for fields in entries:
            self.home.redis.xadd(EVENTS, dict(fields), id=next(self.ids))

    def take_in(self) -> str:
        """Until the board has what was published; then a scrape."""
        self.projector.drain()
        self.home.web.follower.sync()
        return self.scrape()

    def begin(self, name: str) -> None:
        """Let a process be there."""
        self.hearts[name] = Hearts(self.home.redis, CODE)
        self.hearts[name].begin(name, idle_limit_s=3600)

    def stop(self, name: str) -> None:
        """Let it end as one that is told to."""
        self.hearts[name].__exit__(None)

    def back_up(self, hours_ago: int) -> None:
        now = machine_ms()
        made_at = to_rfc3339(now - hours_ago * HOUR_MS)
        AuditLog(self.home.engine).append(now, Who("cli:root"), "backup_made", "x", made_at=made_at)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, tiny: District) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("alerts")
    server = EmbeddedRedis(folder / "redis", append_only=False)
    server.start()
    engine = fresh_engine(folder / "store.db")
    with (
        redis.Redis(port=server.port) as client,
        house(engine, client, tiny, processes=("projector", "alarms")) as home,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("services.admin.figures_reader.KEPT_S", -1.0)
        found = Watched(home, server.url)
        for name in ("projector", "alarms"):
            found.begin(name)
        found.back_up(hours_ago=1)
        yield found
        for name in found.hearts:
            found.stop(name)
    engine.dispose()
    server.stop()


@pytest.fixture
def well(watched: Watched) -> str:
    """A scrape while all is well."""
    return watched.scrape()


def test_a_web_process_that_does_not_answer(watched: Watched, well: str, tmp_path: Path) -> None:
    server = make_server("127.0.0.1", 0, watched.home.web.flask, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/healthz"

    def answered() -> bool:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    assert answered()
    said = [str(finding) for finding in port_findings(Settings(port=server.server_port))]
    assert said == [f"ok     web port: a web process of ours answers at 127.0.0.1:{server.server_port}"]
    server.shutdown()
    thread.join()
    server.server_close()
    assert not answered()
    judge(tmp_path, [spell(2, well), spell(2, None, fires=["LianqinDown"]), spell(2, well)])


def test_a_projector_that_has_stopped(watched: Watched, well: str, tmp_path: Path) -> None:
    watched.stop("projector")
    stopped = watched.scrape()
    watched.begin("projector")
    wait_until(lambda: watched.home.web.follower.health.fault_at is None or not watched.scrape(), "it beats")
    begun = watched.scrape()
    judge(tmp_path, [spell(2, well), spell(2, stopped, fires=["LianqinLate", "LianqinProcessDown"]), spell(2, begun)])


def test_a_process_that_has_stopped(watched: Watched, well: str, tmp_path: Path) -> None:
    """The page is fed all the same: nothing is late."""
    watched.stop("alarms")
    stopped = watched.scrape()
    watched.begin("alarms")
    judge(tmp_path, [spell(2, well), spell(2, stopped, fires=["LianqinProcessDown"])])


def test_an_entry_that_nobody_takes_in(watched: Watched, well: str, tmp_path: Path) -> None:
    watched.publish(entry(case("WAITS")))
    waits = watched.scrape()
    taken = watched.take_in()
    judge(tmp_path, [spell(2, well), spell(2, waits, fires=["LianqinNotTakenIn"]), spell(2, taken)])


def test_a_backup_of_the_day_before_yesterday(watched: Watched, well: str, tmp_path: Path) -> None:
    watched.back_up(hours_ago=30)
    old = watched.told()
    watched.back_up(hours_ago=0)
    judge(tmp_path, [spell(1, well), spell(1, old, fires=["LianqinBackupOld"]), spell(1, watched.told())])


def test_no_backup_at_all(watched: Watched, well: str, tmp_path: Path) -> None:
    engine = fresh_engine(tmp_path / "fresh.db")
    never = as_text(DistrictFigures(engine, connect(watched.url), CODE).look())
    engine.dispose()
    judge(tmp_path, [spell(4, well), spell(25 * 60, never), spell(64, never, fires=["LianqinNoBackup"])], every_s=240)


def test_a_redis_that_is_nearly_full(watched: Watched, well: str, tmp_path: Path) -> None:
    client = watched.home.redis
    used = int(client.info("memory")["used_memory"])  # type: ignore[index]  # a dict
    client.config_set("maxmemory", int(used * 1.05))
    full = watched.told()
    client.config_set("maxmemory", used * 20)
    roomy = watched.told()
    client.config_set("maxmemory", 0)
    judge(tmp_path, [spell(6, well), spell(6, full, fires=["LianqinRedisFull"]), spell(6, roomy)])


def test_entries_that_were_trimmed_away(watched: Watched, well: str, tmp_path: Path) -> None:
    watched.publish(*(entry(case(f"LOST-{n}")) for n in range(4)))
    watched.home.redis.xtrim(EVENTS, maxlen=1, approximate=False)
    lost = watched.take_in()
    judge(tmp_path, [spell(1, well), spell(30, lost, fires=["LianqinEntriesLost"]), spell(61, lost)])


def test_a_source_that_publishes_what_is_no_event(watched: Watched, well: str, tmp_path: Path) -> None:
    watched.publish(entry(case("NONE", status="nowhere"), source="/new"))
    refused = watched.take_in()
    judge(tmp_path, [spell(61, well), spell(30, refused, fires=["LianqinEntriesRefused"]), spell(61, refused)])


def test_a_search_that_nobody_keeps_up(watched: Watched, well: str, tmp_path: Path) -> None:
    with watched.home.engine.connect() as connection:
        ids = list(connection.scalars(select(cases.c.case_id)))
    with writing(watched.home.engine) as connection:  # what a rebuild does, again and again
        for _ in range(1_001 // len(ids) + 1):
            append_due(connection, ids)
    behind = watched.told()
    SearchIndexer(watched.home.engine, Sealer("")).drain()
    caught_up = watched.told()
    judge(
        tmp_path,
        [spell(31, well), spell(29, behind), spell(2, behind, fires=["LianqinSearchBehind"]), spell(1, caught_up)],
    )


def test_sockets_from_a_foreign_page(watched: Watched, well: str, tmp_path: Path) -> None:
    home = watched.home
    before = watched.scrape()
    for _ in range(130):
        home.client(DUTY).get(
            "/socket.io/?EIO=4&transport=websocket",
            headers={"Origin": "https://elsewhere.example", "Upgrade": "websocket", "Connection": "Upgrade"},
        )
    refused = watched.scrape()
    judge(tmp_path, [spell(11, before), spell(2, refused, fires=["LianqinSocketsRefused"]), spell(11, refused)])


def test_two_versions(watched: Watched, well: str, tmp_path: Path) -> None:
    """The other process is of another version: it finds the wheel of one before ours."""
    other = tmp_path / "lianqin-0.0.9.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: lianqin\nVersion: 0.0.9\n", "utf-8")
    told = "from services.health.own_reader import own_figures as f; from services.platform.metric import as_text as t"
    said = subprocess.run(
        [sys.executable, "-c", f"{told}; print(t(f()), end='')"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path}:{ROOT}"},
    ).stdout
    (info,) = re.findall(r"^lianqin_build_info.*$", said, re.MULTILINE)
    assert 'version="0.0.9"' in info
    older = re.sub(r"(?m)^lianqin_build_info.*$", info, well)
    judge(
        tmp_path, [spell(16, well, well), spell(16, well, older, fires=["LianqinVersionsDiffer"]), spell(1, well, well)]
    )
