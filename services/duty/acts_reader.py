"""The log of a unit's or a grid's seat: what its people asked of the case system, its alarms, who signed. Reads only.

Such a seat keeps no log book: nothing is written there by hand, and nothing of others stands in it.
"""

from sqlalchemy import Engine

from services.duty import logbook, store
from services.duty.logbook import Entry
from services.platform.offload import Offload, directly


class SeatActs:
    """Answers for every such seat of one store."""

    def __init__(self, engine: Engine, offload: Offload = directly) -> None:
        self._engine, self._offload = engine, offload

    def entries(self, seat: str, since: int, until: int, limit: int = 200) -> list[Entry]:
        """The seat's acts, alarms and signatures from ``since`` to ``until``, newest first; people's numbers masked.

        A command that was refused stands once, in its own line.
        """

        def ask() -> list[Entry]:
            with self._engine.connect() as connection:
                told = store.entries(connection, seat, since, until, limit)
                done = store.commands_of_seat(connection, seat, since, until, limit)
            found = [*map(logbook.of_act, done), *(entry for entry in told if entry.kind in {"alarm", "handover"})]
            return [logbook.masked(e) for e in sorted(found, key=lambda e: (-e.at, e.mark))[:limit]]

        return self._offload(ask)
