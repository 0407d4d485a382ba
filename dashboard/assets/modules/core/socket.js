// @ts-check
// The socket: one state; a lone change is drawn at once, a stream of them as often as the page can bear (pace.js).
// docs/protocol.md.
import {DrawPace, timeFrame} from "./pace.js";
import {makePress} from "./press.js";
import {SnapshotParts, applyDelta, emptyState} from "./reducer.js";
import {sayEnded} from "./session.js";

/**
 * What is known now; `socket` is the connection, `isTold`: the server has said that it has no board to show yet.
 * @typedef {Object} Live
 * @property {import("./reducer.js").State} state
 * @property {boolean} connected
 * @property {any} beat   of docs/protocol.md; null before the first
 * @property {number} beatAt
 * @property {any} socket
 * @property {boolean} isTold
 * @property {() => number|null} now   the district's present moment in Unix ms, by the server's clock; null before the first beat
 * @property {() => number} age   ms since the feed was last known to be up to date
 * @property {() => "connecting"|"offline"|"live"|"late"|"stale"} word  connecting until the first beat
 */

/** @typedef {{rows: Set<string>|null, tiles: string[]}} Change  rows: null, everything is new */

/**
 * @param {import("./scope.js").Scope} scope  the connection ends with it
 * @param {(change: Change) => void} render
 * @param {() => void} everySecond
 * @param {string} zone  which zone
 * @returns {Live}
 */
export const connect = (scope, render, everySecond, zone = "wall") => {
  /** @type {Live} */
  const live = {
    state: emptyState(),
    connected: false,
    beat: null,
    beatAt: 0,
    socket: null,
    isTold: false,
    now: () => live.beat && live.beat.now + (performance.now() - live.beatAt) * live.beat.speed,
    age: () => (live.beat ? live.beat.fresh_ms + performance.now() - live.beatAt : Infinity),
    word: () => {
      if (!live.beat) return "connecting";
      if (!live.connected) return "offline";
      return live.age() < 5000 ? "live" : live.age() < 30000 ? "late" : "stale";
    },
  };
  const parts = new SnapshotParts(),
    decoder = new TextDecoder();
  /** @type {import("../types/wire.d.ts").ScreenDelta[]} */
  let waiting = [];
  /** @type {{rows: Set<string>|null, tiles: Set<string>}} */
  let dirty = {rows: new Set(), tiles: new Set()};
  let scheduled = false;
  const pace = new DrawPace(),
    unpressed = makePress(scope);

  const draw = () => {
    scheduled = false;
    if (scope.isClosed) return;
    pace.begin();
    const change = {rows: dirty.rows, tiles: [...dirty.tiles]};
    dirty = {rows: new Set(), tiles: new Set()};
    render(change);
    document.documentElement.dataset.lastEntry = live.state.lastEntry;
    const drawn = performance.now() - pace.begunAt;
    if (!document.hidden) timeFrame(ms => pace.took(drawn + ms));
  };
  const flush = () => {
    scheduled = true;
    unpressed(draw);
  };
  const schedule = () => {
    if (scheduled) return;
    const {left} = pace;
    if (left <= 0) {
      flush();
      return;
    }
    scheduled = true;
    setTimeout(flush, left);
  };
  const socket = io({
    transports: ["websocket"],
    reconnectionDelay: 500,
    reconnectionDelayMax: 4000,
    randomizationFactor: 0.5,
  });
  live.socket = socket;
  scope.add(() => {
    socket.off();
    socket.disconnect();
  });
  const hello = () => {
    parts.clear();
    waiting = [];
    socket.emit("hello", {zone, epoch: live.state.epoch, seq: live.state.seq});
  };
  /** @param {import("../types/wire.d.ts").ScreenDelta} delta */
  const apply = delta => {
    const done = applyDelta(live.state, delta);
    if (done === "gap") {
      hello();
      return;
    }
    if (done === "old") return;
    if (dirty.rows) for (const row of delta.rows || []) dirty.rows.add(row[0]);
    if (dirty.rows) for (const id of delta.gone || []) dirty.rows.add(id);
    for (const name of Object.keys(delta.tiles || {})) dirty.tiles.add(name);
    schedule();
  };
  socket.on("connect", () => {
    live.connected = true;
    hello();
    tell();
  });
  socket.on("disconnect", (/** @type {string} */ reason) => {
    live.connected = false;
    tell();
    if (reason === "io server disconnect") socket.connect();
  });
  const ended = () => {
    socket.disconnect();
    sayEnded();
  };
  socket.on("ended", ended);
  // Refused before the upgrade, a browser does not say why: ask the door. 401: the session has run out meanwhile.
  socket.on("connect_error", async () => {
    const answer = await fetch("/socket.io/?EIO=4&transport=websocket", {
      cache: "no-store",
      signal: scope.signal,
    }).catch(() => null);
    if (answer && answer.status === 401) ended();
  });
  socket.on("wait", () => {
    live.isTold = true;
    scope.after(500, hello);
  });
  socket.on("snapshot", (/** @type {ArrayBuffer} */ bytes) => {
    const state = parts.add(JSON.parse(decoder.decode(bytes)));
    if (!state) return;
    live.state = state;
    dirty = {rows: null, tiles: new Set(Object.keys(state.tiles))};
    waiting.splice(0).forEach(apply);
    schedule();
  });
  socket.on("delta", (/** @type {ArrayBuffer} */ bytes) => {
    const delta = JSON.parse(decoder.decode(bytes));
    parts.pending ? waiting.push(delta) : apply(delta);
  });
  socket.on("beat", (/** @type {any} */ beat) => {
    live.beat = beat;
    live.beatAt = performance.now();
    // A delta that never came: the beat names a later number than ours.
    if (!parts.pending && (beat.epoch !== live.state.epoch || beat.seq > live.state.seq + 50)) hello();
    tell();
  });

  let isHeld = false;
  const tell = () => {
    document.documentElement.dataset.state = live.word();
    if (isHeld) return;
    isHeld = true;
    unpressed(() => {
      isHeld = false;
      if (!scope.isClosed) everySecond();
    });
  };
  scope.every(250, tell);
  return live;
};
