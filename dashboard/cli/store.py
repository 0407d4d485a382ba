"""``lianqin upgrade``, ``downgrade`` and ``lianqin store …``: errands on the database itself. Parse, call, print."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from services.platform.settings import Settings

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

Local = Callable[[argparse.ArgumentParser], None]


def add_commands(commands: "Commands", local: Local) -> None:
    """Add them to the parser; ``local`` adds the options that say where the data lie."""
    text = "bring the database to this version's tables; on PostgreSQL as the role that owns them"
    found = commands.add_parser("upgrade", help=text, description=text)
    local(found)
    found.set_defaults(command=_upgrade)
    text = "take the database back to an older program's tables, with every process stopped: the way back of an upgrade"
    back = commands.add_parser("downgrade", help=text, description=text)
    back.add_argument("to", metavar="MIGRATION", help="the newest one that the older program knows, for example 0023")
    local(back)
    back.set_defaults(command=_downgrade)
    text = "errands on the database: renew-epoch after a restore or a promotion"
    actions = commands.add_parser("store", help=text, description=text).add_subparsers(required=True, metavar="action")
    text = "give the store another epoch: every process and every browser reads everything anew"
    renewing = actions.add_parser("renew-epoch", help=text, description=text)
    renewing.set_defaults(command=_renew_epoch)
    local(renewing)


def _upgrade(_options: argparse.Namespace, settings: Settings) -> int:
    from services.platform.database import open_engine
    from services.platform.migrate import head, upgrade

    engine = open_engine(settings.database)
    try:
        upgrade(engine)
    finally:
        engine.dispose()
    print(f"the database is at migration {head()}")
    return 0


def _downgrade(options: argparse.Namespace, settings: Settings) -> int:
    from services.backup.back_errands import take_back

    print(take_back(settings, options.to))
    return 0


def _renew_epoch(_options: argparse.Namespace, settings: Settings) -> int:
    from services.projector.errands.database import renew_store_epoch

    print(renew_store_epoch(settings))
    return 0
