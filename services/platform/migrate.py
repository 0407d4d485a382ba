"""Bring a store to the present schema: Alembic, without a file of settings.

Alembic takes half a second to import: only who migrates pays for it, not every process that asks whether it must wait.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from services.platform.refusal import Refusal

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(__file__).parent / "migrations"


class StoreNewer(Refusal):
    """A newer program has migrated the store; the text says which revision it has, and what to do."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"the store is at revision {revision}, this program knows revisions up to {head()}: the program is older "
            "than the store. Install the program that the store was last used with; let that one take the store back "
            f"(`lianqin downgrade {head()}`), or put back the backup that was made before it (docs/operations.md); "
            "nothing was changed"
        )
        self.revision = revision


def upgrade(engine: Engine, to: str = "head") -> None:
    """Run the migrations that the store has not seen, up to the one that is named. Raises StoreNewer."""
    if to == "head" and is_current(engine):
        return
    check_known(engine)
    from alembic import command

    command.upgrade(_config(engine), to)


def downgrade(engine: Engine, to: str) -> None:
    """Undo the migrations behind the one that is named: the way back to an older program. Raises StoreNewer.

    Each is a transaction of its own: killed, or on a full disk, the store stands at one of them.
    """
    from alembic import command

    check_known(engine)
    command.downgrade(_config(engine), to)


def _config(engine: Engine) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["engine"] = engine
    return config


def revisions() -> list[str]:
    """Every migration, in order: their files are numbered."""
    return sorted(path.name.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))


def head() -> str:
    """The newest migration."""
    return revisions()[-1]


def is_newer(revision: str) -> bool:
    """Whether a later program has made this revision."""
    return revision.isdecimal() and revision > head()


def revision_of(engine: Engine) -> str | None:
    """The store's revision; None: it is empty."""
    with engine.connect() as connection:
        return revision_in(connection)


def revision_in(connection: Connection) -> str | None:
    """The revision as a transaction sees it; None: the store is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def check_known(engine: Engine) -> None:
    """Raise StoreNewer where the store has seen a migration that this program does not know."""
    if (found := revision_of(engine)) is not None and found not in revisions():
        raise StoreNewer(found)


def is_current(engine: Engine) -> bool:
    """Whether the store is at the newest migration."""
    return revision_of(engine) == head()
