"""The word while sources go on publishing: late within 5 s of a fault, live within 5 s of its end."""

import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.error import HTTPError

import msgspec
import pytest

from services.health.waiting import word_of
from tests.browser.conftest import Product, run_product, wait_until
from tests.tiny import case, entry

pytestmark = pytest.mark.redis
WORD_WITHIN_S = 5.0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Product]:
    yield from run_product(tmp_path, f"sqlite:///{tmp_path / 'store.db'}")


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


def is_late(product: Product) -> bool:
    code, found = ready(product)
    assert (code == 503) == (word_of(found["lag_ms"]) != "live"), found
    return code == 503


def turns_late_and_back(product: Product, begin: Callable[[], object], end: Callable[[], object]) -> None:
    wait_until(lambda: not is_late(product), "live before the fault", 15)
    began = monotonic()
    begin()
    wait_until(lambda: is_late(product), "the word is late", WORD_WITHIN_S)
    assert monotonic() - began > 1, "it was not late before the fault"
    end()
    wait_until(lambda: not is_late(product), "the word is live again", WORD_WITHIN_S)


def test_a_dead_a_stopped_and_a_locked_out_projector(running: Product, tmp_path: Path) -> None:
    """One after the other under one stream of cases: what is published meanwhile is on the board afterwards."""
    running.publish_and_wait(entry(case("C1")))
    holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None, check_same_thread=False)

    def kill() -> None:
        running.processes["projector"].kill()
        running.processes["projector"].wait()

    def start_again() -> None:
        running.start("projector")
        wait_until(lambda: ready(running)[1]["lag_ms"] < 4000 or not is_late(running), "it has begun to read", 20)

    with traffic(running):
        turns_late_and_back(running, kill, start_again)
        projector = running.processes["projector"]
        turns_late_and_back(
            running,
            lambda: projector.send_signal(signal.SIGSTOP),
            lambda: projector.send_signal(signal.SIGCONT),
        )
        turns_late_and_back(running, lambda: holder.execute("BEGIN EXCLUSIVE"), lambda: holder.execute("ROLLBACK"))
    holder.close()
    last = running.publish(entry(case("C2")))
    wait_until(lambda: (running.board() or {}).get("last_entry") == last, "everything is on the board")
