"""What somebody does to the socket of the real web process; meanwhile others get their deltas, and memory stays."""

import contextlib
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import psutil
import pytest
from sqlalchemy import Engine, update

from services.access import service as accounts
from services.access.account import Account
from services.access.tables import sessions
from services.platform.database import open_engine, writing
from tests.accounts import set_account
from tests.attacks.raw_socket import (
    BINARY,
    CONTINUE,
    HOST,
    OPEN,
    PATH,
    PING,
    PONG,
    Client,
    Wire,
    frame,
    request,
    until,
    upgrade,
)
from tests.browser.conftest import Product, run_product
from tests.tiny import case, entry

pytestmark = [pytest.mark.browser, pytest.mark.redis]
WALL_AT = "127.9.9.9"
CUT_S, ENDED_S, DELTA_S, GROWN_MB = 2.0, 2.0, 1.0, 20
_numbers = count(1)


def now() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Target:
    """The product that is attacked."""

    product: Product
    engine: Engine
    slowest_s: float = DELTA_S  # a delta, the machine being as busy as it is, while nobody attacks

    @property
    def port(self) -> int:
        return self.product.port

    def person(self, role: str = "duty_officer", street: str = "") -> tuple[str, str]:
        """(account, cookie) of somebody new."""
        name = f"p{next(_numbers)}"
        accounts.add(self.engine, now(), Account(name, name, role, street), "")
        return name, self.cookie(name)

    def cookie(self, name: str) -> str:
        token = accounts.log_in_as(self.engine, now(), f"tests|{name}", name, "127.0.0.1").token
        return f"lianqin={token}"

    def address(self) -> str:
        """An address that nobody has used yet: its limits are full."""
        n = next(_numbers)
        return f"127.1.{n // 250}.{n % 250 + 1}"

    def metrics(self) -> dict[str, float]:
        import urllib.request

        with urllib.request.urlopen(f"{self.product.url}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}

    def refused(self, cause: str) -> float:
        return self.metrics().get(f'lianqin_socket_refusals_total{{cause="{cause}"}}', 0)

    def worker(self) -> psutil.Process:
        (child,) = psutil.Process(self.product.processes["web"].pid).children()
        return child

    def memory_mb(self) -> float:
        return self.worker().memory_info().rss / 1e6

    def log(self) -> str:
        return (self.product.folder / "web.log").read_text()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("sockets")
    for product in run_product(
        folder, f"sqlite:///{folder / 'store.db'}", wall=f"{WALL_AT}/32", LIANQIN_REQUEST_SECONDS="6"
    ):
        engine = open_engine(product.environment["LIANQIN_DATABASE_URL"])
        yield Target(product, engine)
        engine.dispose()


@pytest.fixture(scope="module")
def good(target: Target) -> Iterator[Client]:
    """A colleague's desk that must not notice."""
    client = Client(target.port, target.person()[1])
    client.say('42["hello",{"zone":"desk"}]')
    until(lambda: any(b'"snapshot"' in body for _, body in client.events), "a snapshot", 5)
    target.slowest_s = max(DELTA_S, 3 * max(delta_s(target, client) for _ in range(3)))
    yield client
    assert not client.ended_at, client.reason
    client.close()


@pytest.fixture(autouse=True)
def tidy(good: Client) -> Iterator[None]:
    """What a test has opened is closed behind it."""
    yield
    for wire in OPEN:
        if wire is not good.wire:
            wire.close()
    OPEN[:] = [good.wire]


def gets_a_delta(target: Target, good: Client) -> None:
    """A change reaches the good desk in time."""
    took = delta_s(target, good)
    assert took < target.slowest_s, f"a delta took {took:.2f} s"


def delta_s(target: Target, good: Client) -> float:
    """How long a change takes to reach the good desk."""
    name = f"N{next(_numbers)}"
    at = time.monotonic()
    target.product.publish(entry(case(name)))
    found = until(lambda: next((t for t, body in list(good.events) if name.encode() in body), 0), "a delta", 5)
    return float(found - at)


SHAKES: list[tuple[str, int, dict[str, Any]]] = [
    ("nobody", 401, {"cookie": ""}),
    ("a wrong cookie", 401, {"cookie": "lianqin=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}),
    ("no origin", 403, {"origin": None}),
    ("another site", 403, {"origin": "https://evil.example"}),
    ("no site", 403, {"origin": "null"}),
    ("our host by another port", 403, {"origin": "http://127.0.0.1:1"}),
    ("another site by its fetch metadata", 403, {"Sec-Fetch-Site": "cross-site"}),
    ("a neighbour by its fetch metadata", 403, {"Sec-Fetch-Site": "same-site"}),
    ("an old version", 400, {"Sec-WebSocket-Version": "8"}),
    ("no key", 400, {"Sec-WebSocket-Key": ""}),
    ("a short key", 400, {"Sec-WebSocket-Key": "AAAA"}),
    ("no upgrade", 400, {"Upgrade": "h2c"}),
    ("no connection header", 400, {"Connection": "keep-alive"}),
    ("polling", 400, {"path": "/socket.io/?EIO=4&transport=polling"}),
    ("polling by leaving the transport out", 400, {"path": "/socket.io/?EIO=4"}),
    ("two transports", 400, {"path": f"{PATH}&transport=polling"}),
    ("another version of the protocol", 400, {"path": "/socket.io/?EIO=3&transport=websocket"}),
    ("another connection's session", 400, {"path": f"{PATH}&sid=x"}),
    ("JSONP", 400, {"path": f"{PATH}&j=0"}),
    ("a post", 400, {"method": "POST"}),
    ("options", 400, {"method": "OPTIONS"}),
    ("a page of ours", 101, {}),
    ("a page of ours by its fetch metadata", 101, {"origin": None, "Sec-Fetch-Site": "same-origin"}),
]


def test_the_door_judges_before_the_upgrade(target: Target) -> None:
    cookie, source = target.person()[1], target.address()
    for what, expected, more in SHAKES:
        given = {"cookie": cookie, **more}
        path, method = given.pop("path", PATH), given.pop("method", "GET")
        wire = Wire(target.port, source)
        code, headers = wire.ask(upgrade(target.port, **given), method, path)
        assert code == expected, f"{what}: {code}"
        assert "sec-websocket-extensions" not in headers, what
        assert not headers.keys() & {"set-cookie", "access-control-allow-origin"}, what
        wire.close()


def test_a_wall_is_known_by_its_place_and_must_come_from_a_page_of_ours(target: Target) -> None:
    for source, origin, expected in (
        (WALL_AT, "", 101),
        (WALL_AT, None, 403),
        (WALL_AT, "https://evil.example", 403),
        (target.address(), "", 401),
    ):
        wire = Wire(target.port, source)
        assert wire.ask(upgrade(target.port, origin=origin))[0] == expected, (source, origin)
        wire.close()


def test_who_must_change_the_password_gets_no_socket(target: Target) -> None:
    name, _ = target.person()
    set_account(target.engine, now(), name, must_change=True)
    wire = Wire(target.port)
    assert wire.ask(upgrade(target.port, cookie=target.cookie(name)))[0] == 401
    wire.close()


# What no client of ours sends: the socket's end.
STRANGE = [
    *[f'42["{name}","x"]' for name in (
        "connect", "disconnect", "connect_error", "disconnecting", "newListener", "removeListener", "error", "*",
        "message", "json",
    )],
    '42["\\u0064isconnect","x"]', '421["disconnect","x"]', '42["connect",{}]', '42["disconnect"]',
    '40/other', '40/other,{}', '42/,["hello",{}]', '42/other,["hello"]', '41/other', '41/,', '43["x"]', '430[]',
    '44"x"',
    '44', '451-["hello",{"_placeholder":true,"num":0}]', '461-[]', '421-["hello"]', '42', '42{}', '42[]', '42[1]',
    '42[null]', '42[["hello"]]', '42["hello",1,2]', '42"hello"', '42[', '42["hello",NaN]', '42["hello"]x',
    '42' + "[" * 30_000, f'42["{"x" * 200}"]',
    '42１["hello"]', '4' + "9" * 300, '4', '47', '4x', '40[]', '40"x"', "40{",
    "0", "2", "2probe", "3probe", "5", "6", "7", "x", "", "bAAAA", "\u0664",
]  # fmt: skip


def test_what_no_client_of_ours_sends_ends_the_socket_and_leaves_its_rooms(target: Target, good: Client) -> None:
    before = target.metrics()["lianqin_browsers"]
    for start in range(0, len(STRANGE), 25):
        cookie, source = target.person()[1], target.address()
        clients = [(text, Client(target.port, cookie, source)) for text in STRANGE[start : start + 25]]
        for _, client in clients:
            client.say('42["hello",{"zone":"desk"}]')
            client.say('42["watch_coverage"]')
        for _, client in clients:
            until(lambda client=client: any(b"451-" in body for _, body in client.events), "an answer", 5)
        at = time.monotonic()
        for text, client in clients:
            client.say(text)
        for text, client in clients:
            until(lambda client=client: client.is_over, f"cut after {text[:60]!r}", CUT_S)
            assert client.ended_at - at < CUT_S
            assert client.code == 1008, f"{text[:60]!r}: {client.code} {client.reason}"
            assert client.reason
            client.close()
    until(lambda: target.metrics()["lianqin_browsers"] == before, "nobody is left in a zone", 2)
    gets_a_delta(target, good)


def test_an_event_of_no_handler_is_dropped_and_a_leave_closes(target: Target) -> None:
    client = Client(target.port, target.person()[1])
    client.say('42["no such event",{"a":1}]')
    client.say('42["hello",{"zone":"desk"}]')
    until(lambda: any(b'"snapshot"' in body for _, body in client.events), "it goes on", 5)
    client.say("41")
    until(lambda: client.is_over, "it has left", CUT_S)
    assert client.code == 1000


BEHAVIOURS = ("silent", "talks", "reads_nothing", "never_enters", "enters_again", "answers_no_ping")


def behave(client: Client, how: str) -> None:
    """What a client does to stay."""
    with contextlib.suppress(OSError):
        if how == "talks":
            client.say('42["at_case",{"case_id":null}]')
        elif how == "enters_again":
            client.say("40")
        elif how == "reads_nothing" and not client.is_reading:
            client.say('42["hello",{"zone":"desk"}]')


def test_every_socket_ends_within_two_seconds_of_its_session(target: Target, good: Client) -> None:
    """Each way to end a session, against each way to stay."""

    def old(column: Any, minutes: int, name: str) -> None:
        with writing(target.engine) as connection:
            connection.execute(
                update(sessions).where(sessions.c.user_id == name).values({column.key: now() - minutes * 60_000})
            )

    def changed(**values: object) -> Any:
        return lambda name, _cookie: set_account(target.engine, now(), name, **values)

    ways: dict[str, Any] = {
        "disabled": changed(is_disabled=True),
        "another role": changed(role="leader"),
        "another street": changed(role="street_staff", street="S2"),
        "ended": changed(),
        "logged out": lambda _name, cookie: accounts.forget(target.engine, now(), cookie.partition("=")[2]),
        "idle": lambda name, _cookie: old(sessions.c.seen_at, 24 * 60, name),
        "too long": lambda name, _cookie: old(sessions.c.made_at, 24 * 60, name),
    }
    held: list[tuple[str, str, Client]] = []
    people = {}
    for way in ways:
        people[way] = target.person()
        source = target.address()
        for how in BEHAVIOURS:
            client = Client(
                target.port,
                people[way][1],
                source,
                enters=how != "never_enters",
                reads=how != "reads_nothing",
                answers=how != "answers_no_ping",
            )
            held.append((way, how, client))
    for _, how, client in held:
        if how not in {"never_enters", "reads_nothing"}:
            client.say('42["hello",{"zone":"desk"}]')
    started = {}
    for way, end in ways.items():
        end(*people[way])
        started[way] = time.monotonic()
    open_ones = list(held)
    while open_ones:
        for way, how, client in list(open_ones):
            behave(client, how)
            if client.is_over:
                open_ones.remove((way, how, client))
            else:
                assert time.monotonic() - started[way] < ENDED_S, f"{way}, {how}: still open"
        time.sleep(0.05)
    for _, _, client in held:
        client.close()
    gets_a_delta(target, good)


@pytest.mark.parametrize("values", [{"is_disabled": True}, {"addresses": "10.0.0.0/8"}], ids=str)
def test_a_walls_sockets_end_with_its_account_or_its_place(target: Target, values: dict[str, object]) -> None:
    name, source = f"wall{next(_numbers)}", target.address()
    accounts.add(target.engine, now(), Account(name, name, "wall", addresses=f"{source}/32"), "")
    time.sleep(1.0)  # as long as the door may take to know of a new wall
    clients = [Client(target.port, "", source) for _ in range(3)]
    for client in clients:
        client.say('42["hello",{"zone":"wall"}]')
    at = time.monotonic()
    set_account(target.engine, now(), name, **values)
    for client in clients:
        until(lambda client=client: client.is_over, "the wall is dark", ENDED_S)
        assert client.ended_at - at < ENDED_S


def _deflated(text: str) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(text.encode()) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


MEGABYTE = "x" * (1 << 20)


def hostile_frames() -> dict[str, list[bytes]]:
    """What a client sends, by name: hundreds of megabytes, packed and masked when they are asked for."""
    return {
        "a long message": [frame("4" + "x" * (70 * 1024))],
        "a message of 20 MB": [frame("4" + 20 * MEGABYTE)],
        "a message that is only announced": [b"\x81\xff" + (1 << 40).to_bytes(8) + bytes(4) + b"4" * (1 << 20)],
        "long by its parts": [frame("4x", fin=False), *[frame("x" * 10_000, CONTINUE, fin=False) for _ in range(20)]],
        "parts without end": [frame("4", fin=False), *[frame("x", CONTINUE, fin=False)] * 20_000],
        "empty parts without end": [frame("4", fin=False), *[frame("", CONTINUE, fin=False)] * 20_000],
        "pings": [frame("x" * 100, PING)] * 20_000,
        "pongs": [frame("x" * 100, PONG)] * 20_000,
        "Engine.IO's pongs": [frame("3")] * 20_000,
        "a binary message": [frame(b"\x00" * 100, BINARY)],
        "compressed, though nobody agreed": [frame(_deflated("4" + 100 * MEGABYTE), rsv1=True)],
        "without a mask": [frame("40", masked=False)],
        "no UTF-8": [frame(b"4\xff\xfe\xff")],
        "an unknown opcode": [frame("4", 5)],
        "a long ping": [frame("x" * 200, PING)],
        "a part of nothing": [frame("x", CONTINUE)],
        "unknown events": [frame('42["nosuch",{}]')] * 20_000,
        "refused hellos": [frame('42["hello",{"zone":"street:S9"}]')] * 20_000,
        "hellos": [frame('42["hello",{"zone":"desk"}]')] * 5_000,
        "entering again and again": [frame("40")] * 20_000,
    }


def test_no_frame_however_long_or_often_harms_anybody(target: Target, good: Client) -> None:
    """Each is cut within the bound; the desk beside it gets its deltas, and nothing stays in memory."""
    cookie = target.person()[1]
    gets_a_delta(target, good)
    before = target.memory_mb()
    for what, frames in hostile_frames().items():
        client = Client(target.port, cookie, target.address())
        at = time.monotonic()
        for chunk in frames:
            if not client.wire.send(chunk):
                break
        gets_a_delta(target, good)
        until(lambda client=client: client.is_over, f"cut: {what}", CUT_S)
        assert client.ended_at - at < CUT_S + len(frames) / 20_000, what
        assert target.memory_mb() - before < GROWN_MB, f"{what}: {before:.0f} → {target.memory_mb():.0f} MB"
        client.close()
    lines = [line for line in target.log().splitlines() if "(socket_rate" in line]
    assert len(lines) <= 1 + (time.monotonic() > 60)
    assert target.refused("socket_rate") >= 5
    assert "Traceback" not in target.log()


def test_clients_that_read_nothing_or_never_finish_harm_nobody(target: Target, good: Client) -> None:
    cookie, source = target.person()[1], target.address()
    deaf = [Client(target.port, cookie, source, reads=False) for _ in range(5)]
    for client in deaf:
        client.say('42["hello",{"zone":"desk"}]')
        client.say('42["watch_coverage"]')
    slow = [Wire(target.port, source) for _ in range(50)]
    for wire in slow:
        wire.send(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")
    huge = Wire(target.port, source)
    assert huge.ask(upgrade(target.port, cookie=cookie) | {"X-Long": "x" * 100_000})[0] in {0, 400, 431}
    many = Wire(target.port, source)
    assert many.ask(upgrade(target.port, cookie=cookie) | {f"X-{n}": "x" for n in range(500)})[0] in {0, 400, 431}
    gets_a_delta(target, good)
    for wire in slow:
        wire.socket.settimeout(5)
        assert wire.receive() is None or True
        wire.close()
    for wire in (huge, many):
        wire.close()
    for client in deaf:
        client.close()


def test_an_address_that_connects_and_drops_must_wait_and_others_need_not(target: Target, good: Client) -> None:
    cookie, source = target.person()[1], target.address()
    for _ in range(300):
        wire = Wire(target.port, source)
        wire.send(request(upgrade(target.port, cookie=cookie)))
        wire.close()
    gets_a_delta(target, good)
    assert target.refused("openings") > 0
    gets_a_delta(target, good)
    Client(target.port, cookie, target.address()).close()


FLOODS: dict[str, tuple[bytes, bool]] = {
    "nothing, and drops": (b"", False),
    "a GET, and drops": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", False),
    "an upgrade, and drops": (request(upgrade(1)), False),
    "half a request line, and silence": (b"GET /socket.io/?EIO=4", True),
}
FLOOD = 700  # an address may make 300 at once


def flood(port: int, source: str, sent: bytes, held: list[socket.socket] | None, made: list[int]) -> None:
    """Connect so often, as fast as can be; ``held``: keep the connections open in it."""
    while made[0] < FLOOD:
        with contextlib.suppress(OSError):
            wire = socket.create_connection((HOST, port), timeout=5, source_address=(source, 0))
            made[0] += 1
            if held is None:
                wire.send(sent) if sent else None
                wire.close()
            else:
                held.append(wire)
                wire.send(sent)


def test_a_flood_of_connections_is_closed_unread_and_harms_nobody(target: Target, good: Client) -> None:
    """Whatever each of them says; the desk gets its deltas meanwhile, and nothing of it stays."""
    gets_a_delta(target, good)
    memory, files = target.memory_mb(), target.worker().num_fds()
    held: list[socket.socket] = []
    for what, (sent, is_held) in FLOODS.items():
        refused, made = target.refused("connections"), [0]
        flooding = threading.Thread(
            target=flood, args=(target.port, target.address(), sent, held if is_held else None, made)
        )
        flooding.start()
        gets_a_delta(target, good)
        while flooding.is_alive():
            gets_a_delta(target, good)
        gets_a_delta(target, good)
        assert target.refused("connections") - refused > 50, what
        assert target.memory_mb() - memory < GROWN_MB, what
    until(lambda: target.worker().num_fds() <= files + 5, "half a request is closed too", 5)
    for wire in held:
        wire.close()
    assert sum(line.endswith("(connections)") or "(connections," in line for line in target.log().splitlines()) <= 2


def test_a_session_holds_so_many_sockets_and_each_that_closes_makes_room(target: Target) -> None:
    cookie, source = target.person()[1], target.address()
    held = [Client(target.port, cookie, source) for _ in range(32)]
    wire = Wire(target.port, source)
    code, _ = wire.ask(upgrade(target.port, cookie=cookie))
    assert code == 429
    wire.close()
    held.pop().close()

    def again() -> bool:
        wire = Wire(target.port, source)
        try:
            return wire.ask(upgrade(target.port, cookie=cookie))[0] == 101
        finally:
            wire.close()

    until(again, "room for one more", 3)
    for client in held:
        client.close()


def test_refusals_are_counted_and_told_once_a_minute(target: Target) -> None:
    before = target.refused("no_session")
    for _ in range(30):
        wire = Wire(target.port, target.address())
        assert wire.ask(upgrade(target.port))[0] == 401
        wire.close()
    assert target.refused("no_session") == before + 30
    assert target.log().count("(no_session") <= 2


def test_the_log_holds_no_trace_of_all_that(target: Target, good: Client) -> None:
    gets_a_delta(target, good)
    assert "Traceback" not in target.log()
