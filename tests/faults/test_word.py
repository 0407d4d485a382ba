"""The word while sources go on publishing: late within 5 s of a fault, live within 5 s of its end."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any
from urllib.error import HTTPError

import msgspec
import pytest
from sqlalchemy import Engine, func, select

from dashboard.cli.main import main
from services.health.waiting import word_of
from services.platform.database import open_engine, writing
from services.projector.store import tables as schema
from services.projector.store.write import Writer
from tests.browser.conftest import Product, run_product, wait_until
from tests.servers import Postgres
from tests.tiny import case, entry

pytestmark = pytest.mark.redis
WORD_WITHIN_S = 5.0


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])]
)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of them: each leaves it as it was."""
    folder = tmp_path_factory.mktemp("word")
    database = f"sqlite:///{folder / 'store.db'}"
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("_postgres_server")
        server.renew()
        database = server.url
    yield from run_product(folder, database, LIANQIN_PROCESSES="projector,web,surveyor")


@contextmanager
def traffic(product: Product, per_s: int = 20) -> Iterator[None]:
    """Cases are published all the while, each a new one; what Redis refuses is not counted."""
    stop = threading.Event()

    def publish() -> None:
        number = 0
        while not stop.wait(1 / per_s):
            number += 1
            product.publish(entry(case(f"T{number}")))

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def ready(product: Product) -> tuple[int, Any]:
    """The code and the body of ``/readyz``."""
    try:
        return 200, product.get("/readyz")
    except HTTPError as error:
        return error.code, msgspec.json.decode(error.read())


def state(product: Product, name: str) -> str:
    """What ``/readyz`` says of a process; empty where it does not name it."""
    return str(ready(product)[1]["processes"].get(name, {}).get("state", ""))


def is_late(product: Product) -> bool:
    code, found = ready(product)
    assert (code == 503) == (word_of(found["lag_ms"]) != "live"), found
    return code == 503


def turns_late_and_back(product: Product, begin: Callable[[], object], end: Callable[[], object]) -> None:
    # Caught up too: while a backlog is worked off the oldest that waits may be 2.9 s old now and 3.1 s in a moment.
    wait_until(lambda: not is_late(product) and ready(product)[1]["lag_ms"] < 1000, "caught up before the fault", 15)
    began = monotonic()
    begin()
    try:
        wait_until(lambda: is_late(product), "the word is late", WORD_WITHIN_S)
        assert monotonic() - began > 1, "it was not late before the fault"
    finally:
        end()
    wait_until(lambda: not is_late(product), "the word is live again", WORD_WITHIN_S)


POISON = {
    "sqlite": (
        ["CREATE TRIGGER poison BEFORE UPDATE ON feed BEGIN SELECT RAISE(ABORT, 'poison'); END"],
        ["DROP TRIGGER poison"],
    ),
    "postgresql": (
        [
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'poison'; END $$",
            "CREATE TRIGGER poison BEFORE UPDATE ON feed FOR EACH STATEMENT EXECUTE FUNCTION poison()",
        ],
        ["DROP TRIGGER poison ON feed", "DROP FUNCTION poison"],
    ),
}


@pytest.fixture
def store(running: Product) -> Iterator[Engine]:
    """The product's store, as an administrator gets at it."""
    engine = open_engine(running.environment["LIANQIN_DATABASE_URL"])
    yield engine
    engine.dispose()


def test_a_dead_a_stopped_a_locked_out_and_a_poisoned_projector(running: Product, store: Engine) -> None:
    """One after the other under one stream of cases: what is published meanwhile is on the board afterwards."""
    running.publish_and_wait(entry(case("C1")))
    poison, antidote = POISON[store.dialect.name]

    def kill() -> None:
        running.processes["projector"].kill()
        running.processes["projector"].wait()

    def start_again() -> None:
        running.start("projector")
        wait_until(lambda: state(running, "projector") == "alive", "it has begun to read", 20)

    def do(statements: list[str]) -> None:
        with writing(store) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    with traffic(running), store.connect().execution_options(lianqin_write=True) as holder:
        turns_late_and_back(running, kill, start_again)
        projector = running.processes["projector"]
        turns_late_and_back(
            running, lambda: projector.send_signal(signal.SIGSTOP), lambda: projector.send_signal(signal.SIGCONT)
        )
        turns_late_and_back(running, lambda: Writer(holder).lock(), holder.rollback)
        turns_late_and_back(running, lambda: do(poison), lambda: do(antidote))
    last = running.publish(entry(case("C2")))
    wait_until(lambda: (running.board() or {}).get("last_entry") == last, "everything is on the board")
    with store.connect() as connection:
        assert connection.execute(select(func.count()).select_from(schema.dead)).scalar_one() == 0


def test_redis_that_writes_nothing_down(running: Product) -> None:
    """Nothing can be published then, so that nothing waits: the web process sees it by its own beat."""
    running.publish_and_wait(entry(case("C1")))
    with running.client() as client:
        turns_late_and_back(
            running, lambda: client.config_set("maxmemory", "1"), lambda: client.config_set("maxmemory", "0")
        )
        assert ready(running)[1]["feed"] == "up"
        turns_late_and_back(running, lambda: client.replicaof("127.0.0.1", "1"), lambda: client.replicaof("NO", "ONE"))
    last = running.publish(entry(case("C2")))
    wait_until(lambda: (running.board() or {}).get("last_entry") == last, "everything is on the board")


def test_a_projector_that_dies_while_nobody_publishes(running: Product) -> None:
    projector = running.processes["projector"]
    wait_until(lambda: state(running, "projector") == "alive", "it beats", 10)
    turns_late_and_back(
        running, lambda: projector.send_signal(signal.SIGSTOP), lambda: projector.send_signal(signal.SIGCONT)
    )


def test_every_process_that_is_dead_is_named_and_the_word_stays(
    running: Product, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The escalator is killed, the alarms are stopped, the surveyor never came, the worker has ended."""
    product = running
    product.start("escalator")
    product.start("alarms")
    product.start("worker")
    for name in ("projector", "web", "escalator", "alarms", "papers", "past"):
        wait_until(lambda name=name: state(product, name) == "alive", f"{name} lives", 30)
    product.stop("worker")
    escalator, alarms = product.processes["escalator"], product.processes["alarms"]
    escalator.kill()
    escalator.wait()
    alarms.send_signal(signal.SIGSTOP)
    try:
        with traffic(product):
            wait_until(lambda: state(product, "escalator") == state(product, "alarms") == "dead", "both are dead", 7)
            assert not is_late(product), "the page is fed all the same"
        found = ready(product)[1]["processes"]
        assert {name: one["state"] for name, one in found.items()} == {
            "projector": "alive",
            "web": "alive",
            "escalator": "dead",
            "alarms": "dead",
            "surveyor": "missing",
        }
        for name, value in product.environment.items():
            monkeypatch.setenv(name, value)
        assert main(["doctor"]) == 1
        said = capsys.readouterr().out
        for line in (
            "wrong  escalator: dead",
            "wrong  alarms: dead",
            "wrong  surveyor: never ran",
            "ok     projector: alive",
        ):
            assert line in said
        assert "Start `lianqin escalator`" in said
    finally:
        alarms.send_signal(signal.SIGCONT)
    wait_until(lambda: state(product, "alarms") == "alive", "it goes on where it stood", 5)
    product.start("escalator")
    wait_until(lambda: state(product, "escalator") == "alive", "the new one takes the dead one's place", 20)
    assert ready(product)[1]["processes"]["escalator"]["dead"] == 0
