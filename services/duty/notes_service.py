"""What people leave to the next shift in words of their own, and the leader who accepts a stranger's signature."""

from sqlalchemy import Connection, Engine

from services.contract.personal import mask_text
from services.duty import logbook, store
from services.duty.service import DutyDesk, DutyRefused
from services.duty.sheet import HandoverNote
from services.duty.store import KeptHandover
from services.platform.database import writing
from services.platform.offload import Offload, directly

MOST_CHARACTERS = 500


class HandoverNotes:
    """The notes of the handovers of one district's seats."""

    def __init__(self, engine: Engine, desk: DutyDesk, offload: Offload = directly) -> None:
        self._engine, self._desk, self._offload = engine, desk, offload

    def of(self, handover_id: str) -> list[HandoverNote]:
        """The notes of a handover in the order of writing, numbers of people masked."""

        def ask() -> list[HandoverNote]:
            with self._engine.connect() as connection:
                found = store.notes(connection, handover_id)
            return [HandoverNote(n.handover, n.at, n.who, mask_text(n.text), n.is_addition) for n in found]

        return self._offload(ask)

    def add(self, seat: str, handover_id: str, who: str, text: str, now: int) -> HandoverNote:
        """Write a note; once both have signed it is an addition (补记), and nothing is ever changed or taken away.

        Refused: ``empty``, ``too_long``, ``no_handover``.
        """
        plain, present = logbook.cleaned(text), self._desk.present_id(seat, now)
        if not plain or len(plain) > MOST_CHARACTERS:
            raise DutyRefused("too_long" if plain else "empty", f"a note of {len(plain)} characters")

        def write() -> HandoverNote:
            with writing(self._engine) as connection:
                kept = store.handover(connection, handover_id)
                is_known = handover_id == present if kept is None else kept.seat == seat
                if not is_known:
                    raise DutyRefused("no_handover", f"seat {seat} has no handover {handover_id}")
                note = HandoverNote(handover_id, now, who, plain, kept is not None and bool(kept.in_by))
                store.add_note(connection, note, seat)
            return note

        return self._offload(write)

    def accept(self, handover_id: str, who: str, now: int) -> KeptHandover:
        """Let a stranger's signature hold. Refused: ``no_handover``, ``nothing_to_accept``."""

        def write() -> KeptHandover:
            with writing(self._engine) as connection:
                kept = _kept(connection, handover_id)
                if not store.accept(connection, handover_id, who, now):
                    raise DutyRefused("nothing_to_accept", f"handover {handover_id} waits for nobody")
            return kept._replace(accepted_by=who, accepted_at=now)

        return self._offload(write)


def _kept(connection: Connection, handover_id: str) -> KeptHandover:
    kept = store.handover(connection, handover_id)
    if kept is None:
        raise DutyRefused("no_handover", f"there is no handover {handover_id}")
    return kept
