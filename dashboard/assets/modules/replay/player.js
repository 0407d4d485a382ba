// @ts-check
// The player of past rooms: it gives a board the state of a past moment, as core/socket.js gives the present one.
import {SnapshotParts, applyDelta, emptyState} from "../core/reducer.js";
import {sayEnded} from "../core/session.js";

export const REPLAY_SPEEDS = [1, 10, 60, 600];

/** How much of the future of a past moment is fetched at once, and in what steps, at a speed (Unix ms).  @param {number} speed */
export const replayPace = speed => ({
  span: Math.min(Math.max(speed * 6000, 60000), 3600000),
  step: Math.max(1000, speed * 100),
});

/** @typedef {{[name: string]: number}} PastFigures */
/** @typedef {{case_id: string, at: number, received_at: number, street: string, class_name: string, domain: string, type: string}} Late */
/** @typedef {{at: number, n: number, late: Late[], then: PastFigures, now: PastFigures|null}} Known  what was known then, and is known now */
/** @typedef {{at: number, frame: import("../types/wire.d.ts").ScreenDelta|null, isFirst: boolean, known: Known|null}} Ahead */
/**
 * What moves the board of a past moment.
 * @typedef {Object} Player
 * @property {(id: string) => void} pick
 * @property {() => Known|null} known
 * @property {() => string} trouble
 * @property {() => number|null} position   Unix ms; null before the first answer
 * @property {() => boolean} isPlaying
 * @property {() => number} speed
 * @property {() => boolean} isWaiting
 * @property {() => void} changed   called when there is something else to show
 * @property {() => void} ended   called when the present is reached
 * @property {(n: number) => void} setSpeed
 * @property {(on: boolean) => void} play
 * @property {(at: number) => Promise<void>} seek
 * @property {number} [share]   how much of the room is made
 * @property {number|null} [first]   the first moment that there is
 */

/**
 * A player of past rooms.
 * @param {import("../core/scope.js").Scope} scope
 * @param {(change: import("../core/socket.js").Change) => void} render
 * @param {() => void} everySecond
 * @returns {{live: Shown, player: Player}}  live: the same face as core/socket.js gives; player: what moves it
 */
export const makePlayer = (scope, render, everySecond) => {
  /** @type {number|null} Unix ms; null before the first answer */
  let position = null;
  let reached = 0,
    isPresent = false,
    step = 0,
    speed = 60,
    isPlaying = false,
    turn = 0,
    fetching = false,
    isSeeking = false,
    retryAt = 0,
    trouble = "";
  /** @type {Known|null} */
  let known = null;
  /** @type {Ahead[]} */
  let frames = [];
  /** @type {number|null} when the last frame was drawn; null while it stands */
  let last = null;
  /** @type {AbortController|null} */
  let asking = null;
  /** @type {Shown} */
  const live = {state: emptyState(), beat: null, now: () => position, age: () => 0, word: () => "live"};
  document.documentElement.dataset.state = "live";

  /** @param {string} address  @param {AbortSignal} [signal]  @returns {Promise<any>}  what the server says of the room */
  const get = async (address, signal) => {
    const answer = await fetch(address, {signal});
    if (answer.status === 401) sayEnded();
    return answer.json();
  };
  /** @type {Player} */
  const player = {
    pick: () => {},
    known: () => known,
    trouble: () => trouble,
    position: () => position,
    isPlaying: () => isPlaying,
    speed: () => speed,
    isWaiting: () => isSeeking || (fetching && (position || 0) >= reached),
    changed: () => {},
    ended: () => {},
    /** Slower means finer: the coarse steps that were fetched ahead are asked for again. */
    setSpeed(n) {
      speed = n;
      if (frames.length && position !== null && replayPace(n).step < step) player.seek(position);
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
      for (const part of answer.parts) live.state = parts.add(part) || live.state;
      dirty = null;
      frames = [];
      position = reached = answer.at;
      isPresent = false;
      known = {...answer.known, at: answer.at};
      last = null;
      live.beat = {speed: 1};
      render({rows: null, tiles: Object.keys(live.state.tiles)});
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
      if (position !== null && position >= reached) isPlaying = false;
      player.changed();
      return;
    }
    // A worker that made the room anew counts its frames anew: the first of them stands behind what we have.
    step = by;
    for (const [i, frame] of answer.parts.entries()) frames.push({at: frame.at, frame, isFirst: i === 0, known: null});
    frames.push({at: answer.at, frame: null, isFirst: false, known: {...answer.known, at: answer.at}});
    isPresent = answer.at < asked;
    reached = answer.at;
    player.changed();
  };
  /**
   * What has changed and is not drawn yet. A drawing may take a fifth of the time: the clock and the hand stay smooth.
   * @type {{rows: Set<string>, tiles: Set<string>}|null}
   */
  let dirty = null;
  let drawnAt = 0,
    cost = 0;
  /** @param {number} now */
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
  /** @param {number} now */
  const frame = now => {
    if (scope.isClosed) return;
    requestAnimationFrame(frame);
    drawWhenDue(now);
    if (!isPlaying || isSeeking || position === null) return;
    if (last !== null) position = Math.min(position + (now - last) * speed, reached);
    last = now;
    while (frames.length && frames[0].at <= position) {
      const ahead = frames[0];
      frames.shift();
      if (!ahead.frame) {
        known = ahead.known;
        continue;
      }
      const delta = ahead.frame;
      if (ahead.isFirst) live.state.seq = delta.seq - 1;
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
