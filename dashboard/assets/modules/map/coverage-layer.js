// @ts-check
// The coverage on the map, beneath the cases: key spots, what nobody sees, the cameras' polygons, planned sites.
// A body that changes is decoded alone; a drawing takes what lies in view.
import {Buildings} from "./buildings.js";
import {beginCanvas, fitCanvases} from "./canvases.js";
import {makeCoverageInk, pathOf} from "./coverage-ink.js";
import {addPath, drawSpots, flat} from "./coverage-spots.js";
import {project} from "./project.js";
import {wallUnit} from "./signs.js";

export const CoverageLayer = L.Renderer.extend({
  // From so many pixels a metre on a camera's polygon is drawn; further out it is a point.
  options: {padding: 0.25, pane: "shadowPane", nearPxM: 0.11, marksPxM: 0.4},

  /** @param {Places["plane"]} plane  @param {object} options  of Leaflet's renderer */
  initialize(plane, options) {
    L.setOptions(this, options);
    this._layers = {};
    this.plane = plane;
    this.sights = new Map();
    this.spots = new Map();
    this.sites = [];
    this.letters = new Map();
    this.show = {blind: true, keys: false, grids: false, cameras: false, sectors: false, sites: false};
    this.light = "now";
    this.planned = false;
    this.isNight = false;
    this.picked = {};
    this.buildings = new Buildings();
    this.drawn = {cameras: [], spots: [], sites: [], ms: 0, sectors: 0};
  },
  /** Whether a camera counts as seen by: all of them when it is about the plan, else those that work in this light.  @param {import("./coverage-spots.js").Sight} sight */
  counts(sight) {
    if (this.planned) return sight.view === "fixed" || sight.view === "reach";
    return this.isDark() ? !!sight.sees_night : !!sight.sees_day;
  },
  isDark() {
    return this.light === "night" || (this.light === "now" && this.isNight);
  },
  /** A camera that sees nothing although it is well: nobody knows its direction, or it is too dark for it.  @param {import("./coverage-spots.js").Sight} sight */
  isIdle(sight) {
    return (
      (sight.state === "online" || sight.state === "unstable") &&
      !this.counts(sight) &&
      (sight.view === "unknown" || sight.view === "none" || !!sight.sees_day)
    );
  },
  /** @param {import("./coverage-spots.js").Sight} body */
  putSight(body) {
    this.sights.set(body.id, {body, ...project(body.lon, body.lat)});
    this.touch();
  },
  /** @param {string} id */
  dropSight(id) {
    this.sights.delete(id);
    this.touch();
  },
  /** @param {import("./coverage-spots.js").Spot} body */
  putSpot(body) {
    this.spots.set(body.id, {body, ...project(body.lon, body.lat), ...this._reachOf(body)});
    this.touch();
  },
  /** @param {string} id */
  dropSpot(id) {
    this.spots.delete(id);
    this.touch();
  },
  clear() {
    this.sights.clear();
    this.spots.clear();
    this.touch();
  },
  /** @param {import("./coverage-spots.js").Spot} body */
  _reachOf(body) {
    let reach = 0;
    for (const rings of body.outline || [])
      for (let i = 0; i < rings[0].length; i++) reach = Math.max(reach, Math.abs(rings[0][i]));
    return {reach: reach / 10};
  },
  /** Something has changed: drawn again with the next frame, at most every 100 ms. */
  touch() {
    if (this._wait || !this._map) return;
    const work = () => {
      this._wait = 0;
      if (this._map && !(this._map._animatingZoom && this._bounds)) this._draw();
    };
    const rest = Math.max(0, (this._drawnAt || 0) + 100 - performance.now());
    this._wait = setTimeout(work, rest);
  },

  _initContainer() {
    this.ink = this.ink || makeCoverageInk();
    this._container = L.DomUtil.create("div", "case-layer coverage-layer");
    this._ground = L.DomUtil.create("canvas", "", this._container);
    this._marks = L.DomUtil.create("canvas", "", this._container);
  },
  _destroyContainer() {
    L.DomUtil.remove(this._container);
    clearTimeout(this._wait);
    this._wait = 0;
  },
  onRemove() {
    this._destroyContainer();
  },
  _onZoomEnd() {},
  _updatePaths() {},
  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    fitCanvases(this, [this._ground, this._marks]);
    this._draw();
  },
  _frameOf() {
    const scale = 256 * 2 ** this._map.getZoom(),
      origin = this._map.getPixelOrigin(),
      b = this._bounds;
    const cos = Math.cos((this.plane.lat * Math.PI) / 180);
    return {
      scale,
      left: origin.x + b.min.x,
      top: origin.y + b.min.y,
      width: b.max.x - b.min.x,
      height: b.max.y - b.min.y,
      dx: scale / 360 / this.plane.kx / 10,
      dy: scale / 360 / cos / this.plane.ky / 10,
    };
  },
  _draw() {
    const began = performance.now(),
      f = this._frameOf(),
      u = wallUnit(),
      near = f.dx * 10;
    this._drawnAt = began;
    /** @type {import("./coverage-spots.js").PlaceAt} */
    const at = o => [o.x * f.scale - f.left, o.y * f.scale - f.top];
    /** @type {import("./coverage-spots.js").InView} */
    const inView = (x, y, r) => x > -r && y > -r && x < f.width + r && y < f.height + r;
    /** @type {import("./coverage-spots.js").DrawnCoverage} */
    const drawn = {cameras: [], spots: [], sites: [], ms: 0, sectors: 0};
    const g = beginCanvas(this._ground),
      m = beginCanvas(this._marks);
    if (this.show.sectors && near >= this.options.nearPxM) {
      this.buildings.want(() => this.touch());
      this.buildings.draw(g, f, this.ink.colour["map-road-minor"], this.ink.colour["map-road-major"]);
      this._drawSectors(g, f, u, at, inView, drawn);
    }
    drawSpots(this, g, m, f, u, at, inView, drawn);
    if (this.show.sites) this._drawSitesGround(g, f, u, at, inView);
    if (this.show.cameras) this._drawCameras(m, f, u, at, inView, drawn, near);
    this._drawLetters(m, u, at, inView);
    if (this.show.sites) this._drawSites(m, u, at, inView, drawn);
    drawn.ms = performance.now() - began;
    this.drawn = drawn;
  },

  /**
   * Working cameras are one faint shape: overlaps do not add up to what they are not. The others are outlines.
   * @param {CanvasRenderingContext2D} g
   * @param {import("./coverage-spots.js").Frame} f
   * @param {number} u
   * @param {import("./coverage-spots.js").PlaceAt} at
   * @param {import("./coverage-spots.js").InView} inView
   * @param {import("./coverage-spots.js").DrawnCoverage} drawn
   */
  _drawSectors(g, f, u, at, inView, drawn) {
    const fill = new Path2D(),
      reach = new Path2D(),
      lines = {on: new Path2D(), off: new Path2D(), unstable: new Path2D()};
    for (const s of this.sights.values()) {
      const body = s.body,
        rings = body.shapes;
      if (!rings || !rings.length) continue;
      const [x, y] = at(s);
      if (!inView(x, y, 12 * (body.range_m || 60) * f.dx)) continue;
      drawn.sectors++;
      const path = pathOf(rings),
        counts = this.counts(body);
      if (body.view === "reach") {
        addPath(counts ? reach : lines.off, path, f, x, y);
        if (counts && body.now && body.now.length) addPath(fill, pathOf(body.now), f, x, y);
      } else {
        if (counts) addPath(fill, path, f, x, y);
        addPath(
          counts && body.state !== "degraded" ? (body.state === "unstable" ? lines.unstable : lines.on) : lines.off,
          path,
          f,
          x,
          y,
        );
      }
    }
    const c = this.ink.colour,
      stroke = (
        /** @type {Path2D} */ path,
        /** @type {string} */ style,
        /** @type {number} */ width,
        /** @type {number[]} */ dash,
        /** @type {number} */ alpha,
      ) => {
        g.strokeStyle = style;
        g.lineWidth = width * u;
        g.setLineDash(dash.map(v => v * u));
        g.globalAlpha = alpha;
        g.stroke(path);
      };
    g.fillStyle = c["mark-1"];
    g.globalAlpha = 0.26;
    g.fill(fill);
    stroke(lines.on, c["mark-1"], 1, [], 0.4);
    stroke(reach, c["mark-1"], 1.25, [], 0.75);
    stroke(lines.unstable, c["ink-2"], 1.5, [1.5, 3], 1);
    stroke(lines.off, c["ink-3"], 1.5, [6, 4], 0.9);
    g.setLineDash([]);
    g.globalAlpha = 1;
  },

  /** @param {CanvasRenderingContext2D} m  @param {number} u  @param {import("./coverage-spots.js").PlaceAt} at  @param {import("./coverage-spots.js").InView} inView */
  _drawLetters(m, u, at, inView) {
    for (const [id, letter] of this.letters) {
      const s = this.spots.get(id);
      if (!s) continue;
      const [x, y] = at(s);
      if (inView(x, y, 0)) this.ink.plate(m, 0.85 * u, x, y, letter);
    }
  },
  /**
   * @param {CanvasRenderingContext2D} m
   * @param {import("./coverage-spots.js").Frame} f
   * @param {number} u
   * @param {import("./coverage-spots.js").PlaceAt} at
   * @param {import("./coverage-spots.js").InView} inView
   * @param {import("./coverage-spots.js").DrawnCoverage} drawn
   * @param {number} near
   */
  _drawCameras(m, f, u, at, inView, drawn, near) {
    const c = this.ink.colour,
      isFar = near < this.options.marksPxM,
      works = new Path2D(),
      fails = new Path2D(),
      idle = new Path2D();
    /** @type {[x: number, y: number, body: import("./coverage-spots.js").Sight]|null} */
    let last = null;
    for (const s of this.sights.values()) {
      const [x, y] = at(s);
      if (!inView(x, y, 16 * u)) continue;
      drawn.cameras.push({id: s.body.id, x, y});
      if (s.body.id === this.picked.camera) last = [x, y, s.body];
      const counts = this.counts(s.body);
      if (isFar)
        this.ink.speck(
          ...(counts ? [works, "works"] : this.isIdle(s.body) ? [idle, "idle"] : [fails, "fails"]),
          u,
          x,
          y,
        );
      else this.ink.camera(m, 1.3 * u, x, y, s.body, counts, false, this.isIdle(s.body));
    }
    m.globalAlpha = 0.55;
    m.fillStyle = c["ink-2"];
    m.fill(works);
    m.globalAlpha = 1;
    m.lineWidth = 1.75 * u;
    m.strokeStyle = c["ink-1"];
    m.stroke(fails);
    m.globalAlpha = 0.7;
    m.lineWidth = u;
    m.strokeStyle = c["ink-2"];
    m.stroke(idle);
    m.globalAlpha = 1;
    if (last) this.ink.camera(m, 1.3 * u, ...last, this.counts(last[2]), true, this.isIdle(last[2]));
  },
  /** @param {CanvasRenderingContext2D} g  @param {import("./coverage-spots.js").Frame} f  @param {number} u  @param {import("./coverage-spots.js").PlaceAt} at  @param {import("./coverage-spots.js").InView} inView */
  _drawSitesGround(g, f, u, at, inView) {
    const path = new Path2D();
    for (const s of this.sites) {
      const [x, y] = at(s);
      if (s.shape.length >= 6 && inView(x, y, 200)) addPath(path, pathOf(s.rings), f, x, y);
    }
    g.fillStyle = this.ink.colour.accent;
    g.globalAlpha = 0.3;
    g.fill(path);
    g.strokeStyle = this.ink.colour.accent;
    g.globalAlpha = 1;
    g.lineWidth = 1.5 * u;
    g.stroke(path);
  },
  /** @param {CanvasRenderingContext2D} m  @param {number} u  @param {import("./coverage-spots.js").PlaceAt} at  @param {import("./coverage-spots.js").InView} inView  @param {import("./coverage-spots.js").DrawnCoverage} drawn */
  _drawSites(m, u, at, inView, drawn) {
    for (const s of [...this.sites].reverse()) {
      const [x, y] = at(s);
      if (!inView(x, y, 40 * u)) continue;
      this.ink.site(m, u, x, y, s.rank, this.picked.site === s.rank);
      drawn.sites.push({rank: s.rank, x, y});
    }
  },
  /** Takes the first sites of the plan; their polygons are decoded once.  @param {import("./coverage-spots.js").Site[]} sites */
  setSites(sites) {
    this.sites = sites.map(s => ({
      ...s,
      rings: s.rings || (s.rings = [s.shape || []]),
      shape: s.shape || [],
      ...project(s.lon, s.lat),
    }));
    this.touch();
  },
  /** What lies under a point of the map's container: {site}, {camera} or {spot}, or null.  @param {{x: number, y: number}} containerPoint */
  hit(containerPoint) {
    const p = this._map.containerPointToLayerPoint(containerPoint).subtract(this._bounds.min),
      u = wallUnit();
    for (const d of [...this.drawn.sites].reverse())
      if (Math.abs(d.x - p.x) < 14 * u && p.y < d.y && p.y > d.y - 36 * u) return {site: d.rank};
    /** @type {{distance: number, camera: string}|null} */
    let best = null;
    for (const d of this.drawn.cameras) {
      const distance = Math.hypot(d.x - p.x, d.y - p.y);
      if (distance < 12 * u && (!best || distance < best.distance)) best = {distance, camera: d.id};
    }
    if (best) return best;
    const f = this._frameOf(),
      g = this._ground.getContext("2d");
    g.save();
    g.setTransform(1, 0, 0, 1, 0, 0);
    let found = null;
    for (const d of this.drawn.spots) {
      const body = this.spots.get(d.id) && this.spots.get(d.id).body;
      if (!body) continue;
      const isArea = body.kind === "area" || body.kind === "grid",
        close = Math.hypot(d.x - p.x, d.y - p.y) < 12 * u;
      if (!close && (!isArea || d.reach < Math.max(Math.abs(p.x - d.x), Math.abs(p.y - d.y)))) continue;
      const path = new Path2D();
      if (!close) addPath(path, pathOf(flat(body)), f, d.x, d.y);
      if ((close || g.isPointInPath(path, p.x, p.y)) && (!found || body.kind !== "grid")) found = {spot: d.id};
    }
    g.restore();
    return found;
  },
});
