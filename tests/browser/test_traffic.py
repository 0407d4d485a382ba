"""Faults while sources go on publishing: nothing acknowledged is lost, the word says so, every page equals a fold."""

import os
import resource
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import Engine, text

from services.district.package import District
from services.platform.database import open_engine
from tests.browser.conftest import Product, open_wall, wait_until
from tests.browser.traffic import (
    Traffic,
    equals_what_redis_acknowledged,
    is_live_again,
    nothing_comes_in,
    ready_code,
    stand_still,
)
from tests.servers import Postgres
from tests.tiny import case, entry

pytestmark = [pytest.mark.browser, pytest.mark.redis]
# Longer than PostgreSQL's longest key, in characters that do not compress.
LONG = "".join(chr(0x4E00 + (i * 7919) % 20_000) for i in range(3_000))
SEED, PER_S = 17, 40


class Scene:
    """A product under traffic with two open walls; each method is a fault and what must be seen of it."""

    def __init__(self, product: Product, engine: Engine, pages: list[Page], traffic: Traffic) -> None:
        self.product, self.engine, self.pages, self.traffic = product, engine, pages, traffic
        self.page = pages[0]

    def killed(self) -> None:
        """The projector is killed and stays away."""
        with nothing_comes_in(self.product, self.page):
            self.product.processes["projector"].kill()
        self.product.processes.pop("projector").wait(10)
        self.product.start("projector")
        is_live_again(self.product, self.page)

    def stuck(self) -> None:
        """The projector stands still, alive."""
        projector = self.product.processes["projector"]
        with nothing_comes_in(self.product, self.page):
            projector.send_signal(signal.SIGSTOP)
        projector.send_signal(signal.SIGCONT)
        is_live_again(self.product, self.page)

    def poisoned(self) -> None:
        """Entries that PostgreSQL could not keep, broken ones and rubbish: refused, and the rest flows."""
        before = len(self.traffic.acknowledged)
        self.product.publish(
            entry(case("P1", 1, "dispatched", lead_unit=LONG)),
            entry(case("P2", 1, "dispatched", step={"command_id": LONG})),
            entry(case("P3"), source=LONG),
            entry(case("P4", 1, "filed", category={"major": LONG, "name": LONG})),
            {b"rubbish": b"1"},
        )
        wait_until(lambda: len(self.traffic.acknowledged) > before + PER_S, "a second of good ones follows")
        is_live_again(self.product, self.page)

    def web_killed(self) -> None:
        """The worker that serves is killed; gunicorn replaces it and the pages come back by themselves."""
        arbiter = self.product.processes["web"].pid
        children = Path(f"/proc/{arbiter}/task/{arbiter}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        wait_until(lambda: ready_code(self.product) != 200, "it is away", 5)
        is_live_again(self.product, self.page)

    def redis_stuck(self) -> None:
        """Redis stands still for some seconds."""
        server = self.product.redis.pid
        with nothing_comes_in(self.product, self.page):
            os.kill(server, signal.SIGSTOP)
        os.kill(server, signal.SIGCONT)
        is_live_again(self.product, self.page)


class SqliteScene(Scene):
    """The same over a SQLite file."""

    @property
    def file(self) -> Path:
        return Path(str(self.engine.url.database))

    def full(self) -> None:
        """The projector's files cannot grow: what a full disk looks like to it."""
        projector = self.product.processes["projector"].pid
        with nothing_comes_in(self.product, self.page):
            resource.prlimit(projector, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        resource.prlimit(projector, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        is_live_again(self.product, self.page)

    def refused(self) -> None:
        """A trigger refuses every row of the history: nobody's fault among the entries, so nothing is set aside."""
        with nothing_comes_in(self.product, self.page), sqlite3.connect(self.file, timeout=20) as connection:
            connection.execute(
                "CREATE TRIGGER no_history BEFORE INSERT ON history BEGIN SELECT RAISE(ABORT, 'refused'); END"
            )
        with sqlite3.connect(self.file, timeout=20) as connection:
            connection.execute("DROP TRIGGER no_history")
        is_live_again(self.product, self.page)

    def gone_back(self) -> None:
        """The file of some seconds ago is put back while the web process runs."""
        kept = self.file.with_suffix(".kept")
        with sqlite3.connect(self.file) as source, sqlite3.connect(kept) as target:
            source.backup(target)
        seen = self.product.get("/api/v1/board")["last_entry"]
        wait_until(lambda: (self.product.board() or {}).get("last_entry", seen) != seen, "something follows")
        before = len(self.traffic.acknowledged)
        wait_until(lambda: len(self.traffic.acknowledged) > before + 2 * PER_S, "two seconds more")
        self.product.stop("projector")
        with sqlite3.connect(kept) as source, sqlite3.connect(self.file, timeout=20) as target:
            source.backup(target)
        kept.unlink()
        self.product.start("projector")
        is_live_again(self.product, self.page)


class PostgresScene(Scene):
    """The same over PostgreSQL."""

    server: Postgres

    def read_only(self) -> None:
        """A stand-by answers, or a managed server without disk: every write is refused."""
        with nothing_comes_in(self.product, self.page):
            self._everywhere(f"ALTER DATABASE {self.engine.url.database} SET default_transaction_read_only = on")
        self._everywhere(f"ALTER DATABASE {self.engine.url.database} RESET default_transaction_read_only")
        is_live_again(self.product, self.page)

    def refused(self) -> None:
        """The same trigger as on SQLite."""
        with nothing_comes_in(self.product, self.page), self.engine.begin() as connection:
            raises = "BEGIN RAISE EXCEPTION 'no'; END"
            connection.execute(text(f"CREATE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql AS $$ {raises} $$"))
            connection.execute(
                text("CREATE TRIGGER no_history BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION refused()")
            )
        with self.engine.begin() as connection:
            connection.execute(text("DROP FUNCTION refused CASCADE"))
        is_live_again(self.product, self.page)

    def gone_back(self) -> None:
        """The tables are those of some seconds ago, as when a stand-by is promoted; the audit cannot be put back."""
        with self.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            tables = [
                row[0]
                for row in connection.execute(
                    text(
                        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                        "AND tablename NOT IN ('alembic_version', 'audit')"
                    )
                )
            ]
            connection.execute(text("CREATE SCHEMA kept"))
            for name in tables:
                connection.execute(text(f"CREATE TABLE kept.{name} AS TABLE public.{name}"))
            connection.commit()
        before = len(self.traffic.acknowledged)
        wait_until(lambda: len(self.traffic.acknowledged) > before + 2 * PER_S, "two seconds more")
        self.product.stop("projector")
        with self.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for name in tables:
                connection.execute(text(f"TRUNCATE public.{name} CASCADE"))
            for name in tables:
                connection.execute(text(f"INSERT INTO public.{name} OVERRIDING SYSTEM VALUE TABLE kept.{name}"))
            connection.execute(text("DROP SCHEMA kept CASCADE"))
        self.product.start("projector")
        is_live_again(self.product, self.page)

    def _everywhere(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.server.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(statement)
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND datname = current_database()"
            )


@pytest.fixture
def walls(browser: Browser) -> Iterator[list[Page]]:
    """Two walls, and a third that is opened when all is over."""
    found = [browser.new_page(viewport={"width": 1920, "height": 1080}) for _ in range(3)]
    yield found
    for page in found:
        page.close()


def under_traffic(
    scene: Scene, faults: list[Callable[[], None]], least_s: float, tiny: District, fresh: Page, folder: Path
) -> None:
    """Publish, break each thing in turn, go on for ``least_s`` in all, and compare."""
    began = monotonic()
    scene.traffic.start()
    for page in scene.pages:
        open_wall(page, scene.product)
        page.evaluate("() => { window.sameDocument = 1; }")
    is_live_again(scene.product, scene.page)
    for fault in faults:
        fault()
    wait_until(lambda: monotonic() > began + least_s, "the time is over", least_s + 1)
    scene.traffic.end()
    stand_still(scene.product)
    equals_what_redis_acknowledged(scene.product, scene.engine, tiny, folder, scene.traffic, scene.pages, fresh)


def traffic_of(product: Product) -> Traffic:
    return Traffic(product.client, product.keys.events, PER_S, SEED)


def test_a_poisoned_stream_and_a_store_that_goes_back(
    product: Product, walls: list[Page], tiny: District, tmp_path: Path
) -> None:
    """The short form: two faults, one after another, on SQLite."""
    engine = open_engine(product.environment["LIANQIN_DATABASE_URL"])
    scene = SqliteScene(product, engine, walls[:2], traffic_of(product))
    under_traffic(scene, [scene.poisoned, scene.gone_back], 0, tiny, walls[2], tmp_path)
    engine.dispose()


@pytest.mark.slow
def test_every_fault_in_a_minute_on_sqlite(product: Product, walls: list[Page], tiny: District, tmp_path: Path) -> None:
    engine = open_engine(product.environment["LIANQIN_DATABASE_URL"])
    scene = SqliteScene(product, engine, walls[:2], traffic_of(product))
    faults = [scene.poisoned, scene.killed, scene.stuck, scene.full, scene.refused, scene.web_killed,
              scene.redis_stuck, scene.gone_back]  # fmt: skip
    under_traffic(scene, faults, 60, tiny, walls[2], tmp_path)
    engine.dispose()


@pytest.mark.slow
@pytest.mark.postgres
def test_every_fault_in_a_minute_on_postgresql(
    product_on_postgres: Product, _postgres_server: Postgres, walls: list[Page], tiny: District, tmp_path: Path
) -> None:
    product = product_on_postgres
    engine = open_engine(_postgres_server.url)
    scene = PostgresScene(product, engine, walls[:2], traffic_of(product))
    scene.server = _postgres_server
    faults = [scene.poisoned, scene.killed, scene.stuck, scene.read_only, scene.refused, scene.web_killed,
              scene.redis_stuck, scene.gone_back]  # fmt: skip
    under_traffic(scene, faults, 60, tiny, walls[2], tmp_path)
    engine.dispose()
