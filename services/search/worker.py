"""The indexer: a thread of the projector's process that takes up the cases that have changed, some at a time.

The projector notes in its own transaction which cases those are (``search_due``); a step reads the notes, writes the
index and drops them, in one transaction. Killed anywhere, it goes on where it was; its troubles are nobody else's.
"""

import logging
import threading
import time
from collections.abc import Sequence

from cryptography.fernet import InvalidToken
from sqlalchemy import Engine

from services.contract.set_apart import decode_personal
from services.district.doors import OpenDoors
from services.platform.database import open_engine, writing
from services.platform.errors import AWAY, fault_of, first_line
from services.platform.sealing import Sealer
from services.projector.sealed.rows import sealed_of_many
from services.search import store
from services.search.people import people_tokens, token_keys

log = logging.getLogger(__name__)

STEP = 200  # notes a transaction
IDLE_S = 0.5
# Taking up a backlog it rests so many times as long as it has worked: the projector writes to the same store.
REST = 2.0
AWAY_S = 5.0


class SearchIndexer:
    """Keeps the search's index behind the cases."""

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self._engine, self._sealer = engine, sealer
        self._keys = token_keys(sealer.keys)

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``; what fails is said, and tried again."""
        pause = IDLE_S
        while not stop.wait(pause):
            began = time.monotonic()
            try:
                done = self.step()
                pause = REST * (time.monotonic() - began) if done == STEP else IDLE_S
            except AWAY as error:
                log.warning("the search waits: %s: %s", fault_of(error).words, first_line(error))
                pause = AWAY_S
            except Exception:  # the projector's process must not end by it
                log.exception("the search waits")
                pause = AWAY_S

    def drain(self) -> int:
        """Take up everything that is due; returns how many notes."""
        done = 0
        while step := self.step():
            done += step
        return done

    def step(self, limit: int = STEP) -> int:
        """One transaction; returns how many notes it has taken up."""
        with self._engine.connect() as connection:  # most looks find nothing: no lock for them
            if not store.next_due(connection, 1):
                return 0
        with writing(self._engine) as connection:
            store.take_turn(connection)
            due = store.next_due(connection, limit)
            case_ids = list(dict.fromkeys(one.case_id for one in due))
            kept = store.kept_docs(connection, case_ids)
            store.put_docs(connection, kept, store.present_docs(connection, case_ids, kept))
            anew = sorted({one.case_id for one in due if one.is_whole})
            tokens = [
                (token, case_id)
                for case_id, sealed in sealed_of_many(connection, case_ids)
                for token in self._tokens(sealed)
            ]
            store.put_people(connection, anew, tokens)
            store.drop_due(connection, [one.n for one in due])
        return len(due)

    def _tokens(self, sealed: bytes) -> Sequence[bytes]:
        """Of what is sealed of a case; none where no key of ours opens it."""
        if not self._keys:
            return ()
        try:
            personal = decode_personal(self._sealer.open(sealed))
        except (InvalidToken, ValueError):
            return ()
        return tuple(people_tokens(self._keys[0], personal.name, personal.phone))


def make_indexer(doors: OpenDoors) -> SearchIndexer:
    """What keeps the index, with a connection of its own."""
    return SearchIndexer(open_engine(doors.settings.database, pool_size=1), Sealer(doors.settings.data_key))
