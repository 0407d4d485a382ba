"""What the coverage page hears: state at a revision and what changed since is the state now, in any order."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.board.coverage_feed import Changes, CoverageFeed, encode_changes
from services.board.coverage_tiles import MOST_SPOTS, CoverageTiles, coverage_tiles
from services.board.state import Board
from services.projector.outbox.delta import Delta, ThingChange
from tests.coverage_scene import sight

ASSETS = Path(__file__).parents[3] / "dashboard/assets"


def raw(body: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(body))


def thing(kind: str, key: str, body: Any, version: int = 1) -> ThingChange:
    return ThingChange(kind, key, version, 0, raw(body))


def spot(spot_id: str, need: float = 1.0, **more: Any) -> dict[str, Any]:
    found = {"id": spot_id, "kind": spot_id.split(":", maxsplit=1)[0], "name": spot_id, "lon": 118.9, "lat": 31.9}
    return {**found, "need": need, "live": 5.0, "gap": "live", **more}


class Page:
    """The browser's side in the plainest words."""

    def __init__(self) -> None:
        self.bodies: dict[tuple[str, str], tuple[int, Any]] = {}

    def apply(self, changes: Changes) -> None:
        told = json.loads(encode_changes(changes))
        items = [(("sight", b["id"]), b) for b in told.get("sights", [])]
        items += [(("spot", b["id"]), b) for b in told.get("spots", [])]
        items += [(("region", b["code"]), b) for b in told.get("regions", [])]
        items += [(("sight", key), None) for key in told.get("gone", [])]
        items += [(("spot", key), None) for key in told.get("gone_spots", [])]
        if "coverage" in told:
            items.append((("coverage", "all"), told["coverage"]))
        for key, body in items:
            if self.bodies.get(key, (-1,))[0] <= told["revision"]:
                self.bodies[key] = told["revision"], body

    @property
    def state(self) -> dict[tuple[str, str], Any]:
        return {key: body for key, (_, body) in self.bodies.items() if body is not None}


KEYS = st.tuples(st.sampled_from(["sight", "spot", "region", "coverage"]), st.sampled_from("abcd"))


def body_of(kind: str, key: str, n: int) -> Any:
    if kind in {"sight", "spot"} and n % 3 == 0:
        return {"id": key, "removed": True}
    return {"code" if kind == "region" else "id": key, "n": n}


@settings(max_examples=200)
@given(st.lists(st.lists(KEYS, max_size=4), max_size=12), st.integers(0, 12), st.randoms(use_true_random=False))
def test_what_changed_since_a_revision_and_messages_in_any_order_make_the_state(
    deltas: list[list[tuple[str, str]]], asked: int, rng: Any
) -> None:
    feed, early = CoverageFeed(), Page()
    truth: dict[tuple[str, str], Any] = {}
    messages, n, told = [], 0, 0
    early_state_at = 0
    for revision, delta in enumerate(deltas, start=1):
        for kind, letter in delta:
            n += 1
            key = "all" if kind == "coverage" else letter
            body = body_of(kind, key, n)
            feed.put(revision, thing(kind, key, body))
            if body.get("removed"):
                truth.pop((kind, key), None)
            else:
                truth[kind, key] = body
        messages.append(feed.since(told)) if feed.revision > told else None
        told = max(told, feed.revision)
        if revision == asked:
            early.apply(feed.since(0))
            early_state_at = feed.revision
    late = Page()
    rng.shuffle(messages)
    for message in messages:
        late.apply(message)
    assert late.state == truth, "all messages, shuffled"
    early.apply(feed.since(early_state_at) if early_state_at else feed.since(0))
    assert early.state == truth, "an old state and what changed since"


def test_an_answer_for_a_revision_ahead_of_ours_is_everything() -> None:
    feed = CoverageFeed()
    feed.load(7, [thing("sight", "a", {"id": "a"}), thing("sight", "b", {"id": "b", "removed": True})])
    found = feed.since(99)
    assert (found.whole, found.revision, [bytes(b) for b in found.sights], found.gone) == (True, 7, [b'{"id":"a"}'], [])
    assert feed.since(7) == Changes(7)
    assert [bytes(b) for b in feed.bodies("sight")] == [b'{"id":"a"}']
    assert feed.body("sight", "b") is None


