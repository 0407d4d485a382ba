"""What people ask of the case system: parsed, judged by their rights and the case as it stands, written down, sent.

A screen never changes a case, it asks (ARCHITECTURE.md, «one way round»). Each command is written down before it
leaves, under an id made from the click and the case: a double click, a retry after a cut and a second try when Redis is
back are one command, which the case system executes once. What is refused is refused in words (``REFUSALS``).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

import msgspec
import redis
from msgspec import Meta
from sqlalchemy import Connection, Engine

from services.access.rights import DISTRICT, Person, may, seat_of
from services.cases.case import CaseRow
from services.commands import store
from services.commands.store import Sent
from services.contract.case import Code
from services.contract.commands import COMMANDS
from services.contract.entry import encode_entry
from services.district.package import District
from services.platform.clock import to_ms
from services.platform.database import writing
from services.platform.errors import REDIS_ERRORS
from services.platform.wakeups import Wakeups
from services.projector.outbox.follow import Offload, directly
from services.projector.sealed.case_people import CasePeople

T = TypeVar("T")
SOURCE = "/lianqin/desk"
# Wider than ``REASON_MOST``: whoever writes somewhat too much hears it in words.
Reason = Annotated[str, Meta(max_length=10_000)]
MOST_CASES, REASON_LEAST, REASON_MOST = 500, 2, 500
WRITTEN = ("reason", "result")  # what a person writes in a command
YEAR_MS = 366 * 86_400_000
# Why nothing was sent for a case; the screens have words for each, and for what the case system itself refuses.
REFUSALS = (
    "unknown_type", "no_case", "too_many", "no_reason", "long_reason", "closed", "forbidden", "stale", "bad_value",
    "unknown_unit", "bad_until", "bad_into", "outside", "not_sent",
)  # fmt: skip


Version = Annotated[int, Meta(ge=0, le=2**53)]


class Wish(msgspec.Struct, frozen=True):
    """One click (``batch``): a command for one or many cases, each with the version that the person saw."""

    batch: Code
    type: Code
    cases: Annotated[list[tuple[Code, Version]], Meta(max_length=2000)]
    reason: Reason = ""
    data: Annotated[dict[str, Any], Meta(max_length=40)] = {}


class Outcome(msgspec.Struct, frozen=True):
    """What became of it for one case: ``state`` is sent, done, refused (``reason`` a code of REFUSALS) or unsent."""

    case_id: str
    command_id: str
    state: str
    reason: str = ""
    detail: str = ""


class Situation(msgspec.Struct, frozen=True):
    """What a wish is judged against: the open cases, the patrols (id → street, empty for none), and the moment."""

    rows: Mapping[str, CaseRow]
    units: Mapping[str, str]
    now: int


def command_id(district: str, user_id: str, batch: str, case_id: str) -> str:
    """The id of one click's command on one case."""
    return "cmd-" + hashlib.sha256(f"{district}|{user_id}|{batch}|{case_id}".encode()).hexdigest()[:40]


def judge(wish: Wish, person: Person, district: District, situation: Situation) -> tuple[list[Sent], list[Outcome]]:
    """The commands to send, and what is refused before it leaves. Pure."""
    if (fault := _of_all(wish)) is not None:
        return [], [Outcome(case_id, "", "refused", fault) for case_id, _ in wish.cases] or [
            Outcome("", "", "refused", fault)
        ]
    sent: list[Sent] = []
    refused: list[Outcome] = []
    for case_id, version in dict(wish.cases).items():
        row = situation.rows.get(case_id)
        if row is None:
            refused.append(Outcome(case_id, "", "refused", "closed"))
        elif not may(person, wish.type, row.street or DISTRICT, row.community):
            refused.append(Outcome(case_id, "", "refused", "forbidden"))
        elif version != row.version:
            refused.append(Outcome(case_id, "", "refused", "stale"))
        else:
            made, fault, detail = _body(wish, person, row, district, situation)
            if made is None:
                refused.append(Outcome(case_id, "", "refused", fault, detail))
                continue
            ours = command_id(district.code, person.user_id, wish.batch, case_id)
            sent.append(
                Sent(
                    ours, wish.batch, situation.now, person.user_id, person.role, seat_of(person, district.code),
                    wish.type, case_id, version, msgspec.json.encode(made),
                )
            )  # fmt: skip
    return sent, refused


def _of_all(wish: Wish) -> str | None:
    """What is wrong with the whole click."""
    if wish.type not in COMMANDS or not wish.type.startswith("case."):
        return "unknown_type"
    if not wish.cases or not 8 <= len(wish.batch) <= 64:
        return "no_case"
    if len(wish.cases) > MOST_CASES:
        return "too_many"
    if len(wish.reason.strip()) < REASON_LEAST:
        return "no_reason"
    return "long_reason" if len(wish.reason) > REASON_MOST else None


def _body(
    wish: Wish, person: Person, row: CaseRow, district: District, situation: Situation
) -> tuple[msgspec.Struct | None, str, str]:
    """(the command's data, '', ''), or (None, why not, which field)."""
    actor = {"user": person.user_id, "role": person.role, **({"street": person.street} if person.street else {})}
    fixed = {
        "case_id": row.case_id, "expected_version": row.version, "actor": actor, "reason": wish.reason.strip(),
    }  # fmt: skip
    try:
        made = msgspec.convert({**wish.data, **fixed}, COMMANDS[wish.type])
    except msgspec.ValidationError as error:
        return None, "bad_value", str(error)[:200]
    for name in ("lead_unit", "to", "to_unit"):
        code = getattr(made, name, None)
        if code and code not in district.units and code != f"{district.code}-center":
            return None, "unknown_unit", str(code)
    for code in (*getattr(made, "units", ()), *getattr(made, "co_units", ())):
        if code not in district.units:
            return None, "unknown_unit", str(code)
    if (unit := getattr(made, "unit_id", None)) is not None and (
        unit not in situation.units or not may(person, "see_units", situation.units[unit] or DISTRICT)
    ):
        return None, "unknown_unit", str(unit)
    until = getattr(made, "until", None)
    if until is not None and not situation.now < to_ms(until) <= situation.now + YEAR_MS:
        return None, "bad_until", ""
    into = getattr(made, "into", None)
    if into is not None:
        other = situation.rows.get(into)
        if other is None or into == row.case_id or not may(person, wish.type, other.street, other.community):
            return None, "bad_into", str(into)
    return made, "", ""


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
        self._stream = f"lianqin:{{{district.code}}}:commands"

    def send(self, wish: Wish, person: Person, situation: Situation) -> list[Outcome]:
        """Judge, write down, send: what became of each case. Raises what the store raises."""
        if wish.type == "case.locate" and not self._is_placed(wish.data):
            return [Outcome(case_id, "", "refused", "outside") for case_id, _ in wish.cases]
        sent, outcomes = judge(wish, person, self._district, situation)
        kept = self._as_kept(sent)
        standing = self._write(lambda connection: store.keep(connection, kept))
        # What leaves says what was typed: it is the case system's text. What is kept here is masked.
        unsent = [row for row in sent if standing[row.command_id].state == "unsent"]
        is_gone = self._publish(unsent, situation.now)
        if is_gone and unsent:
            self._write(lambda connection: store.left(connection, [row.command_id for row in unsent]))
        for row in standing.values():
            if row.state != "unsent":
                outcomes.append(Outcome(row.case_id, row.command_id, row.state, row.reason))
            elif is_gone:
                outcomes.append(Outcome(row.case_id, row.command_id, "sent"))
            else:
                outcomes.append(Outcome(row.case_id, row.command_id, "unsent", "not_sent"))
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
