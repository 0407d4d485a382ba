// Open cases as the canvas needs them: typed arrays, changed in place, so that 100,000 cost 4 MB and a change nothing.
"use strict";

lianqin.CaseStore = class {
  constructor() { this.clear(); }
  clear() {
    this.index = new Map(); this.ids = []; this.n = 0;
    this.x = new Float64Array(1024); this.y = new Float64Array(1024);
    this.light = new Uint8Array(1024); this.severity = new Uint8Array(1024);
  }
  /** Takes over a whole state. */
  load(rows) { this.clear(); for (const row of rows.values()) this.put(row); }
  /** Puts one row; a case without a position is not on the map. Returns its slot or -1. */
  put(row) {
    const A = lianqin.AT, id = row[A.id], lon = row[A.lon], lat = row[A.lat];
    if (lon === null || lat === null) { this.drop(id); return -1; }
    let i = this.index.get(id);
    if (i === undefined) {
      i = this.n++;
      if (i >= this.x.length) this.grow();
      this.index.set(id, i);
      this.ids[i] = id;
    }
    this.x[i] = (lon + 180) / 360;
    this.y[i] = 0.5 - Math.log(Math.tan(Math.PI / 4 + lat * Math.PI / 360)) / (2 * Math.PI);
    this.light[i] = row[A.light];
    this.severity[i] = row[A.severity];
    return i;
  }
  /** Drops a case: the last one takes its slot. */
  drop(id) {
    const i = this.index.get(id);
    if (i === undefined) return;
    const last = --this.n;
    this.index.delete(id);
    if (i !== last) {
      for (const array of [this.x, this.y, this.light, this.severity]) array[i] = array[last];
      this.ids[i] = this.ids[last];
      this.index.set(this.ids[i], i);
    }
    this.ids.length = last;
  }
  grow() {
    for (const name of ["x", "y", "light", "severity"]) {
      const bigger = new this[name].constructor(this[name].length * 2);
      bigger.set(this[name]);
      this[name] = bigger;
    }
  }
  isSign(i) { return this.light[i] === lianqin.LIGHT.overdue || this.light[i] === lianqin.LIGHT.dueSoon; }
};
