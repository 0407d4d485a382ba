"""The database answers and refuses: it is waited for and said, nothing good goes among the dead, the process stays.

Sources go on publishing all the while. Afterwards all is caught up, and only what was bad is refused.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from sqlalchemy import Engine, event, text

from services.district.package import District
from services.platform import database as store_engine
from services.platform.clock import SetClock
from services.platform.database import is_postgres, open_engine
from services.platform.redis import GROUP, Keys
from services.platform.sealing import Sealer
from services.projector import isolation
from services.projector.ingest import Ingest
from services.projector.stream import EventStream
from services.projector.worker import Projector
from tests.browser.conftest import wait_until
from tests.reference import dump, rollups_recounted
from tests.tiny import CODE, NOON, case, entry

pytestmark = pytest.mark.redis
EVENTS = Keys(CODE).events
TABLES = ("history", "cases", "rollups", "case_marks", "things", "tallies", "dead", "outbox")


class Traffic:
    """A projector in a thread, and a publisher in another: 100 events a second, every tenth is one to refuse."""

    def __init__(self, engine: Engine, url: str, district: District, ingest: Ingest | None = None) -> None:
        self.engine, self.district = engine, district
        self.client: Any = redis.Redis.from_url(url)
        self.stream = EventStream(redis.Redis.from_url(url), CODE, "one")
        ingest = ingest or Ingest(engine, district, Sealer(""))
        self.projector = Projector(self.stream, engine, ingest, SetClock(NOON), chores_every_s=0.3)
        self.good = self.bad = 0
        self._stop, self._quiet = threading.Event(), threading.Event()
        projecting = threading.Thread(target=self.projector.run, args=(self._stop,))
        self._threads = [projecting, threading.Thread(target=self._publish)]

    def _publish(self) -> None:
        while not self._quiet.wait(0.01):
            if self.bad * 10 < self.good:
                self.client.xadd(EVENTS, dict(entry({"case_id": "bad"})))
                self.bad += 1
            more = {"supervisions": [{"kind": "leader", "level": 1, "at": "2026-11-23T11:00:00+08:00"}]}
            name = f"C{self.good // 2}"
            status = "closed" if self.good % 2 else "dispatched"
            kind = "case.closed" if self.good % 2 else "case.dispatched"
            self.client.xadd(EVENTS, dict(entry(case(name, self.good % 2 + 1, status, **more), kind)))
            self.good += 1

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        wait_until(lambda: self.taken_in() > 20, "taken in")

    def taken_in(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM history")).scalar_one())

    def waits(self, *codes: str) -> None:
        """It says that it waits, for long enough that it has tried several times."""
        wait_until(lambda: self.projector.waiting is not None, "it says what it waits for", 20)
        waiting = self.projector.waiting
        assert waiting is not None
        assert waiting.code in codes
        assert waiting.words
        before = self.good
        wait_until(lambda: self.good > before + 40, "sources go on")
        assert self._threads[0].is_alive()

    def goes_on(self, after: str) -> None:
        """More is taken in, and it is said that it is well again: what is said next is of the next fault."""
        done = self.taken_in()
        wait_until(lambda: self.taken_in() > done, f"{after}: it goes on")
        wait_until(lambda: self.projector.waiting is None, f"{after}: it is said that it is well again")

    def settles(self) -> None:
        """The sources are quiet: everything is taken in, only what was bad is among the dead."""
        self._quiet.set()
        self._threads[1].join()
        wait_until(lambda: self.taken_in() == self.good, "caught up", 30)
        wait_until(lambda: self.client.xpending(EVENTS, GROUP)["pending"] == 0, "acknowledged", 30)
        wait_until(lambda: self.projector.waiting is None, "it is said that it is well again")
        reasons = [row[2] for row in dump(self.engine, "dead")["dead"]]
        assert (len(reasons), set(reasons)) == (self.bad, {"missing_field"})
        assert dump(self.engine, "rollups", "rollups_later") == rollups_recounted(self.engine, self.district)

    def end(self) -> None:
        self._quiet.set()
        self._stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(15)
        self.stream.client.close()
        self.client.close()


Start = Callable[..., Traffic]


@pytest.fixture
def start(redis_url: str, tiny: District) -> Iterator[Start]:
    begun: list[Traffic] = []

    def begin(engine: Engine, ingest: Ingest | None = None) -> Traffic:
        begun.append(Traffic(engine, redis_url, tiny, ingest))
        begun[-1].start()
        return begun[-1]

    yield begin
    for one in begun:
        one.end()


def execute(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@contextmanager
def refusing(engine: Engine, table: str, sqlstate: str = "P0001", when: str = "") -> Iterator[None]:
    """A trigger that raises at every row that is inserted into ``table``."""
    if is_postgres(engine):
        execute(
            engine,
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{sqlstate}'; END $$",
            f"CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW {when} EXECUTE FUNCTION refuse()",
        )
    else:
        execute(
            engine, f"CREATE TRIGGER refuse BEFORE INSERT ON {table} {when} BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    try:
        yield
    finally:
        execute(engine, f"DROP TRIGGER refuse{f' ON {table}' if is_postgres(engine) else ''}")


def test_a_trigger_on_any_table_is_waited_for(engine: Engine, start: Start, caplog: pytest.LogCaptureFixture) -> None:
    traffic = start(engine)
    for table in TABLES:
        with refusing(engine, table):
            traffic.waits("store_rule")
        traffic.goes_on(table)
    traffic.settles()
    assert not [record for record in caplog.records if "set aside" in record.getMessage()]


def test_a_trigger_on_one_type_of_events_is_waited_for(engine: Engine, start: Start) -> None:
    """The probe is of the type of the entry that fails."""
    traffic = start(engine)
    with refusing(engine, "history", when="WHEN (NEW.type = 'case.closed')"):
        traffic.waits("store_rule")
    traffic.settles()


@pytest.mark.parametrize(
    ("table", "column"), [("history", "flags"), ("cases", "status"), ("rollups", "day"), ("feed", "lost")]
)
def test_a_column_that_is_not_there_is_waited_for(engine: Engine, start: Start, table: str, column: str) -> None:
    traffic = start(engine)
    execute(engine, f"ALTER TABLE {table} RENAME COLUMN {column} TO other")
    traffic.waits("store_schema")
    execute(engine, f"ALTER TABLE {table} RENAME COLUMN other TO {column}")
    traffic.settles()


@pytest.mark.postgres
@pytest.mark.parametrize("table", ["history", "cases", "dead"])
def test_a_column_of_another_version_that_must_not_be_null(postgres_engine: Engine, start: Start, table: str) -> None:
    traffic = start(postgres_engine)
    execute(
        postgres_engine,
        f"ALTER TABLE {table} ADD COLUMN other int NOT NULL DEFAULT 0",
        f"ALTER TABLE {table} ALTER COLUMN other DROP DEFAULT",
    )
    traffic.waits("store_rule")
    execute(postgres_engine, f"ALTER TABLE {table} DROP COLUMN other")
    traffic.settles()


@pytest.mark.postgres
def test_what_postgresql_says_when_it_is_in_no_state_to_write(postgres_engine: Engine, start: Start) -> None:
    """A full disk, no memory, damage, a conflict: as a trigger says them, for the code is all that we go by."""
    traffic = start(postgres_engine)
    states = (
        ("53100", "store_full"),
        ("53200", "store_memory"),
        ("XX001", "store_corrupt"),
        ("40001", "store_conflict"),
        ("58030", "store_disk"),
    )
    for state, code in states:
        with refusing(postgres_engine, "history", state):
            traffic.waits(code)
        traffic.goes_on(state)
    traffic.settles()


@pytest.mark.postgres
def test_rights_that_were_taken_away(postgres_engine: Engine, start: Start) -> None:
    execute(
        postgres_engine,
        "DROP ROLE IF EXISTS clerk",
        "CREATE ROLE clerk LOGIN",
        "GRANT ALL ON SCHEMA public TO clerk",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk",
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO clerk",
    )
    as_clerk = open_engine(postgres_engine.url.set(username="clerk").render_as_string(hide_password=False))
    traffic = start(as_clerk)
    for right in ("INSERT ON history", "UPDATE ON cases", "UPDATE ON feed", "INSERT ON dead", "SELECT ON dead"):
        execute(postgres_engine, f"REVOKE {right} FROM clerk")
        traffic.waits("store_rights")
        execute(postgres_engine, f"GRANT {right} TO clerk")
        traffic.goes_on(right)
    traffic.settles()
    traffic.end()
    as_clerk.dispose()
    execute(postgres_engine, "DROP OWNED BY clerk", "DROP ROLE clerk")


@pytest.mark.postgres
def test_a_read_only_postgresql(postgres_engine: Engine, start: Start) -> None:
    """What a fail-over looks like for seconds."""
    traffic = start(postgres_engine)
    name = postgres_engine.url.database
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    try:
        execute(postgres_engine, f"ALTER DATABASE {name} SET default_transaction_read_only = on", cut)
        wait_until(lambda: (traffic.projector.waiting or ("",))[0] == "store_read_only", "read-only", 20)
        traffic.waits("store_read_only")
    finally:
        reset = f"ALTER DATABASE {name} RESET default_transaction_read_only"
        execute(postgres_engine, "SET default_transaction_read_only = off", "COMMIT", "BEGIN", reset, cut)
    traffic.settles()


@pytest.mark.parametrize(
    ("pragma", "undone", "code"),
    [
        ("query_only = ON", "query_only = OFF", "store_read_only"),
        ("max_page_count = 1", "max_page_count = 1073741823", "store_full"),
    ],
    ids=["read_only", "full"],
)
def test_a_sqlite_that_may_not_write(sqlite_engine: Engine, start: Start, pragma: str, undone: str, code: str) -> None:
    present = [undone]
    event.listen(sqlite_engine, "checkout", lambda connection, *_: connection.execute(f"PRAGMA {present[0]}"))
    traffic = start(sqlite_engine)
    present[0] = pragma
    traffic.waits(code)
    present[0] = undone
    traffic.settles()


@pytest.mark.postgres
def test_statements_that_take_too_long(postgres_engine: Engine, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_engine, "STATEMENT_TIMEOUT_MS", 200)
    hurried = open_engine(postgres_engine.url.render_as_string(hide_password=False))
    traffic = start(hurried)
    with postgres_engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE history IN EXCLUSIVE MODE")
        traffic.waits("store_timeout")
    traffic.settles()
    traffic.end()
    hurried.dispose()


class Buggy(Ingest):
    """Cannot bear the cases of ``poison``, nor, while ``is_ill``, any."""

    poison: set[bytes] = set()
    is_ill = False

    def read(self, entries: Any, *rest: Any) -> Any:
        for _, fields in entries:
            is_set_aside = fields[b"specversion"].startswith(b"broken")
            if self.is_ill or (not is_set_aside and any(name in fields[b"data"] for name in self.poison)):
                raise ZeroDivisionError("a bug of ours")
        return super().read(entries, *rest)


def test_a_bug_on_one_entry_sets_that_one_aside_and_a_bug_on_all_of_them_none(
    sqlite_engine: Engine, start: Start, tiny: District, caplog: pytest.LogCaptureFixture
) -> None:
    ingest = Buggy(sqlite_engine, tiny, Sealer(""))
    traffic = start(sqlite_engine, ingest)
    ingest.is_ill = True
    traffic.waits("program")
    assert not [record for record in caplog.records if "set aside" in record.getMessage()]
    ingest.is_ill = False
    ingest.poison = {b'"POISON"'}
    poison: bytes = traffic.client.xadd(EVENTS, dict(entry(case("POISON"))))
    wait_until(lambda: "not_cloudevent" in {row[2] for row in dump(sqlite_engine, "dead")["dead"]}, "set aside", 20)
    said = [record.getMessage() for record in caplog.records if "set aside" in record.getMessage()]
    assert [line.split()[1] for line in said] == [poison.decode()]
    traffic._quiet.set()
    wait_until(lambda: traffic.taken_in() == traffic.good, "all the others are taken in", 20)


def test_three_in_a_row_are_set_aside_and_then_it_waits(
    sqlite_engine: Engine, redis_url: str, tiny: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the probe says: a day on which everything fails puts three entries among the dead, not a thousand."""
    monkeypatch.setattr(isolation, "WITHIN_S", 2.0)
    ingest = Buggy(sqlite_engine, tiny, Sealer(""))
    ingest.poison = {b'"X'}
    client = redis.Redis.from_url(redis_url)
    stream = EventStream(redis.Redis.from_url(redis_url), CODE, "one")
    projector = Projector(stream, sqlite_engine, ingest, SetClock(NOON))
    for n in range(5):
        client.xadd(EVENTS, dict(entry(case(f"X{n}"))))
    client.xadd(EVENTS, dict(entry(case("GOOD"))))
    stop = threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    wait_until(lambda: (projector.waiting or ("",))[0] == "doubt", "it waits")
    assert len(dump(sqlite_engine, "dead")["dead"]) == 3
    assert dump(sqlite_engine, "cases")["cases"] == []
    wait_until(lambda: [row[0] for row in dump(sqlite_engine, "cases")["cases"]] == ["GOOD"], "the time is over", 20)
    assert len(dump(sqlite_engine, "dead")["dead"]) == 5
    stop.set()
    thread.join(10)
    client.close()
    stream.client.close()
