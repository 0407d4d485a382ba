"""Bring a store to the present schema: Alembic, without a file of settings.

Alembic takes half a second to import: only who migrates pays for it, not every process that asks whether it must wait.
"""

from pathlib import Path

from sqlalchemy import Engine, inspect, text

SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, to: str = "head") -> None:
    """Run the migrations that the store has not seen, up to the one that is named."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["engine"] = engine
    command.upgrade(config, to)


def head() -> str:
    """The newest migration: their files are numbered in their order."""
    return max(path.name.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))


def is_current(engine: Engine) -> bool:
    """Whether the store is at the newest migration."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == head()
