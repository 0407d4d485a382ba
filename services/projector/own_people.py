"""Who has reported a case, for its later events: they carry its texts again, but often not the reporter.

Kept in memory for the cases of late; else read once from what is sealed of the case. Without a data key nothing is
sealed, and only what this process has seen is known.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec
from cryptography.fernet import InvalidToken
from sqlalchemy import Connection

from services.events.case import Case
from services.events.parse import Event
from services.events.personal_own import NOBODY, Own, own_of
from services.events.set_apart import Personal, decode_personal, set_apart_of
from services.sealing import Sealer
from services.store.personal_rows import sealed_of_many

KEPT = 50_000
_ENCODE = msgspec.json.Encoder().encode


class OwnPeople:
    """The reporters of cases, and events made without them."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._known: OrderedDict[str, Own] = OrderedDict()

    def apart(self, connection: Connection, events: Sequence[tuple[int, Event]]) -> list[tuple[int, Event]]:
        """The events as they may be kept: the reporter of its case is masked in each one's texts, told in it or not."""
        told = [self._told(event) for _, event in events]
        asked = {
            event.body.case_id
            for (_, event), own in zip(events, told, strict=True)
            if isinstance(event.body, Case) and own is None and event.body.case_id not in self._known
        }
        self._read(connection, asked)
        done = []
        for (key, event), own in zip(events, told, strict=True):
            kept = event
            if isinstance(event.body, Case):
                if own is not None:
                    self._remember(event.body.case_id, own)
                known = self._known.get(event.body.case_id, NOBODY)
                kept = event if known == own else self._without(event, event.body, known)
            done.append((key, kept))
        return done

    def _told(self, event: Event) -> Own | None:
        """The reporter that the event itself tells: it has masked them already."""
        personal = event.personal
        if personal is None or not (personal.name or personal.phone):
            return None
        return own_of([personal.name], [personal.phone])

    def _read(self, connection: Connection, case_ids: Iterable[str]) -> None:
        asked = set(case_ids)
        found: dict[str, Own] = {}
        if self._sealer and asked:
            for case_id, sealed in sealed_of_many(connection, sorted(asked)):
                try:
                    personal = decode_personal(self._sealer.open(sealed))
                except InvalidToken:  # of a key that we have not got: nobody here can know
                    continue
                if personal.name or personal.phone:
                    found[case_id] = found.get(case_id, NOBODY) | own_of([personal.name], [personal.phone])
        for case_id in asked:
            self._remember(case_id, found.get(case_id, NOBODY))

    def _remember(self, case_id: str, own: Own) -> None:
        self._known[case_id] = self._known.get(case_id, NOBODY) | own
        self._known.move_to_end(case_id)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)

    @staticmethod
    def _without(event: Event, case: Case, own: Own) -> Event:
        if own == NOBODY:
            return event
        kept, texts = set_apart_of(case, own)
        if kept is case:
            return event
        was = event.personal or Personal()
        # A text that the patterns had masked is sealed already, whole: that is its original.
        personal = msgspec.structs.replace(was, texts={**texts, **was.texts})
        return replace(event, body=kept, data=_ENCODE(kept), personal=personal)
