// @ts-check
// What the coverage page knows, and the one function that moves it. No DOM: tested in Node against the server's feed.
// A message and an answer over HTTP may come in any order: every body keeps the revision that it is known as of.

/**
 * @typedef {Object} Changes
 * @property {number} revision   everything in it is as of this revision
 * @property {boolean} [whole]   it holds everything there is
 * @property {import("../types/wire.d.ts").Sight[]} [sights]
 * @property {import("../types/wire.d.ts").WatchedSpot[]} [spots]
 * @property {import("../types/wire.d.ts").Region[]} [regions]
 * @property {import("../types/wire.d.ts").Coverage} [coverage]
 * @property {string[]} [gone]   cameras that are no more
 * @property {string[]} [gone_spots]
 * @property {boolean} [plan]    the plan has changed
 */

/**
 * @template B
 * @typedef {Map<string, {rev: number, body: B|null}>} Bodies  null: it is gone
 */

/** @type {("sights"|"spots"|"regions")[]} */
const KINDS = ["sights", "spots", "regions"];

export class CoverageState {
  /** @type {Bodies<import("../types/wire.d.ts").Sight>} */
  sights = new Map();
  /** @type {Bodies<import("../types/wire.d.ts").WatchedSpot>} */
  spots = new Map();
  /** @type {Bodies<import("../types/wire.d.ts").Region>} */
  regions = new Map();
  /** @type {import("../types/wire.d.ts").Coverage|null} */
  coverage = null;
  coverageAt = 0;
  revision = 0;
  heard = 0;
  whole = false;
  clear() {
    this.sights = new Map();
    this.spots = new Map();
    this.regions = new Map();
    this.coverage = null;
    this.coverageAt = 0;
    this.revision = 0; // up to here nothing is missing
    this.heard = 0; // the newest message; it counts once what was before it is here
    this.whole = false;
  }
  /** The connection broke: messages may be missing from now on. */
  lost() {
    this.whole = false;
    this.heard = 0;
  }
  /**
   * Takes in a message, or (with ``asked``, the revision that was named) an answer.
   * @param {Changes} changes
   * @param {number} [asked]
   * @returns {{sights: Set<string>, spots: Set<string>, regions: Set<string>, coverage: boolean, plan: boolean}} what moved
   */
  apply(changes, asked) {
    /** @type {{sights: Set<string>, spots: Set<string>, regions: Set<string>, coverage: boolean, plan: boolean}} */
    const moved = {sights: new Set(), spots: new Set(), regions: new Set(), coverage: false, plan: !!changes.plan},
      at = changes.revision;
    // Everything, at a revision before ours: another store. What we have means nothing any more.
    if (asked !== undefined && changes.whole && at < asked) {
      for (const name of KINDS) for (const id of this[name].keys()) moved[name].add(id);
      this.clear();
    }
    /** @param {"sights"|"spots"|"regions"} name  @param {string} id  @param {any} body */
    const put = (name, id, body) => {
      const known = this[name].get(id);
      if (known && known.rev > at) return;
      this[name].set(id, {rev: at, body});
      moved[name].add(id);
    };
    for (const body of changes.sights || []) put("sights", body.id, body);
    for (const body of changes.spots || []) put("spots", body.id, body);
    for (const body of changes.regions || []) put("regions", body.code, body);
    for (const id of changes.gone || []) put("sights", id, null);
    for (const id of changes.gone_spots || []) put("spots", id, null);
    if (changes.coverage && at >= this.coverageAt) {
      this.coverage = changes.coverage;
      this.coverageAt = at;
      moved.coverage = true;
    }
    if (asked !== undefined && changes.whole) {
      for (const name of KINDS)
        for (const [id, known] of this[name]) if (known.rev < at && known.body) put(name, id, null);
    }
    if (asked !== undefined) {
      this.whole = true;
      this.revision = Math.max(this.revision, at, this.heard);
    } else {
      this.heard = Math.max(this.heard, at);
      if (this.whole) this.revision = Math.max(this.revision, at);
    }
    return moved;
  }
  /**
   * The bodies of a kind that are there.
   * @param {"sights"|"spots"|"regions"} name
   * @returns {Generator<any>}
   */
  *all(name) {
    for (const {body} of this[name].values()) if (body) yield body;
  }
  /** @param {"sights"|"spots"|"regions"} name  @param {string} id  @returns {any} */
  get(name, id) {
    const known = this[name].get(id);
    return known ? known.body : null;
  }
}
