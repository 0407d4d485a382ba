"""``lianqin upgrade``: the tables of this version, made by the role that owns them. Parse, call, print."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from services.settings import Settings

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_commands(commands: "Commands", local: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add it to the parser; ``local`` adds the options that say where the data lie."""
    text = "bring the database to this version's tables; on PostgreSQL as the role that owns them"
    found = commands.add_parser("upgrade", help=text, description=text)
    local(found)
    found.set_defaults(command=_upgrade)


def _upgrade(_options: argparse.Namespace, settings: Settings) -> int:
    from services.store.engine import open_engine
    from services.store.migrate import head, upgrade

    engine = open_engine(settings.database)
    try:
        upgrade(engine)
    finally:
        engine.dispose()
    print(f"the database is at migration {head()}")
    return 0
