"""The player of past rooms in Node: a quiet night, a worker that is away, a jump that fails, the present moment."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ASSETS = Path(__file__).parents[3] / "dashboard/assets/modules"
SCRIPT = """
let raf = [], nowMs = 1000, calls = [], mode = "ok";
globalThis.document = {documentElement: {dataset: {}}, addEventListener() {}, getElementById: () => null};
globalThis.requestAnimationFrame = f => raf.push(f);
globalThis.setInterval = () => 0;
globalThis.performance = {now: () => nowMs};
const {makePlayer} = await import(`${process.argv[1]}/replay/player.js`);
const {Scope} = await import(`${process.argv[1]}/core/scope.js`);
const settle = async () => { for (let i = 0; i < 30; i++) await Promise.resolve(); };
const frames = async (n, ms) => {
  for (let i = 0; i < n; i++) { nowMs += ms; const due = raf; raf = []; due.forEach(f => f(nowMs)); await settle(); }
};
const known = {n: 0}, errors = [];
process.on("unhandledRejection", e => errors.push(String(e)));
globalThis.fetch = async address => {
  calls.push(address);
  const url = new URL(`http://x${address}`), at = +url.searchParams.get("at"), until = +url.searchParams.get("until");
  const body = url.pathname.endsWith("room")
    ? mode === "room fails" ? {error: "store"}
      : {at, known, parts: [{epoch: "past", seq: 1, part: 0, parts: 1, rows: [["A"]]}]}
    : mode === "quiet" ? {at: until, known, parts: []} : mode === "down" ? {error: "no_worker"}
    : mode === "present" ? {at: at + 3000, known, parts: []}
    : {at: until, known, parts: [{seq: 2, at: at + 10000, rows: [["B"]]}, {seq: 3, at: at + 30000, rows: [["C"]]}]};
  return {status: 200, json: async () => body};
};
const make = async (how = "ok") => {
  raf = []; mode = how;
  const {live, player} = makePlayer(new Scope(), () => {}, () => {});
  player.setSpeed(1);
  await player.seek(1000000);
  calls = [];
  return [live, player];
};
const rows = live => [...live.state.rows.keys()].join("");
(async () => {
  const said = {};
  let [live, player] = await make("quiet");
  player.play(true); await settle(); await frames(60, 16);
  said.quiet = {calls: calls.length, moved: Math.round(player.position() - 1000000)};
  [live, player] = await make();
  player.play(true); await settle(); await frames(1, 16); mode = "down"; await frames(1, 31000); calls = [];
  await frames(60, 16);
  said.down = {calls: calls.length, playing: player.isPlaying(), rows: rows(live)};
  [live, player] = await make();
  player.play(true); await settle(); await frames(2, 1000);
  mode = "room fails"; await player.seek(5); mode = "ok";
  said.failed = {trouble: player.trouble(), rows: rows(live)};
  player.play(true); await frames(5, 10000);
  said.playedOn = {rows: rows(live)};
  [live, player] = await make("present");
  player.play(true); await settle(); await frames(10, 1000);
  said.present = {playing: player.isPlaying(), moved: player.position() - 1000000};
  mode = "ok"; player.play(true); await settle(); await frames(20, 1000);
  said.later = {moved: player.position() - 1000000 > 10000};
  [live, player] = await make();
  player.setSpeed(600); player.play(true); await settle(); calls = [];
  player.setSpeed(1); await settle();
  said.slower = calls.filter(address => address.includes("/room?")).length;
  console.log(JSON.stringify({...said, errors}));
  process.exit(0);
})();
"""


@pytest.fixture(scope="module")
def said() -> Any:
    if shutil.which("node") is None:
        pytest.skip("Node is not installed")
    done = subprocess.run(
        ["node", "--input-type=module", "-e", SCRIPT, str(ASSETS)], text=True, capture_output=True, check=True
    )
    return json.loads(done.stdout)


def test_nothing_was_left_unsaid(said: Any) -> None:
    assert said["errors"] == []


def test_a_quiet_span_passes_like_any_other(said: Any) -> None:
    assert said["quiet"]["calls"] <= 2
    assert 900 <= said["quiet"]["moved"] <= 1000


def test_a_worker_that_is_away_is_not_asked_at_every_frame(said: Any) -> None:
    assert said["down"] == {"calls": 0, "playing": True, "rows": "ABC"}


def test_a_jump_that_fails_leaves_the_room_as_it_was(said: Any) -> None:
    assert said["failed"] == {"trouble": "store", "rows": "A"}
    assert said["playedOn"]["rows"] == "ABC"


def test_at_the_present_it_stands_and_goes_on_when_told_to_again(said: Any) -> None:
    assert said["present"] == {"playing": False, "moved": 3000}
    assert said["later"] == {"moved": True}


def test_slower_is_finer(said: Any) -> None:
    assert said["slower"] == 1
