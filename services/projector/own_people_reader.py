"""Who has reported a case, for its later events: they carry its texts again, but often not the reporter.

An answer to a command is one of them: its reason is a text about the case.

Kept in memory for the cases of late; else read once from what is sealed of the case. Without a data key nothing is
sealed, and only what this process has seen is known.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec
from cryptography.fernet import InvalidToken
from sqlalchemy import Connection, select

from services.cases.tables import commands
from services.contract.case import Case
from services.contract.others import CommandAnswer
from services.contract.parse import Event
from services.contract.personal_own import NOBODY, Own
from services.contract.set_apart import Personal, decode_personal, people_in, set_apart_of
from services.platform.sealing import Sealer
from services.projector.sealed.rows import sealed_of_many

KEPT = 50_000
_ENCODE = msgspec.json.Encoder().encode


class OwnPeople:
    """The people whom the events of a case have named, and events made without them."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._known: OrderedDict[str, Own] = OrderedDict()

    def apart(self, connection: Connection, events: Sequence[tuple[int, Event]]) -> list[tuple[int, Event]]:
        """The events as they may be kept: the reporter of its case is masked in each one's texts, told in it or not."""
        told = [self._told(event) for _, event in events]
        cases = _answered(connection, [event for _, event in events])
        asked = {
            event.body.case_id
            for (_, event), own in zip(events, told, strict=True)
            if isinstance(event.body, Case) and own is None and event.body.case_id not in self._known
        }
        self._read(connection, asked | {one for one in cases.values() if one and one not in self._known})
        done = []
        for (key, event), own in zip(events, told, strict=True):
            kept = event
            if isinstance(event.body, Case):
                if event.personal is not None:
                    self._remember(event.body.case_id, people_in(event.personal))
                known = self._known.get(event.body.case_id, NOBODY)
                kept = event if known == own else self._without(event, event.body, known)
            elif isinstance(event.body, CommandAnswer) and event.body.reason:
                known = self._known.get(cases[event.body.command_id], NOBODY)
                kept = _answer_without(event, event.body, known.mask(event.body.reason))
            done.append((key, kept))
        return done

    def _told(self, event: Event) -> Own | None:
        """The people that the event itself tells, the reporter among them: it has masked them already."""
        personal = event.personal
        return people_in(personal) if personal is not None and _has_reporter(personal) else None

    def _read(self, connection: Connection, case_ids: Iterable[str]) -> None:
        asked = set(case_ids)
        found: dict[str, Own] = {}
        if self._sealer and asked:
            for case_id, sealed in sealed_of_many(connection, sorted(asked)):
                try:
                    personal = decode_personal(self._sealer.open(sealed))
                except InvalidToken:  # of a key that we have not got: nobody here can know
                    continue
                found[case_id] = found.get(case_id, NOBODY) | people_in(personal)
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


def _has_reporter(personal: Personal) -> bool:
    return bool(personal.name or personal.phone)


def _answered(connection: Connection, events: Iterable[Event]) -> dict[str, str]:
    """The cases of the answers that give a reason, by command; our own record knows one that an answer leaves out."""
    answers = [event.body for event in events if isinstance(event.body, CommandAnswer) and event.body.reason]
    found = {answer.command_id: answer.case_id or "" for answer in answers}
    if unknown := [command_id for command_id, case_id in found.items() if not case_id]:
        of_ours = select(commands.c.command_id, commands.c.case_id).where(commands.c.command_id.in_(unknown))
        found |= {row.command_id: row.case_id for row in connection.execute(of_ours)}
    return found


def _answer_without(event: Event, answer: CommandAnswer, reason: str) -> Event:
    if reason == answer.reason:
        return event
    kept = msgspec.structs.replace(answer, reason=reason)
    return replace(event, body=kept, data=_ENCODE(kept))
