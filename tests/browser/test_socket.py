"""The socket: what leaves the server, and what a browser makes of it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page

from services.board.lenses import WallLens
from services.board.state import Board
from services.board.tiles import tiles
from services.board.zone import Zone
from services.contract.entry import entry_key
from services.district.package import District
from services.platform.clock import to_rfc3339
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.projector.outbox.delta import decode_delta
from tests.browser.conftest import Product, open_wall, shows_entry, state_word, wait_until
from tests.browser.shown import inside
from tests.browser.socket_client import Client
from tests.reference import outbox_after
from tests.tiny import NOON, case, entry, middle, numbered

ASSETS = Path(__file__).parents[2] / "dashboard" / "assets"
SECRETS = {
    "title": "秘密标题甲",
    "description": "秘密描述乙",
    "address": "秘密地址丙",
    "handler": "秘密人丁",
    "reporter": {"name": "秘密人戊", "phone": "13800001111"},
}


class Listener:
    """A Socket.IO client that keeps every byte that it hears."""

    def __init__(self, product: Product) -> None:
        self.heard = b""
        self.deltas = 0
        self.client = Client(reconnection=False)
        self.client.on("snapshot", self._keep)
        self.client.on("delta", self._delta)
        self.client.on("beat", lambda beat: self._keep(json.dumps(beat).encode()))
        self.client.connect(product.url, transports=["websocket"])
        self.client.emit("hello", {"zone": "wall"})

    def _keep(self, message: bytes) -> None:
        self.heard += message

    def _delta(self, message: bytes) -> None:
        self.deltas += 1
        self._keep(message)


@pytest.mark.browser
@pytest.mark.redis
def test_no_description_address_or_person_leaves_for_the_wall(product: Product) -> None:
    where = {"lon": 118.9012345, "lat": 31.9054321, "coord_sys": "WGS84"}
    escalation = {
        "to": "D1",
        "reason_code": "other",
        "reason": "秘密理由己",
        "acknowledged_by": "秘密人庚",
        "at": to_rfc3339(NOON),
        "acknowledged_at": to_rfc3339(NOON),
    }
    listener = Listener(product)
    wait_until(lambda: listener.heard, "a snapshot")
    product.publish_and_wait(
        entry(
            case(
                "N1",
                **SECRETS,
                **where,
                level="district",
                escalations=[escalation],
                step={"actor": "秘密人辛", "note": "秘密说明壬"},
            )
        ),
        *[entry(case(f"N{d}", domain=d, category={"name": "邻里纠纷名"}, **SECRETS, **where)) for d in ("09", "10")],
    )
    wait_until(lambda: b"N10" in listener.heard, "the delta with the last case")
    fresh = Listener(product)
    wait_until(lambda: b"N10" in fresh.heard, "a snapshot with the last case")
    board = json.dumps(product.board(), ensure_ascii=False).encode()
    for heard in (listener.heard, fresh.heard, board):
        assert "秘密".encode() not in heard
        assert b"13800001111" not in heard
        assert "邻里纠纷名".encode() not in heard
    rows = {}
    for part in fresh.heard.split(b'{"epoch":')[1:]:
        if b'"rows"' in part:
            rows = {r[0]: r for r in json.loads(b'{"epoch":' + part)["rows"]}
            break
    centre = [middle(0, 0)["lon"], middle(0, 0)["lat"]]
    assert [rows["N09"][2], rows["N09"][3]] == pytest.approx(centre, abs=1e-5)
    assert [rows["N10"][2], rows["N10"][3]] == pytest.approx(centre, abs=1e-5)
    assert rows["N1"][2] == pytest.approx(where["lon"], abs=1e-6)
    listener.client.disconnect()
    fresh.client.disconnect()


@pytest.mark.browser
@pytest.mark.redis
def test_anything_may_be_said_to_the_socket(product: Product) -> None:
    """Rubbish in ``hello`` gets a snapshot and harms nobody."""
    listener = Listener(product)
    for wish in (None, 5, "x" * 5000, [], {"epoch": 7}, {"epoch": "a", "seq": True}, {"seq": 1e99}, {"epoch": {}}):
        listener.client.emit("hello", wish)
    listener.client.emit("no such event", {"a": 1})
    product.publish_and_wait(entry(case()))
    wait_until(lambda: b'"A1"' in listener.heard, "the case reaches the client still")
    listener.client.disconnect()


@pytest.mark.browser
@pytest.mark.redis
def test_a_browser_that_was_off_line_gets_what_it_missed_and_keeps_its_view(product: Product, page: Page) -> None:
    product.publish_and_wait(*[entry(case(f"C{i}", **middle(i % 4, i % 2))) for i in range(8)])
    open_wall(page, product)
    page.evaluate(
        inside("""() => { window.sameDocument = 1;
            lianqin.maps.get('map').setView([31.905, 118.915], 15, {animate: false}); }""")
    )
    page.context.set_offline(True)
    page.evaluate(inside("() => lianqin.live.socket.io.engine.close()"))
    wait_until(lambda: state_word(page) == "offline", "the page says that it is off line", 5)
    last = product.publish_and_wait(
        entry(case("C0", 2, "closed", closed_at=to_rfc3339(NOON)), "case.closed"), entry(case("C9", **middle(1, 1)))
    )
    page.context.set_offline(False)
    wait_until(lambda: state_word(page) == "live", "live again")
    shows_entry(page, last)  # the word may be there before the second of two deltas
    ids = page.evaluate(inside("() => [...lianqin.live.state.rows.keys()].sort()"))
    assert ids == ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C9"]
    assert page.evaluate("() => window.sameDocument") == 1
    assert page.evaluate(inside("() => lianqin.maps.get('map').getZoom()")) == pytest.approx(15)


@pytest.mark.browser
@pytest.mark.redis
def test_the_web_process_restarts_and_the_page_comes_back_by_itself(product: Product, page: Page) -> None:
    product.publish_and_wait(entry(case("C1")))
    open_wall(page, product)
    page.evaluate("() => { window.sameDocument = 1; }")
    product.stop("web")
    wait_until(lambda: state_word(page) == "offline", "the word changes within 5 s", 5)
    product.publish(entry(case("C2")))
    product.start("web")
    wait_until(lambda: page.evaluate(inside("() => lianqin.live.state.rows.size")) == 2, "the new case is there", 30)
    wait_until(lambda: state_word(page) == "live", "live again")
    assert page.evaluate("() => window.sameDocument") == 1


@pytest.mark.browser
@pytest.mark.redis
def test_a_page_equals_a_fresh_page_after_many_changes(product: Product, browser: Any, page: Page) -> None:
    open_wall(page, product)
    for turn in range(1, 30):
        product.publish(
            *[
                entry(case(f"C{i}", turn, "closed" if (i + turn) % 5 == 0 else "handling", **middle(i % 4, turn % 2)))
                for i in range(20)
            ]
        )
    last = product.publish(entry(case("Z")))
    shows_entry(page, last)
    fresh = browser.new_page()
    open_wall(fresh, product)
    state = inside("""() => { const s = lianqin.live.state;
        return JSON.stringify([[...s.rows.values()].sort(), s.rev, s.lastEntry]); }""")
    assert page.evaluate(state) == fresh.evaluate(state)
    fresh.close()


def test_the_reducers_state_equals_the_zones_at_every_step(tiny: District, sqlite_engine: Any) -> None:
    """The browser's reducer, in Node: the first snapshot and every delta give the last snapshot."""
    ingest = Ingest(sqlite_engine, tiny, Sealer(""))
    board = Board(tiny)
    board.load([], {}, NOON)
    zone = Zone(board, WallLens(board, lambda: msgspec.structs.asdict(tiles(board, {}))), "epoch")
    zone.flush(NOON)
    first, _ = zone.snapshot(NOON)
    deltas: list[bytes] = []
    for turn in range(40):
        batch = [
            entry(
                case(
                    f"C{(turn * 7 + i) % 25}",
                    turn + 1,
                    "closed" if (turn + i) % 4 == 0 else "handling",
                    **middle((turn + i) % 4, i % 2),
                )
            )
            for i in range(6)
        ]
        entries = numbered(batch, NOON + turn * 100)
        ingest.apply(entries, NOON, entries[-1][0])
        with sqlite_engine.connect() as connection:
            for revision, payload in outbox_after(connection, board.revision):
                zone.mark(board.apply(revision, decode_delta(payload), NOON))
        if turn % 3 != 1:
            message = zone.flush(NOON)
            assert message is not None
            deltas.append(message)
    last = list(zone.parts(NOON))
    script = """
      import fs from "node:fs";
      const {SnapshotParts, applyDelta} = await import(process.argv[1]);
      const {first, deltas, last} = JSON.parse(fs.readFileSync(0, "utf8"));
      const load = parts => { const p = new SnapshotParts(); return parts.map(x => p.add(x)).at(-1); };
      const rows = s => [...s.rows.values()].sort((a, b) => a[0] < b[0] ? -1 : 1);
      const plain = s => JSON.stringify([rows(s), s.seq, s.rev, s.lastEntry, s.tiles]);
      const state = load(first);
      const words = deltas.map(d => applyDelta(state, d));
      const again = deltas.map(d => applyDelta(state, d));
      const late = load(first), gap = applyDelta(late, deltas[3]);
      const once = list => [...new Set(list)], same = plain(state) === plain(load(last));
      console.log(JSON.stringify({same, words: once(words), again: once(again), gap, n: state.rows.size}));
    """
    told = {
        "first": [json.loads(p) for p in first],
        "deltas": [json.loads(d) for d in deltas],
        "last": [json.loads(p) for p in last],
    }
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script, str(ASSETS / "modules/core/reducer.js")],
        input=json.dumps(told),
        text=True,
        capture_output=True,
        check=True,
        timeout=30,
    )
    answer = json.loads(done.stdout)
    assert answer["same"]
    assert answer["words"] == ["applied"]
    assert answer["again"] == ["old"]
    assert answer["gap"] == "gap"
    assert answer["n"] == len(board.rows)
    assert entry_key(board.last_entry) > 0


def test_since_gives_just_what_followed_or_nothing_at_all(tiny: District) -> None:
    board = Board(tiny)
    board.load([], {}, NOON)
    zone = Zone(board, WallLens(board, lambda: {"n": board.revision}), "epoch")
    for revision in range(1, 701):
        board.revision = revision
        zone.flush(NOON)
    assert zone.since("epoch", 700) == []
    assert len(zone.since("epoch", 690) or []) == 10
    assert zone.since("epoch", 50) is None  # the ring holds 600
    assert zone.since("epoch", 701) is None
    assert zone.since("another", 700) is None