def test_the_board_feeds_it_with_things_that_were_taken_and_no_others(tiny: Any) -> None:
    board = Board(tiny)
    board.apply(3, Delta("1-0", things=[thing("sight", "a", {"id": "a", "n": 1}, 3), thing("unit", "u", {})]), 0)
    board.apply(4, Delta("2-0", things=[thing("sight", "a", {"id": "a", "n": 0}, 2)]), 0)
    assert board.coverage.revision == 3
    assert json.loads(bytes(board.coverage.bodies("sight")[0]))["n"] == 1


def test_the_wall_has_the_three_worst_spots_and_a_tile_for_each_that_is_blind(tiny: Any) -> None:
    spots = [
        raw(spot("area:1", 5, street="S1", unseen=3)),
        raw(spot("road:1", 9)),
        raw(spot("place:1", 7)),
        raw(spot("place:2", 1)),
        raw(spot("place:3", 0)),
        raw(spot("grid:G", 99)),
        raw(spot("place:4", 2, live=0.0)),
    ]
    found = coverage_tiles(raw({"cameras": 4}), spots, tiny, ["spot:area:9"])
    assert [(t["letter"], t["id"]) for t in found["coverage"]["top"]] == [
        ("A", "road:1"),
        ("B", "place:1"),
        ("C", "area:1"),
    ]
    assert found["coverage"]["top"][2]["street"] == "东街"
    assert found["coverage"]["gaps"] == 5
    assert set(found) == {"coverage", "spot:area:9", "spot:area:1", "spot:road:1", "spot:place:1", "spot:place:2"}
    assert found["spot:area:9"] is None
    assert bytes(found["spot:road:1"]) == bytes(spots[1])
    assert coverage_tiles(None, spots, tiny, ["spot:a"]) == {"coverage": None, "spot:a": None}


def test_a_spot_that_leaves_the_wall_is_told_as_gone_and_the_wall_has_at_most_forty(tiny: Any) -> None:
    board, tiles = Board(tiny), CoverageTiles()
    many = [thing("spot", f"place:{i}", spot(f"place:{i}", i + 1)) for i in range(50)]
    board.apply(1, Delta("1-0", things=[thing("coverage", "all", {"cameras": 1, "is_night": False}), *many]), 0)
    first = tiles.of(board)
    assert len([name for name in first if name.startswith("spot:")]) == MOST_SPOTS
    assert tiles.of(board) is first, "nothing has changed: nothing is done"
    board.apply(2, Delta("2-0", things=[thing("spot", "place:49", spot("place:49", 0), 2)]), 0)
    second = tiles.of(board)
    assert second["spot:place:49"] is None
    assert second["spot:place:9"] is not None
    assert second["coverage"]["top"][0]["id"] == "place:48"


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_the_browsers_state_is_the_feeds(tmp_path: Path) -> None:
    """modules/coverage/state.js in Node: an answer late, a message early, a camera gone, another store."""
    feed = CoverageFeed()
    feed.load(5, [thing("sight", f"c{i}", sight(f"c{i}", 118.9, 31.9)) for i in range(3)])
    answer = feed.since(0)
    feed.put(6, thing("sight", "c0", {"id": "c0", "removed": True}))
    feed.put(6, thing("sight", "c1", sight("c1", 118.9, 31.9, state="offline")))
    feed.put(6, thing("coverage", "all", {"cameras": 2}))
    message = feed.since(5)
    other = CoverageFeed()
    other.load(2, [thing("sight", "z", sight("z", 118.9, 31.9))])
    given = {"answer": answer, "message": message, "other": other.since(6)}
    (tmp_path / "given.json").write_bytes(msgspec.json.encode(given))
    script = f"""
      import fs from "node:fs";
      import {{CoverageState}} from {json.dumps(str(ASSETS / "modules/coverage/state.js"))};
      const given = JSON.parse(fs.readFileSync({json.dumps(str(tmp_path / "given.json"))}));
      const s = new CoverageState();
      const words = () => [...s.all("sights")].map(b => b.id + ":" + b.state).sort().join(" ");
      s.apply(given.message); const early = [s.revision, words()];
      s.apply(given.answer, 0); const both = [s.revision, words(), s.coverage.cameras];
      s.lost(); s.apply({{revision: 9, sights: []}}); const broken = s.revision;
      s.apply(given.other, s.revision); const store = [s.revision, words(), s.coverage];
      console.log(JSON.stringify({{early, both, broken, store}}));
    """
    done = subprocess.run(["node", "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["early"] == [0, "c1:offline"], "a message alone does not make a revision whole"
    assert found["both"] == [6, "c1:offline c2:online", 2]
    assert found["broken"] == 6
    assert found["store"] == [2, "z:online", None]
