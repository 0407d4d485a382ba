"""The processes' role on PostgreSQL: it adds to the audit and changes nothing there; all else works as before.

deploy/postgres/roles.sql makes it, run by the role that owns the tables.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import DatabaseError

from services.audit import Signer, Who, check
from services.audit import log_service as store
from services.audit.log_service import AuditLog
from services.backup.making_service import make_backup
from services.backup.manifest import BackupError
from services.backup.restoring_service import restore_backup
from services.backup.source_reader import check_parts, open_source
from services.district.package import District
from services.platform.database import open_engine
from services.platform.migrate import upgrade
from services.platform.sealing import Sealer, make_key
from services.platform.settings import Settings
from services.projector.errands.rebuild import rebuild
from services.projector.ingest import Ingest
from tests.doors import DUTY, EAST, House, house
from tests.integration.backup.test_backup import empty_database
from tests.tiny import NOON

SQL = Path(__file__).parents[2] / "deploy/postgres/roles.sql"
ROLE = "lianqin_app"
WHO = Who("wang", "duty_officer")
pytestmark = [pytest.mark.postgres, pytest.mark.redis]


def _grant(owner: Engine) -> None:
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(SQL.read_text("utf-8"))
        connection.exec_driver_sql("REVOKE ALL ON DATABASE lianqin FROM PUBLIC")  # as database.sql has it
        connection.exec_driver_sql("GRANT CONNECT ON DATABASE lianqin TO lianqin_app")


@pytest.fixture
def app_engine(postgres_engine: Engine) -> Iterator[Engine]:
    """The store as the processes' role has it open."""
    _grant(postgres_engine)
    engine = open_engine(postgres_engine.url.set(username=ROLE).render_as_string(hide_password=False))
    yield engine
    engine.dispose()


DEEDS = [
    "UPDATE audit SET who = 'nobody'", "DELETE FROM audit", "TRUNCATE audit", "DROP TABLE audit",
    "ALTER TABLE audit DISABLE TRIGGER ALL", "DROP TRIGGER audit_append_only ON audit",
    "DROP FUNCTION audit_is_append_only() CASCADE", "ALTER TABLE audit OWNER TO lianqin_app",
    "SET session_replication_role = replica", "SET ROLE lianqin",
    "CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN NULL; END'",
    "CREATE TABLE other (n int)", "CREATE RULE none AS ON INSERT TO audit DO INSTEAD NOTHING",
    "INSERT INTO audit SELECT * FROM audit ON CONFLICT (number) DO UPDATE SET who = 'nobody'",
    "INSERT INTO audit SELECT 9223372036854775807, at, who, role, street, address, action, object, detail, hash "
    "FROM audit",
    "ALTER TABLE audit DISABLE TRIGGER audit_only_next", "DROP FUNCTION audit_takes_the_next_number() CASCADE",
    "UPDATE alembic_version SET version_num = '0001'",
]  # fmt: skip


def test_the_role_makes_a_backup_and_the_owner_alone_puts_it_back(
    app_engine: Engine, tiny: District, tiny_folder: Path, tmp_path: Path
) -> None:
    Ingest(app_engine, tiny, Sealer(""))
    url = app_engine.url.render_as_string(hide_password=False)
    settings = Settings(database_url=url, district=str(tiny_folder), data_dir=tmp_path)
    kept, manifest = make_backup(settings, tmp_path / "kept")
    with open_source(kept) as source:
        check_parts(source, manifest)
    with empty_database(app_engine) as there:
        with pytest.raises(BackupError, match=r"pg_restore could not put it back, nothing was changed: .*permission"):
            restore_backup(dataclasses.replace(settings, database_url=there), kept)
        owner = make_url(there).set(username="lianqin").render_as_string(hide_password=False)
        restore_backup(dataclasses.replace(settings, database_url=owner), kept)


def test_the_role_changes_nothing_in_the_audit(app_engine: Engine) -> None:
    AuditLog(app_engine).append(NOON, WHO, "log_in")
    for deed in DEEDS:
        with (
            app_engine.connect() as connection,
            pytest.raises(DatabaseError, match=r"permission denied|must be owner|append-only|must be able"),
        ):
            connection.execute(text(deed))
    with app_engine.begin() as connection:  # PostgreSQL only warns of this one, and grants nothing
        connection.execute(text("GRANT UPDATE ON audit TO lianqin_app"))
        found = connection.execute(text("SELECT has_table_privilege('lianqin_app', 'audit', 'UPDATE')")).scalar()
        assert not found


def test_the_product_works_as_that_role(app_engine: Engine, redis_client: redis.Redis, tiny: District) -> None:
    key = make_key()
    upgrade(app_engine)  # at the newest migration: nothing to do, nothing that needs the owner
    with house(app_engine, redis_client, tiny, data_key=key) as home:
        assert_a_day_goes_on(home)
    assert rebuild(app_engine, Ingest(app_engine, tiny, Sealer(key)), NOON, lambda _: None) > 0
    with app_engine.connect() as connection:
        rows = list(store.records(connection))
    assert not check(rows, signer=Signer([key])).faults
    assert {row.action for row in rows} >= {"command", "export"}


def assert_a_day_goes_on(home: House) -> None:
    """The desk, a command, a file, a view, the log, the audit."""
    command = {"batch": "b1", "type": "case.urge", "cases": [[EAST.case_id, 1]], "reason": "请尽快办理", "data": {}}
    assert home.get(DUTY, "/desk").status_code == 200
    assert home.get(DUTY, "/api/v1/cases.csv").status_code == 200
    answer = home.post(DUTY, "/api/v1/commands", command)
    assert answer.status_code in {200, 201, 202}, answer.text


def test_a_store_of_an_older_version_is_brought_up_by_its_owner_alone(
    postgres_engine: Engine, app_engine: Engine
) -> None:
    with postgres_engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    upgrade(postgres_engine, "0007")
    _grant(postgres_engine)
    with pytest.raises(DatabaseError, match=r"must be owner|permission denied"):
        upgrade(app_engine)
    upgrade(postgres_engine)
    _grant(postgres_engine)
    AuditLog(app_engine).append(NOON, WHO, "log_in")
