"""What people ask of the case system: parsed, judged by their rights and the case as it stands, written down, sent.

A screen never changes a case, it asks (ARCHITECTURE.md, «one way round»). Each command is written down before it
leaves, under an id made from the click and the case: a double click, a retry after a cut and a second try when Redis is
back are one command, which the case system executes once. What is refused is refused in words (``REFUSALS``).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import redis
from sqlalchemy import Connection, Engine

from services.access.rights import Person
from services.commands import store
from services.commands.judge import CommandOutcome, Sent, Situation, Wish, judge
from services.commands.repair import RepairWish, judge_repair
from services.contract.entry import encode_entry
from services.district.package import District
from services.platform.database import writing
from services.platform.errors import REDIS_ERRORS
from services.platform.offload import Offload, directly
from services.platform.redis import Keys
from services.platform.wakeups import Wakeups
from services.projector.sealed.case_people import CasePeople

T = TypeVar("T")
SOURCE = "/lianqin/desk"
WRITTEN = ("reason", "result")  # what a person writes in a command


class Commanding:
    """Sends what ``judge`` lets through. ``is_near`` says whether a position lies in or near the district.

    The store is written through ``offload``; Redis is spoken to where we are called: its client belongs to that loop.
    """

    def __init__(
        self,
        engine: Engine,
        client: redis.Redis,
        district: District,
        *,
        is_near: Callable[[float, float, str], bool],
        people: CasePeople,
        offload: Offload = directly,
    ) -> None:
        self._engine, self._client, self._district, self._is_near = engine, client, district, is_near
        self._people = people
        self._offload = offload
        self.wakeups = Wakeups(client, district.code)
        self._stream = Keys(district.code).commands

    def send(self, wish: Wish, person: Person, situation: Situation) -> list[CommandOutcome]:
        """Judge, write down, send: what became of each case. Raises what the store raises."""
        if wish.type == "case.locate" and not self._is_placed(wish.data):
            return [CommandOutcome(case_id, "", "refused", "outside") for case_id, _ in wish.cases]
        return self._deliver(*judge(wish, person, self._district, situation), situation.now)

    def repair(self, wish: RepairWish, camera_id: str, person: Person, now: int, *, is_known: bool) -> CommandOutcome:
        """Ask for a camera's repair; ``is_known``: whether there is such a camera. Raises what the store raises."""
        version = self._write(lambda connection: store.camera_version(connection, camera_id)) if is_known else None
        sent, fault = judge_repair(wish, camera_id, version, person, district=self._district, now=now)
        if sent is None:
            return CommandOutcome(wish.case_id, "", "refused", fault)
        return self._deliver([sent], [], now)[0]

    def _deliver(self, sent: Sequence[Sent], outcomes: list[CommandOutcome], now: int) -> list[CommandOutcome]:
        """Write down what was judged and send it once: ``outcomes`` with what became of each."""
        kept = self._as_kept(sent)
        standing = self._write(lambda connection: store.keep(connection, kept))
        # What leaves says what was typed: it is the case system's text. What is kept here is masked.
        unsent = [row for row in sent if standing[row.command_id].state == "unsent"]
        is_gone = self._publish(unsent, now)
        if is_gone and unsent:
            self._write(lambda connection: store.left(connection, [row.command_id for row in unsent]))
        for row in standing.values():
            if row.state != "unsent":
                outcomes.append(CommandOutcome(row.case_id, row.command_id, row.state, row.reason))
            elif is_gone:
                outcomes.append(CommandOutcome(row.case_id, row.command_id, "sent"))
            else:
                outcomes.append(CommandOutcome(row.case_id, row.command_id, "unsent", "not_sent"))
        return outcomes

    def _as_kept(self, sent: Sequence[Sent]) -> list[Sent]:
        """The commands of one click as they may be kept: the people of their cases are in none of their texts."""
        cases = [row.case_id for row in sent]
        shown: dict[str, str] = {}
        found = []
        for row in sent:
            told = msgspec.json.decode(row.data)
            for text in (told[name] for name in WRITTEN if told.get(name)):
                if text not in shown:
                    shown[text] = self._people.masked(text, cases)
            told |= {name: shown[told[name]] for name in WRITTEN if told.get(name)}
            found.append(msgspec.structs.replace(row, data=msgspec.json.encode(told)))
        return found

    def settle(self, now: int) -> list[Sent]:
        """Take over the answers that the projector has taken in."""
        return self._write(lambda connection: store.settle(connection, now))

    def standing(self, ids: Sequence[str]) -> list[Sent]:
        """What became of these."""

        def ask() -> list[Sent]:
            with self._engine.connect() as connection:
                return store.by_ids(connection, ids)

        return self._offload(ask)

    def _write(self, work: Callable[[Connection], T]) -> T:
        """One write transaction."""

        def do() -> T:
            with writing(self._engine) as connection:
                return work(connection)

        return self._offload(do)

    def _publish(self, rows: Sequence[Sent], now: int) -> bool:
        """Whether they are on the stream: all of them, or none that we know of."""
        try:
            with self._client.pipeline(transaction=True) as pipe:
                for row in rows:
                    body = msgspec.Raw(row.data)
                    fields = encode_entry(SOURCE, row.type, body, now, subject=row.case_id, event_id=row.command_id)
                    pipe.xadd(self._stream, dict(fields))  # type: ignore[arg-type]  # bytes to bytes
                pipe.execute()
        except REDIS_ERRORS:
            return False
        return True

    def _is_placed(self, data: Mapping[str, Any]) -> bool:
        lon, lat, system = data.get("lon"), data.get("lat"), data.get("coord_sys")
        if not isinstance(lon, int | float) or not isinstance(lat, int | float) or not isinstance(system, str):
            return False
        return self._is_near(float(lon), float(lat), system)
