// @ts-check
// The socket: one state; a lone change is drawn at once, a stream of them as often as the page can bear (pace.js).
// docs/protocol.md.
import {DrawPace, timeFrame} from "./pace.js";
import {SnapshotParts, applyDelta, emptyState} from "./reducer.js";
import {sayEnded} from "./session.js";

/**
 * @param {import("./scope.js").Scope} scope  the connection ends with it
 * @param {(change: {rows: Set<string>|null, tiles: string[]}) => void} render  null: everything is new
 * @param {() => void} everySecond
 * @param {string} zone  which zone
 * @returns {any} what is known now; `socket` is the connection
 */
export const connect = (scope, render, everySecond, zone = "wall") => {
  // `isTold`: the server has said that it has no board to show yet.
  const live = {state: emptyState(), connected: false, beat: null, beatAt: 0, socket: null, isTold: false};
  const parts = new SnapshotParts(),
    decoder = new TextDecoder();
  let waiting = [],
    dirty = {rows: new Set(), tiles: new Set()},
    scheduled = false;
  const pace = new DrawPace();

  const flush = () => {
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
  socket.on("disconnect", reason => {
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
  socket.on("snapshot", bytes => {
    const state = parts.add(JSON.parse(decoder.decode(bytes)));
    if (!state) return;
    live.state = state;
    dirty = {rows: null, tiles: new Set(Object.keys(state.tiles))};
    waiting.splice(0).forEach(apply);
    schedule();
  });
  socket.on("delta", bytes => {
    const delta = JSON.parse(decoder.decode(bytes));
    parts.pending ? waiting.push(delta) : apply(delta);
  });
  socket.on("beat", beat => {
    live.beat = beat;
    live.beatAt = performance.now();
    // A delta that never came: the beat names a later number than ours.
    if (!parts.pending && (beat.epoch !== live.state.epoch || beat.seq > live.state.seq + 50)) hello();
    tell();
  });

  /** The district's present moment in Unix ms, by the server's clock; null before the first beat. */
  live.now = () => live.beat && live.beat.now + (performance.now() - live.beatAt) * live.beat.speed;
  /** Ms since the feed was last known to be up to date. */
  live.age = () => (live.beat ? live.beat.fresh_ms + performance.now() - live.beatAt : Infinity);
  live.word = () => (!live.connected ? "offline" : live.age() < 5000 ? "live" : live.age() < 30000 ? "late" : "stale");
  const tell = () => {
    document.documentElement.dataset.state = live.word();
    everySecond();
  };
  scope.every(250, tell);
  return live;
};
