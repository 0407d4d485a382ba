// @ts-check
// Open cases as the canvas needs them: typed arrays, changed in place, so that 100,000 cost 4 MB and a change nothing.
// A case is drawn as a dot or as a sign; a layer that watches is told which of them a change spoils.
import {AT as A, LIGHT} from "../core/reducer.js";
import {project} from "./project.js";

/** @typedef {{spoilDot: (x: number, y: number) => void, spoilSigns: () => void, spoilAll: () => void}} Watcher */

export class CaseStore {
  /** @type {Map<string, number>} case id → slot */
  index = new Map();
  /** @type {string[]} */
  ids = [];
  n = 0;
  x = new Float64Array(0);
  y = new Float64Array(0);
  light = new Uint8Array(0);
  severity = new Uint8Array(0);
  unseen = new Uint8Array(0);
  /** @type {Set<number>} */
  signs = new Set();

  constructor() {
    /** @type {Watcher[]} */
    this.watchers = [];
    this.clear();
  }
  /** @param {Watcher} watcher */
  watch(watcher) {
    this.watchers.push(watcher);
  }
  clear() {
    this.index = new Map();
    this.ids = [];
    this.n = 0;
    this.x = new Float64Array(1024);
    this.y = new Float64Array(1024);
    this.light = new Uint8Array(1024);
    this.severity = new Uint8Array(1024);
    this.unseen = new Uint8Array(1024);
    this.signs = new Set(); // the slots of the cases that carry a sign: one in ten, and drawn five times a second
    for (const watcher of this.watchers) watcher.spoilAll();
  }
  /** Takes over a whole state. @param {Map<string, import("../types/wire.d.ts").Row>} rows */
  load(rows) {
    this.clear();
    for (const row of rows.values()) this.put(row);
  }
  /**
   * Puts one row; a case without a position is not on the map. Returns its slot or -1.
   * @param {import("../types/wire.d.ts").Row} row
   */
  put(row) {
    const id = row[A.caseId],
      lon = row[A.lon],
      lat = row[A.lat];
    if (lon === null || lat === null) {
      this.drop(id);
      return -1;
    }
    let i = this.index.get(id);
    const {x, y} = project(lon, lat);
    const light = row[A.light],
      severity = row[A.severity],
      unseen = row[A.unseen] === 1 ? 1 : 0;
    if (i !== undefined) {
      const isSame = this.x[i] === x && this.y[i] === y && this.light[i] === light && this.unseen[i] === unseen;
      if (isSame && (this.severity[i] === severity || !this.isSign(i))) {
        this.severity[i] = severity;
        return i;
      }
      this.spoil(i);
    } else {
      i = this.n++;
      if (i >= this.x.length) this.grow();
      this.index.set(id, i);
      this.ids[i] = id;
    }
    this.x[i] = x;
    this.y[i] = y;
    this.light[i] = light;
    this.severity[i] = severity;
    this.unseen[i] = unseen;
    this.isSign(i) ? this.signs.add(i) : this.signs.delete(i);
    this.spoil(i);
    return i;
  }
  /** Drops a case: the last one takes its slot. @param {string} id */
  drop(id) {
    const i = this.index.get(id);
    if (i === undefined) return;
    this.spoil(i);
    const last = --this.n,
      movesSign = this.isSign(last);
    this.index.delete(id);
    this.signs.delete(i);
    this.signs.delete(last);
    if (i !== last) {
      if (movesSign) this.signs.add(i);
      for (const array of [this.x, this.y, this.light, this.severity, this.unseen]) array[i] = array[last];
      this.ids[i] = this.ids[last];
      this.index.set(this.ids[i], i);
    }
    this.ids.length = last;
  }
  /** What stands in this slot goes, or has come: its place must be drawn again. @param {number} i */
  spoil(i) {
    for (const watcher of this.watchers) this.isSign(i) ? watcher.spoilSigns() : watcher.spoilDot(this.x[i], this.y[i]);
  }
  /** The slots of the signs, in the order of the slots: rings stay where they are while nothing changes. */
  signSlots() {
    const slots = new Uint32Array(this.signs.size);
    let k = 0;
    for (const i of this.signs) slots[k++] = i;
    return slots.sort();
  }
  grow() {
    /** @type {<T extends Float64Array|Uint8Array>(array: T, bigger: T) => T} */
    const copied = (array, bigger) => {
      bigger.set(array);
      return bigger;
    };
    const n = 2 * this.x.length;
    this.x = copied(this.x, new Float64Array(n));
    this.y = copied(this.y, new Float64Array(n));
    this.light = copied(this.light, new Uint8Array(n));
    this.severity = copied(this.severity, new Uint8Array(n));
    this.unseen = copied(this.unseen, new Uint8Array(n));
  }
  /** @param {number} i */
  isSign(i) {
    return this.light[i] === LIGHT.overdue || this.light[i] === LIGHT.dueSoon;
  }
}
