// @ts-check
// The canvas layer: open cases as texture and signs, above dash-leaflet's map (ARCHITECTURE.md, decision 6).
// Two canvases: the grey dots are many, and drawn again only where one changed; the signs are few and redrawn whole.
import {beginCanvas, fitCanvases} from "./canvases.js";
import {drawFlags, drawLabels, SIGN} from "./case-places.js";
import {cluster} from "./clusters.js";
import {LIGHT} from "../core/reducer.js";
import {drawDot, makeSigns, wallUnit} from "./signs.js";

export const CaseLayer = L.Renderer.extend({
  // Dots that change are drawn again cell by cell (in device pixels); with more than so many of them, all are.
  options: {padding: 0.25, pane: "markerPane", cell: 32, manySpoilt: 1000},

  /** @param {import("./case-store.js").CaseStore} store  @param {object} options  of Leaflet's renderer */
  initialize(store, options) {
    L.setOptions(this, options);
    this._layers = {};
    this.store = store;
    this.flags = [];
    this.units = [];
    this.labels = [];
    this.letters = [];
    this.drawn = {singles: [], groups: [], flags: [], labels: []};
    /** @type {{x: number, y: number}[]} */
    this._overdue = [];
    this._spoilt = null;
    this._signsSpoilt = true;
    store.watch(this);
  },

  /** Something may have changed: draw what did. Dots at most twice a second, signs five times. */
  touch() {
    this._schedule();
  },
  /** @param {number} x  @param {number} y */
  spoilDot(x, y) {
    if (this._spoilt && this._spoilt.push(x, y) > 2 * this.options.manySpoilt) this._spoilt = null;
  },
  spoilSigns() {
    this._signsSpoilt = true;
  },
  spoilAll() {
    this._spoilt = null;
    this._signsSpoilt = true;
  },
  _areDotsStale() {
    return !this._spoilt || this._spoilt.length > 0;
  },
  _areMarksStale() {
    return (
      this._signsSpoilt ||
      this._flagsOf !== this.flags ||
      this._unitsOf !== this.units ||
      this._lettersOf !== this.letters
    );
  },

  _initContainer() {
    this.signs = this.signs || makeSigns();
    this._container = L.DomUtil.create("div", "case-layer");
    this._dots = L.DomUtil.create("canvas", "", this._container);
    this._marks = L.DomUtil.create("canvas", "", this._container);
  },
  _destroyContainer() {
    L.DomUtil.remove(this._container);
    cancelAnimationFrame(this._frame);
    clearTimeout(this._frame);
    clearTimeout(this._timer);
    this._frame = this._timer = 0;
  },
  onRemove() {
    this._destroyContainer();
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    fitCanvases(this, [this._dots, this._marks]);
    this._spoilt = null;
    this._drawDots();
    this._drawMarks();
  },
  _onZoomEnd() {},
  _updatePaths() {},

  _schedule() {
    if (this._frame || !this._map) return;
    const work = () => {
      this._frame = 0;
      const now = performance.now();
      const dotsDue = now - (this._dotsAt || 0) >= (this.store.n > 20000 ? 1000 : 400),
        marksDue = now - (this._marksAt || 0) >= (this._signs > 2000 ? 400 : 160);
      if (dotsDue && this._areDotsStale()) this._drawDots();
      if (marksDue && this._areMarksStale()) this._drawMarks();
      if (this._areDotsStale() || this._areMarksStale())
        this._timer =
          this._timer ||
          setTimeout(() => {
            this._timer = 0;
            this._schedule();
          }, 60);
    };
    this._frame = document.hidden ? setTimeout(work, 200) : requestAnimationFrame(work);
  },

  /** Pixels of the layer for a place in the unit square of the world. */
  _frameOf() {
    const zoom = this._map.getZoom(),
      scale = 256 * 2 ** zoom;
    const origin = this._map.getPixelOrigin(),
      b = this._bounds;
    return {
      scale,
      left: origin.x + b.min.x,
      top: origin.y + b.min.y,
      width: b.max.x - b.min.x,
      height: b.max.y - b.min.y,
    };
  },
  _begin: beginCanvas,
  unit: wallUnit,

  _drawDots() {
    this._dotsAt = performance.now();
    const f = this._frameOf(),
      s = this.store,
      ratio = window.devicePixelRatio || 1;
    const size = (this._map.getZoom() >= 15 ? 4 : 2) * this.unit(),
      half = size / 2,
      reach = size + 1;
    const alpha = s.n > 20000 ? 0.45 : 0.7,
      look = `${alpha} ${size} ${ratio}`;
    const cells = this._spoilt && look === this._look && this._spoiltCells(f, reach);
    this._look = look;
    this._spoilt = [];
    const g = cells ? this._dots.getContext("2d") : this._begin(this._dots),
      draw = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ light) =>
        drawDot(g, x, y, half, light);
    g.fillStyle = this.signs.colour["map-case"];
    g.globalAlpha = alpha;
    for (let i = 0; i < s.n; i++) {
      if (s.light[i] === 1 || s.light[i] === 2) continue;
      const x = s.x[i] * f.scale - f.left,
        y = s.y[i] * f.scale - f.top;
      if (x < 0 || y < 0 || x > f.width || y > f.height) continue;
      cells ? cells.add(x, y, s.light[i]) : draw(x, y, s.light[i]);
    }
    if (cells) this._drawCells(g, cells, draw);
    g.globalAlpha = 1;
  },
  /** The cells that the spoilt places reach into, each with the dots that reach into it: x, y, light.  @param {import("./case-places.js").Frame} f  @param {number} reach */
  _spoiltCells(f, reach) {
    const side = this.options.cell / (window.devicePixelRatio || 1),
      columns = Math.ceil(f.width / side) + 1,
      rows = Math.ceil(f.height / side) + 1;
    const marked = new Uint8Array(columns * rows),
      dots = new Map(),
      around = (/** @type {number} */ x, /** @type {number} */ y, /** @type {(cell: number) => void} */ visit) => {
        const left = Math.max(Math.floor((x - reach) / side), 0),
          right = Math.min(Math.floor((x + reach) / side), columns - 1);
        const top = Math.max(Math.floor((y - reach) / side), 0),
          bottom = Math.min(Math.floor((y + reach) / side), rows - 1);
        for (let c = left; c <= right; c++) for (let r = top; r <= bottom; r++) visit(r * columns + c);
      };
    for (let k = 0; k < this._spoilt.length; k += 2) {
      around(this._spoilt[k] * f.scale - f.left, this._spoilt[k + 1] * f.scale - f.top, cell => {
        marked[cell] = 1;
        dots.set(cell, []);
      });
    }
    return {
      dots,
      columns,
      add: (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ light) =>
        around(x, y, cell => {
          if (marked[cell]) dots.get(cell).push(x, y, light);
        }),
    };
  },
  /**
   * Each cell is cleared and drawn by itself: a rectangle on whole pixels is a cheap thing to clip to, many together are not.
   * @param {CanvasRenderingContext2D} g
   * @param {{dots: Map<number, number[]>, columns: number}} cells
   * @param {(x: number, y: number, light: number) => void} draw
   */
  _drawCells(g, {dots, columns}, draw) {
    const ratio = window.devicePixelRatio || 1,
      side = this.options.cell;
    for (const [cell, found] of dots) {
      const x = (cell % columns) * side,
        y = Math.floor(cell / columns) * side;
      g.save();
      g.setTransform(1, 0, 0, 1, 0, 0);
      g.clearRect(x, y, side, side);
      g.beginPath();
      g.rect(x, y, side, side);
      g.clip();
      g.setTransform(ratio, 0, 0, ratio, 0, 0);
      for (let k = 0; k < found.length; k += 3) draw(found[k], found[k + 1], found[k + 2]);
      g.restore();
    }
  },

  _drawMarks() {
    this._marksAt = performance.now();
    this._signsSpoilt = false;
    this._flagsOf = this.flags;
    this._unitsOf = this.units;
    this._lettersOf = this.letters;
    const g = this._begin(this._marks),
      f = this._frameOf(),
      s = this.store,
      u = this.unit();
    /** @type {import("./case-places.js").At} */
    const at = (x, y) => [x * f.scale - f.left, y * f.scale - f.top];
    /** @type {import("./case-places.js").Inside} */
    const inside = (x, y) => x > -40 * u && y > -40 * u && x < f.width + 40 * u && y < f.height + 40 * u;
    for (const unit of this.units) {
      const [x, y] = at(unit.x, unit.y);
      if (!inside(x, y)) continue;
      g.globalAlpha = unit.alpha ?? 1;
      this.signs.unit(g, x, y, u, unit.kind);
      g.globalAlpha = 1;
    }
    const slots = s.signSlots();
    /** @type {{x: number, y: number, light: number}[]} */
    const points = [];
    for (const i of slots) points.push({x: s.x[i] * f.scale, y: s.y[i] * f.scale, light: s.light[i]});
    this._signs = points.length;
    const close = this._map.getZoom() >= this._map.getMaxZoom() - 1;
    const {singles, groups} = close ? {singles: points.map((_, i) => i), groups: []} : cluster(points, 38 * u);
    /** @type {import("./case-places.js").Drawn} */
    const drawn = {singles: [], groups: [], flags: [], labels: []};
    /** @param {{x: number, y: number}} p */
    const place = p => ({x: p.x - f.left, y: p.y - f.top});
    drawn.groups = groups
      .map(group => ({...place(group), r: 26 * u, overdue: group.overdue, soon: group.soon, group}))
      .filter(d => inside(d.x, d.y));
    const overdue = singles.filter(k => points[k].light === LIGHT.overdue).map(k => place(points[k]));
    this._overdue = overdue.filter(p => inside(p.x, p.y));
    drawLabels(this, g, u, at, drawn, this._overdue);
    const order = singles.sort(
      (a, b) => points[a].light - points[b].light || s.severity[slots[b]] - s.severity[slots[a]],
    );
    for (const k of order) {
      const {x, y} = place(points[k]),
        i = slots[k];
      if (!inside(x, y)) continue;
      this.signs.single(g, x, y, u, s.light[i], s.severity[i] <= 3, s.unseen[i] === 1);
      drawn.singles.push({x, y, id: s.ids[i]});
    }
    for (const d of drawn.groups) {
      d.r = this.signs.cluster(g, d.x, d.y, u, d.overdue, d.soon);
    }
    drawFlags(this, g, u, at, inside, drawn);
    this.drawn = drawn;
    this.onSigns();
  },
  /** Called after the signs were drawn. */
  onSigns() {},
  /**
   * Overdue signs and rings, which no name may cover, in pixels of the map's frame.
   * @returns {import("./place-names.js").Sign[]}
   */
  inTheWay() {
    const shift = this._bounds.min.subtract(this._map.containerPointToLayerPoint([0, 0])),
      r = SIGN * this.unit();
    return [...this._overdue.map((/** @type {{x: number, y: number}} */ p) => ({...p, r})), ...this.drawn.groups].map(
      ({x, y, r}) => ({x: x + shift.x, y: y + shift.y, r}),
    );
  },

  /** What lies under a point of the map's container: {id} of a case or {group}, or null.  @param {{x: number, y: number}} containerPoint */
  hit(containerPoint) {
    const p = this._map.containerPointToLayerPoint(containerPoint).subtract(this._bounds.min),
      u = this.unit();
    for (const d of this.drawn.flags)
      if (Math.abs(d.x - p.x) < 20 * u && Math.abs(d.y - p.y) < 20 * u) return {id: d.id, x: d.x, y: d.y};
    for (const c of this.drawn.groups) if (Math.hypot(c.x - p.x, c.y - p.y) < c.r + 3 * u) return {group: c};
    /** @type {{distance: number, id: string}|null} */
    let best = null;
    for (const d of this.drawn.singles) {
      const distance = Math.hypot(d.x - p.x, d.y - p.y);
      if (distance < 15 * u && (!best || distance < best.distance)) best = {distance, id: d.id};
    }
    return best || this._nearestDot(p, 8 * u);
  },
  /** @param {{x: number, y: number}} p  @param {number} reach */
  _nearestDot(p, reach) {
    const f = this._frameOf(),
      s = this.store;
    const wx = (p.x + f.left) / f.scale,
      wy = (p.y + f.top) / f.scale,
      r = reach / f.scale;
    /** @type {{distance: number, id: string}|null} */
    let best = null;
    for (let i = 0; i < s.n; i++) {
      const dx = s.x[i] - wx,
        dy = s.y[i] - wy;
      if (dx > r || dx < -r || dy > r || dy < -r) continue;
      const distance = dx * dx + dy * dy;
      if (!best || distance < best.distance) best = {distance, id: s.ids[i]};
    }
    return best;
  },
});
