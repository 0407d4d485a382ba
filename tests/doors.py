"""A web process with everything behind it, and a person of every role at its doors.

Two streets (S1 with C1 and C2, S2 with C3), a case in each and one that nobody could place; alarms, a proposal, a log
and a handover. Sessions are made directly: how one logs in is test_accounts'.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import redis
from flask.testing import FlaskClient
from flask_socketio import SocketIOTestClient
from sqlalchemy import Engine, select
from sqlalchemy import case as case_when
from werkzeug.test import TestResponse

from dashboard.app import Doors, Web, create_app
from services.access import service as accounts
from services.access import tables
from services.access.account import Account
from services.access.rights import RIGHTS, Reach, Role
from services.cases.escalation import Proposal
from services.district.borders import Borders
from services.district.package import District
from services.duty.alarms.worker import AlarmKeeper
from services.platform import metadata
from services.platform.clock import SetClock, to_rfc3339
from services.platform.database import writing
from services.platform.sealing import Sealer
from services.platform.settings import Settings
from services.platform.wakeups import Wakeups
from services.projector.ingest import Ingest
from services.projector.outbox.announce import announce
from services.projector.outbox.delta import Delta
from services.projector.store.write import Feed, Writer
from tests.stores import is_fresh, put_aside, put_back
from tests.tiny import CODE, NOON, case, entry, middle, numbered

UPDATE = "/_dash-update-component"
COOKIE = "lianqin"
OURS, WALL_AT, DESK_AT = "http://localhost", "10.9.0.5", "10.1.2.3"
HOUR = 3_600_000
SECRET = "秘密说法"


class Place(NamedTuple):
    """Where something belongs: a street, a community of it (None: the whole street's), the case that lies there.

    Of a case also its grid, who leads it, and who works beside.
    """

    street: str
    community: str | None
    case_id: str = ""
    grid: str = ""
    lead: str = ""
    beside: str = ""


# C1 is s1c1's, C1 and C2 are s1's, C3 is s2's, the last is in no street. D1 leads the first and works beside D2 on
# the third; G00 is the first one's grid.
EAST, EAST_2, WEST, NOWHERE = (
    Place("S1", "C1", "EAST-1", "G00", "D1"),
    Place("S1", "C2", "EAST-2", "G10", "D2"),
    Place("S2", "C3", "WEST-1", "G20", "D2", "D1"),
    Place("", "", "NOWHERE-1", "", "D2"),
)
PLACES = (EAST, EAST_2, WEST, NOWHERE)
SEAT_1, SEAT_2, CENTRE = SEATS = (Place("S1", None), Place("S2", None), Place("", None))


class Who(NamedTuple):
    """One who asks; ``role`` None is nobody logged in."""

    name: str
    role: Role | None
    street: str = ""
    community: str = ""
    unit: str = ""
    grid: str = ""

    @property
    def is_at_wall(self) -> bool:
        """A wall has no cookie: it is known by where it stands."""
        return self.role == "wall"


ANONYMOUS, WALL = Who("anonymous", None), Who("wall", "wall")
S1, S1C1, S2 = (
    Who("s1", "street_staff", "S1"),
    Who("s1c1", "street_staff", "S1", "C1"),
    Who("s2", "street_staff", "S2"),
)
D1, D2 = Who("d1", "department", unit="D1"), Who("d2", "department", unit="D2")
G00, G20 = Who("g00", "grid_worker", grid="G00"), Who("g20", "grid_worker", grid="G20")
DUTY = Who("duty", "duty_officer")
WHO = (
    ANONYMOUS, WALL, DUTY, Who("leader", "leader"), Who("auditor", "auditor"), Who("security", "security"),
    Who("admin", "admin"), S1, S1C1, S2, D1, D2, G00, G20,
)  # fmt: skip


def told(who: Who, right: str, place: Place | None = None) -> bool:
    """What the table says, read here a second time: has this person the right, over what lies there?"""
    reach: Reach | None = RIGHTS[right].get(who.role) if who.role is not None else None
    if reach is None or reach == "all" or place is None:
        return reach is not None
    if who.role == "department":
        return place.lead == who.unit or (reach == "own" and place.beside == who.unit)
    if who.role == "grid_worker":
        return place.grid == who.grid
    mine = place.street == who.street and (not who.community or place.community in {None, who.community})
    return bool(who.street) and mine


@dataclass
class House:
    """The web process, and a client for everybody."""

    web: Web
    engine: Engine
    redis: redis.Redis
    district: District
    clock: SetClock
    clients: dict[str, FlaskClient] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    alarms: dict[str, str] = field(default_factory=dict)

    def enter(self, who: Who) -> None:
        """A fresh session. A wall needs none, nobody gets none."""
        if who.role is not None and not who.is_at_wall:
            self.seat(who, _session(self.engine, time.time_ns() // 1_000_000, who))

    def seat(self, who: Who, token: str) -> None:
        """This session is theirs."""
        self.tokens[who.name] = token
        self.client(who).set_cookie(COOKIE, token)

    def client(self, who: Who) -> FlaskClient:
        return self.clients[who.name]

    def get(self, who: Who, path: str, **more: Any) -> TestResponse:
        return self.client(who).get(path, **more)

    def post(self, who: Who, path: str, body: Any, **more: Any) -> TestResponse:
        return self.client(who).post(path, json=body, **more)

    def socket(self, who: Who, origin: str | None = OURS) -> SocketIOTestClient:
        headers = {} if origin is None else {"Origin": origin}
        client = self.client(who)
        kept = client.environ_base.pop("HTTP_ORIGIN", None)
        try:
            return SocketIOTestClient(self.web.flask, self.web.socketio, flask_test_client=client, headers=headers)
        finally:
            if kept is not None:
                client.environ_base["HTTP_ORIGIN"] = kept

    def call(self, who: Who, output: str, *values: Any, triggered: str = "") -> TestResponse:
        """POST a callback as Dash's renderer does; ``values`` are of its inputs, then of its states."""
        return self.post(who, UPDATE, self.body(output, *values, triggered=triggered))

    def body(self, output: str, *values: Any, triggered: str = "") -> dict[str, Any]:
        known = self.web.dash.callback_map[output]
        outputs = known["output"]
        named = [
            {"id": o.component_id, "property": o.component_property}
            for o in (outputs if isinstance(outputs, list) else [outputs])
        ]
        places = [*known["inputs"], *known["state"]]
        filled = [
            {**place, "value": value}
            for place, value in zip(places, [*values, *[None] * (len(places) - len(values))], strict=True)
        ]
        n = len(known["inputs"])
        return {
            "output": output,
            "outputs": named if isinstance(outputs, list) else named[0],
            "inputs": filled[:n],
            "state": filled[n:],
            "changedPropIds": [triggered or f"{places[0]['id']}.{places[0]['property']}"],
        }

    def sent_commands(self) -> list[Any]:
        """What lies on the stream of commands."""
        found: list[Any] = self.redis.xrange(f"lianqin:{{{CODE}}}:commands")
        return found

    def traces(self) -> dict[str, Any]:
        """All that anybody has done here: every table but who is logged in and what was tried, and the stream."""
        with self.engine.connect() as connection:
            rows = {
                name: connection.execute(select(table)).all()
                for name, table in metadata.metadata.tables.items()
                if name not in {"sessions", "accounts", "audit"}
            }
        return {**rows, "stream": self.sent_commands()}


@contextmanager
def house(engine: Engine, client: redis.Redis, district: District, **settings: Any) -> Iterator[House]:
    """Build it; the board is loaded, nothing follows."""
    clock = SetClock(NOON)
    tokens = _furnished(engine, client, district, clock)
    web = create_app(Doors(engine, client, clock, district, settings=Settings(**settings)))
    web.room.follower = web.follower
    web.room._borders = Borders(district)
    web.follower.load()
    found = House(web, engine, client, district, clock)
    for who in WHO:
        found.clients[who.name] = known = web.flask.test_client()
        known.environ_base = {"REMOTE_ADDR": WALL_AT if who.is_at_wall else DESK_AT, "HTTP_ORIGIN": OURS}
        if who.name in tokens:
            found.seat(who, tokens[who.name])
    found.alarms = {alarm.seat: alarm.id for alarm in web.follower.board.alarms.values()}
    found.get(DUTY, "/desk")  # Dash's set-up is over with the first request
    yield found


class _Furniture(NamedTuple):
    """What a furnished house consists of: its store, Redis' keys, the sessions' tokens, and when it was made."""

    district: District
    store: Path
    keys: dict[bytes, bytes]
    tokens: dict[str, str]
    made_at: int


_kept: list[_Furniture] = []
_folders: list[tempfile.TemporaryDirectory[str]] = []  # kept until this process ends


def _furnished(engine: Engine, client: redis.Redis, district: District, clock: SetClock) -> dict[str, str]:
    """Put cases, alarms, accounts and sessions into an empty house; the sessions' tokens by name.

    It is done once for a district; the next house on a fresh SQLite store gets a copy, and the people come in now.
    """
    now = time.time_ns() // 1_000_000
    is_copied = is_fresh(engine) and not client.dbsize()
    if is_copied:
        for kept in _kept:
            if kept.district is district:
                put_back(engine, kept.store)
                for key, value in kept.keys.items():
                    client.restore(key, 0, value)
                _come_in(engine, now - kept.made_at)
                return kept.tokens
    _fill(engine, client, district, clock)
    tokens = {}
    for who in WHO:
        if who.role is not None:
            new = Account(
                who.name, f"姓名{who.name}", who.role, who.street, who.community, unit=who.unit, grid=who.grid,
                addresses=f"{WALL_AT}/32" if who.is_at_wall else "",
            )  # fmt: skip
            accounts.add(engine, now, new, "")
            if not who.is_at_wall:
                tokens[who.name] = _session(engine, now, who)
    if is_copied:
        folder = tempfile.TemporaryDirectory(prefix="lianqin-house-")
        _folders.append(folder)
        store = Path(folder.name) / "store.db"
        put_aside(engine, store)
        keys = {key: client.dump(key) for key in client.scan_iter()}
        _kept.append(_Furniture(district, store, keys, tokens, now))
    return tokens


def _session(engine: Engine, now: int, who: Who) -> str:
    """A fresh session's token, as the single sign-on gives one: no hash to reckon."""
    return accounts.log_in_as(engine, now, f"doors|{who.name}", who.name, DESK_AT).token


def _come_in(engine: Engine, later_ms: int) -> None:
    """Let everybody have been made, and have come in, so much later."""
    a, s = tables.accounts.c, tables.sessions.c
    with writing(engine) as connection:
        for table, columns in (
            (tables.accounts, (a.made_at, a.changed_at, a.password_at)),
            (tables.sessions, (s.made_at, s.seen_at, s.proved_at)),
        ):
            connection.execute(table.update().values({c: case_when((c > 0, c + later_ms), else_=0) for c in columns}))


def _fill(engine: Engine, client: redis.Redis, district: District, clock: SetClock) -> None:
    grids = {"S1C1": middle(0, 0), "S1C2": middle(1, 0), "S2C3": middle(2, 0)}
    told_of = []
    for place in PLACES:
        where = grids.get(place.street + place.community) or dict.fromkeys(("lon", "lat", "coord_sys"), ...)
        beside = [place.beside] if place.beside else []
        called = [{"unit": unit} for unit in (place.lead, *beside)]
        state = {"severity": 2, "level": "community", "lead_unit": place.lead, "co_units": beside,
                 "whistles": [{"at": to_rfc3339(NOON), "units": called}], "filed_at": to_rfc3339(NOON - HOUR),
                 "title": f"{SECRET}{place.case_id}", "description": SECRET, **where}  # fmt: skip
        told_of.append(entry(case(place.case_id, 1, "handling", **state), "case.corrected", NOON))
    for unit, place in (("U1", EAST), ("U2", WEST)):
        where = grids[place.street + place.community]
        told_of.append(entry({"unit_id": unit, "at": to_rfc3339(NOON), "street": place.street, **where}, "unit.moved"))
    batch = numbered(told_of)
    Ingest(engine, district, Sealer("")).apply(batch, NOON, batch[-1][0])

    def rows(writer: Writer, _feed: Feed) -> Delta:
        asked = [Proposal(p.case_id, 1, "level_deadline", "level_deadline", "confirm", NOON) for p in PLACES]
        writer.proposals(asked, [])
        return Delta(last_entry="", proposals=asked)

    announce(engine, Wakeups(client, CODE), NOON, rows)
    keeper = AlarmKeeper(engine, client, district, clock, real_now_ms=clock.now_ms)
    keeper.load()
    keeper.judge()


def is_refused(answer: TestResponse) -> bool:
    """Whether the door, or what stands behind it, said no."""
    if answer.status_code in {401, 403}:
        return True
    return answer.status_code in {301, 302, 303, 307, 308} and "/login?next=" in answer.headers["Location"]


def heard(client: SocketIOTestClient) -> list[tuple[str, Any]]:
    """(event, first argument) of what came since the last look, messages in bytes decoded."""
    found = []
    for packet in client.get_received():
        arguments = packet["args"]
        first = arguments[0] if isinstance(arguments, list) and arguments else arguments
        found.append((packet["name"], json.loads(first) if isinstance(first, bytes) else first))
    return found
