// @ts-check
// The player of past rooms: it gives a board the state of a past moment, as core/socket.js gives the present one.
import {SnapshotParts, applyDelta, emptyState} from "../core/reducer.js";
import {sayEnded} from "../core/session.js";

export const REPLAY_SPEEDS = [1, 10, 60, 600];

/** How much of the future of a past moment is fetched at once, and in what steps, at a speed (Unix ms). */
export const replayPace = speed => ({
  span: Math.min(Math.max(speed * 6000, 60000), 3600000),
  step: Math.max(1000, speed * 100),
});

/**
 * A player of past rooms.
 * @param {import("../core/scope.js").Scope} scope
 * @param {(change: {rows: Set<string>|null, tiles: string[]}) => void} render
 * @param {() => void} everySecond
 * @returns {{live: any, player: any}}  live: the same face as core/socket.js gives; player: what moves it
 */
export const makePlayer = (scope, render, everySecond) => {
  const live = {state: emptyState(), connected: true, beat: null, beatAt: 0},
    html = document.documentElement;
  let position = null,
    reached = null,
    isPresent = false,
    known = null,
    frames = [],
    step = 0,
    speed = 60,
    isPlaying = false,
    turn = 0,
    fetching = false,
    isSeeking = false,
    retryAt = 0,
    trouble = "",
    last = null,
    asking = null;
  live.now = () => position;
  live.age = () => 0;
  live.word = () => "live";
  html.dataset.state = "live";

  const get = async (address, signal) => {
    const answer = await fetch(address, {signal});
    if (answer.status === 401) sayEnded();
    return answer.json();
  };
  const player = {
    pick: () => {},
    known: () => known,
    trouble: () => trouble,
    position: () => position,
    isPlaying: () => isPlaying,
    speed: () => speed,
    isWaiting: () => isSeeking || (fetching && position >= reached),
    changed: () => {},
    ended: () => {},
    /** Slower means finer: the coarse steps that were fetched ahead are asked for again. */
    setSpeed(n) {
      speed = n;
      if (frames.length && replayPace(n).step < step) player.seek(position);
      player.changed();
    },
    /** Standing still the room is asked for once more: what is known then and now belongs to this very moment. */
    play(on) {
      isPlaying = on && position !== null;
      isPresent = false;
      last = null;
      player.changed();
      if (isPlaying) fetchOn();
      else if (position !== null) player.seek(position);
    },
    /** Jump: the whole room at that moment. Whoever jumps again meanwhile is answered alone. */
    async seek(at) {
      const mine = ++turn;
      if (!Number.isFinite(at)) return;
      at = Math.round(at);
      isSeeking = true;
      fetching = false;
      player.changed();
      if (asking) asking.abort();
      asking = new AbortController();
      let answer;
      try {
        answer = await get(`/api/v1/replay/room?at=${at}`, asking.signal);
      } catch {
        answer = {error: "network"};
      }
      if (mine !== turn) return;
      isSeeking = false;
      last = null;
      trouble = answer.error || "";
      if (trouble) {
        player.share = answer.share || 0;
        player.first = answer.first || null;
        isPlaying = false;
        player.changed();
        if (trouble === "not_yet")
          scope.after(2000, () => {
            if (mine === turn) player.seek(at);
          });
        return;
      }
      const parts = new SnapshotParts();
      let state = null;
      for (const part of answer.parts) state = parts.add(part);
      live.state = state;
      dirty = null;
      frames = [];
      position = reached = answer.at;
      isPresent = false;
      known = {...answer.known, at: answer.at};
      last = null;
      live.beat = {speed: 1};
      render({rows: null, tiles: Object.keys(state.tiles)});
      everySecond();
      player.changed();
      if (isPlaying) fetchOn();
    },
  };
  /** What follows, before it is needed. */
  const fetchOn = async () => {
    const {span, step: by} = replayPace(speed),
      mine = turn,
      asked = reached + span;
    if (
      fetching ||
      isSeeking ||
      isPresent ||
      position === null ||
      reached - position > span / 2 ||
      performance.now() < retryAt
    )
      return;
    fetching = true;
    let answer;
    try {
      answer = await get(`/api/v1/replay/span?at=${reached}&until=${asked}&step=${by}`);
    } catch {
      answer = {error: "network"};
    }
    if (mine !== turn) return;
    fetching = false;
    trouble = answer.error || "";
    if (trouble) retryAt = performance.now() + 2000; // a worker that is begun anew is not asked by everybody at every frame
    if (trouble || answer.at <= reached) {
      if (position >= reached) isPlaying = false;
      player.changed();
      return;
    }
    // A worker that made the room anew counts its frames anew: the first of them stands behind what we have.
    step = by;
    answer.parts.forEach((frame, i) => frames.push({frame, isFirst: i === 0}));
    frames.push({known: {...answer.known, at: answer.at}, at: answer.at});
    isPresent = answer.at < asked;
    reached = answer.at;
    player.changed();
  };
  /** What has changed and is not drawn yet. A drawing may take a fifth of the time: the clock and the hand stay smooth. */
  let dirty = null,
    drawnAt = 0,
    cost = 0;
  const drawWhenDue = now => {
    if (drawnAt && cost === 0) cost = now - drawnAt; // the frame after a drawing says what it took, the painting too
    if (!dirty || now - drawnAt < Math.max(80, 5 * cost)) return;
    const change = {rows: dirty.rows, tiles: [...dirty.tiles]};
    dirty = null;
    drawnAt = now;
    cost = 0;
    render(change);
    player.changed();
  };
  const frame = now => {
    if (scope.isClosed) return;
    requestAnimationFrame(frame);
    drawWhenDue(now);
    if (!isPlaying || isSeeking || position === null) return;
    if (last !== null) position = Math.min(position + (now - last) * speed, reached);
    last = now;
    while (frames.length && (frames[0].frame ? frames[0].frame.at : frames[0].at) <= position) {
      const {frame: delta, isFirst, known: told} = frames.shift();
      if (!delta) {
        known = told;
        continue;
      }
      if (isFirst) live.state.seq = delta.seq - 1;
      applyDelta(live.state, delta);
      dirty = dirty || {rows: new Set(), tiles: new Set()};
      for (const row of delta.rows || []) dirty.rows.add(row[0]);
      for (const id of delta.gone || []) dirty.rows.add(id);
      for (const name of Object.keys(delta.tiles || {})) dirty.tiles.add(name);
    }
    if (isPresent && position >= reached) {
      isPlaying = false;
      player.ended();
    }
    fetchOn();
  };
  requestAnimationFrame(frame);
  scope.every(250, () => {
    if (position !== null) everySecond();
  });
  scope.add(() => {
    turn += 1;
    if (asking) asking.abort();
  });
  return {live, player};
};
