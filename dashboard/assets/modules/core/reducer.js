// @ts-check
// The state of a zone, and the one function that moves it. No DOM, no clock: tested in Node against the server's zone.
// docs/protocol.md says what the messages mean.
export {AT} from "./case-fields.js";

/**
 * @typedef {Object} State
 * @property {string} epoch       whose sequence numbers these are; "" before the first snapshot
 * @property {number} seq         the last delta that is in
 * @property {number} rev         the store's revision behind it
 * @property {string} lastEntry   the newest stream entry that is in
 * @property {Map<string, import("../types/wire.d.ts").Row>} rows   open cases; AT of case-fields.js has the places of their fields
 * @property {import("../types/wire.d.ts").Tiles} tiles
 */

export const LIGHT = {none: 0, dueSoon: 1, overdue: 2, suspended: 3};

/** @returns {State} */
export const emptyState = () => ({epoch: "", seq: 0, rev: 0, lastEntry: "0-0", rows: new Map(), tiles: {}});

/** Collects the parts of a snapshot; the state changes hands when the last one is there. */
export class SnapshotParts {
  constructor() {
    this.key = "";
    this.next = 0;
    /** @type {Map<string, import("../types/wire.d.ts").Row>} */
    this.rows = new Map();
  }
  clear() {
    this.key = "";
    this.next = 0;
    this.rows = new Map();
  }
  /** True while a snapshot is on its way. */
  get pending() {
    return this.next > 0;
  }
  /**
   * @param {import("../types/wire.d.ts").SnapshotPart} part
   * @returns {State|null} the new state, or null while parts are missing
   */
  add(part) {
    const key = `${part.epoch}/${part.seq}`;
    if (part.part === 0) {
      this.clear();
      this.key = key;
    }
    if (key !== this.key || part.part !== this.next) {
      this.clear();
      return null;
    }
    this.next += 1;
    for (const row of part.rows || []) this.rows.set(row[0], row);
    if (this.next < part.parts) return null;
    const state = {
      epoch: part.epoch,
      seq: part.seq,
      rev: part.rev,
      lastEntry: part.last_entry,
      rows: this.rows,
      tiles: part.tiles || {},
    };
    this.clear();
    return state;
  }
}

/**
 * Applies one delta in place.
 * @param {State} state
 * @param {import("../types/wire.d.ts").ScreenDelta} delta
 * @returns {"applied"|"old"|"gap"} gap: deltas are missing, ask again
 */
export const applyDelta = (state, delta) => {
  if (delta.seq <= state.seq) return "old";
  if (delta.seq !== state.seq + 1) return "gap";
  for (const id of delta.gone || []) state.rows.delete(id);
  for (const row of delta.rows || []) state.rows.set(row[0], row);
  Object.assign(state.tiles, delta.tiles || {});
  state.seq = delta.seq;
  state.rev = delta.rev;
  state.lastEntry = delta.last_entry;
  return "applied";
};
