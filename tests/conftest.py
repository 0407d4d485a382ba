import gc
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from argon2 import PasswordHasher
from sqlalchemy import Engine

from services.access import passwords
from services.access import service as accounts
from services.access.account import Account
from services.district.load import load
from services.district.package import District
from services.operations.embedded import EmbeddedRedis
from services.platform.database import open_engine
from services.platform.sealing import Sealer
from tests import once
from tests.servers import Postgres
from tests.sharing_out import pytest_collection_modifyitems, pytest_xdist_make_scheduler
from tests.stores import fresh_sqlite
from tests.tiny import write_tiny_district

__all__ = ["pytest_collection_modifyitems", "pytest_xdist_make_scheduler"]
logging.getLogger("alembic").setLevel(logging.WARNING)


# Passwords are hashed with the least memory and time in the tests' own process; the product has no such setting.
passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not walk through all of it again and again, nor come so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_district(folder)
    return folder


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> District:
    """A district of two streets, four communities and eight grids: squares that share edges."""
    return load(tiny_folder)


@pytest.fixture
def sealer() -> Sealer:
    return Sealer("")


@pytest.fixture(scope="session")
def _redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"), append_only=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(_redis_server: EmbeddedRedis) -> str:
    with redis.Redis(port=_redis_server.port) as client:
        client.flushall()
    return _redis_server.url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[Postgres]:
    server = Postgres()
    server.create()
    yield server
    server.remove()


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(fresh_sqlite(tmp_path / "store.db"))
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_engine(_postgres_server: Postgres) -> Iterator[Engine]:
    _postgres_server.renew()
    engine = open_engine(_postgres_server.url)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """A fresh store, once on each database."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    """Hundreds of tests build a web process or a store here: what these compile is compiled for the first of them."""
    with pytest.MonkeyPatch.context() as patch:
        once.keep(patch)
        yield


@pytest.fixture
def real_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The product's own parameters again, for a test that measures or looks at them."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher())
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


@pytest.fixture
def wall_account(sqlite_engine: Engine) -> None:
    """This machine is a wall of the store's district: its requests need no log-in."""
    accounts.add(sqlite_engine, 1, Account("wall", "大屏", "wall", addresses="127.0.0.0/8"), "")
