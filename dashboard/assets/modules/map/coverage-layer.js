// @ts-check
// The coverage on the map, beneath the cases: key spots, what nobody sees, the cameras' polygons, planned sites.
// A body that changes is decoded alone; a drawing takes what lies in view.
import {Buildings} from "./buildings.js";
import {fitCanvases} from "./canvases.js";
import {makeCoverageInk, pathOf} from "./coverage-ink.js";
import {project} from "./project.js";
import {wallUnit} from "./signs.js";

export const CoverageLayer = L.Renderer.extend({
  // From so many pixels a metre on a camera's polygon is drawn; further out it is a point.
  options: {padding: 0.25, pane: "shadowPane", nearPxM: 0.11, marksPxM: 0.4},

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
  /** Whether a camera counts as seen by: all of them when it is about the plan, else those that work in this light. */
  counts(sight) {
    if (this.planned) return sight.view === "fixed" || sight.view === "reach";
    return this.isDark() ? !!sight.sees_night : !!sight.sees_day;
  },
  isDark() {
    return this.light === "night" || (this.light === "now" && this.isNight);
  },
  /** A camera that sees nothing although it is well: nobody knows its direction, or it is too dark for it. */
  isIdle(sight) {
    return (
      (sight.state === "online" || sight.state === "unstable") &&
      !this.counts(sight) &&
      (sight.view === "unknown" || sight.view === "none" || !!sight.sees_day)
    );
  },
  putSight(body) {
    this.sights.set(body.id, {body, ...project(body.lon, body.lat)});
    this.touch();
  },
  dropSight(id) {
    this.sights.delete(id);
    this.touch();
  },
  putSpot(body) {
    this.spots.set(body.id, {body, ...project(body.lon, body.lat), ...this._reachOf(body)});
    this.touch();
  },
  dropSpot(id) {
    this.spots.delete(id);
    this.touch();
  },
  clear() {
    this.sights.clear();
    this.spots.clear();
    this.touch();
  },
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
  _begin(canvas) {
    const g = canvas.getContext("2d"),
      ratio = window.devicePixelRatio || 1;
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, canvas.width, canvas.height);
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    return g;
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
    const at = o => [o.x * f.scale - f.left, o.y * f.scale - f.top];
    const inView = (x, y, r) => x > -r && y > -r && x < f.width + r && y < f.height + r;
    const drawn = {cameras: [], spots: [], sites: [], ms: 0, sectors: 0};
    const g = this._begin(this._ground),
      m = this._begin(this._marks);
    if (this.show.sectors && near >= this.options.nearPxM) {
      this.buildings.want(() => this.touch());
      this.buildings.draw(g, f, this.ink.colour["map-road-minor"], this.ink.colour["map-road-major"]);
      this._drawSectors(g, f, u, at, inView, drawn);
    }
    this._drawSpots(g, m, f, u, at, inView, drawn);
    if (this.show.sites) this._drawSitesGround(g, f, u, at, inView);
    if (this.show.cameras) this._drawCameras(m, f, u, at, inView, drawn, near);
    this._drawLetters(m, u, at, inView);
    if (this.show.sites) this._drawSites(m, u, at, inView, drawn);
    drawn.ms = performance.now() - began;
    this.drawn = drawn;
  },
  _add(into, path, f, x, y) {
    into.addPath(path, {a: f.dx, b: 0, c: 0, d: f.dy, e: x, f: y});
  },

  /** Working cameras are one faint shape: overlaps do not add up to what they are not. The others are outlines. */
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
        this._add(counts ? reach : lines.off, path, f, x, y);
        if (counts && body.now && body.now.length) this._add(fill, pathOf(body.now), f, x, y);
      } else {
        if (counts) this._add(fill, path, f, x, y);
        this._add(
          counts && body.state !== "degraded" ? (body.state === "unstable" ? lines.unstable : lines.on) : lines.off,
          path,
          f,
          x,
          y,
        );
      }
    }
    const c = this.ink.colour,
      stroke = (path, style, width, dash, alpha) => {
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

  /** Key spots by their outline; what of them nobody sees is hatched; one that could not be computed carries «?». */
  _drawSpots(g, m, f, u, at, inView, drawn) {
    const c = this.ink.colour,
      pattern = this.ink.hatch(g, u, window.devicePixelRatio || 1, f.left, f.top),
      smallest = 7 * u;
    for (const s of this.spots.values()) {
      const body = s.body,
        isGrid = body.kind === "grid",
        isPicked = this.picked.spot === body.id;
      if (isGrid && !this.show.grids && !isPicked) continue;
      const [x, y] = at(s),
        reach = s.reach * 10 * f.dx;
      if (!inView(x, y, reach + 20 * u)) continue;
      const isRoad = body.kind === "road",
        rings = (body.outline || []).flat(),
        isPoint = !rings.length || rings[0].length < 4;
      drawn.spots.push({id: body.id, x, y, reach});
      const hatched =
        !this.planned && this.show.blind && (isGrid ? this._gridShare(body) >= 0.5 : (body.blind || []).length > 0);
      if (hatched) this._hatch(g, body, isRoad, f, u, x, y, pattern, smallest);
      if (this.show.keys || isGrid || isPicked) {
        const isUnknown = body.live === undefined || body.live === null;
        if (body.kind === "place") this.ink.place(m, u, x, y, isUnknown);
        else if (!isPoint) {
          const path = new Path2D();
          this._add(path, pathOf(this._flat(body), isRoad), f, x, y);
          g.strokeStyle = isPicked ? c.accent : isGrid ? c["ink-3"] : c["map-key-area"];
          g.lineWidth = (isPicked ? 3 : isGrid ? 1 : isRoad ? 1.5 : 2) * u;
          g.setLineDash(isPicked ? [] : isUnknown ? [2 * u, 4 * u] : [8 * u, 5 * u]);
          g.stroke(path);
          g.setLineDash([]);
        }
        if (isUnknown && reach > 12 * u) this.ink.letter(m, u, x, y, "?");
      }
      if (isPicked && (isPoint || body.kind === "place")) {
        m.beginPath();
        m.arc(x, y, 13 * u, 0, 7);
        m.strokeStyle = c.accent;
        m.lineWidth = 3 * u;
        m.stroke();
      }
    }
  },
  _flat(body) {
    return body._flat || (body._flat = body.outline.flat());
  },
  _gridShare(body) {
    const left = this.isNight ? body.live_night : body.live;
    return body.size && left !== undefined && left !== null ? left / body.size : 0;
  },
  _hatch(g, body, isRoad, f, u, x, y, pattern, smallest) {
    const c = this.ink.colour;
    g.fillStyle = pattern;
    g.strokeStyle = pattern;
    if (body.kind === "grid") {
      const path = new Path2D();
      this._add(path, pathOf(this._flat(body)), f, x, y);
      g.fill(path, "evenodd");
      return;
    }
    if (isRoad) {
      const path = new Path2D();
      for (const rings of body.blind) this._add(path, pathOf(rings, true), f, x, y);
      g.lineCap = "butt";
      g.lineWidth = Math.max(12 * u, 80 * f.dx);
      g.stroke(path);
      return;
    }
    let size = 0;
    const path = new Path2D();
    for (const rings of body.blind) {
      for (const v of rings[0]) size = Math.max(size, Math.abs(v) * f.dx);
      this._add(path, pathOf(rings), f, x, y);
    }
    if (size < smallest) {
      g.beginPath();
      g.arc(x, y, smallest, 0, 7);
      g.fill();
      g.strokeStyle = c["map-hatch"];
      g.lineWidth = u;
      g.stroke();
      return;
    }
    g.fill(path, "evenodd");
    g.strokeStyle = c["map-hatch"];
    g.lineWidth = u;
    g.stroke(path);
  },
  _drawLetters(m, u, at, inView) {
    for (const [id, letter] of this.letters) {
      const s = this.spots.get(id);
      if (!s) continue;
      const [x, y] = at(s);
      if (inView(x, y, 0)) this.ink.plate(m, 0.85 * u, x, y, letter);
    }
  },
  _drawCameras(m, f, u, at, inView, drawn, near) {
    const c = this.ink.colour,
      isFar = near < this.options.marksPxM,
      works = new Path2D(),
      fails = new Path2D(),
      idle = new Path2D();
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
  _drawSitesGround(g, f, u, at, inView) {
    const path = new Path2D();
    for (const s of this.sites) {
      const [x, y] = at(s);
      if (s.shape.length >= 6 && inView(x, y, 200)) this._add(path, pathOf(s.rings), f, x, y);
    }
    g.fillStyle = this.ink.colour.accent;
    g.globalAlpha = 0.3;
    g.fill(path);
    g.strokeStyle = this.ink.colour.accent;
    g.globalAlpha = 1;
    g.lineWidth = 1.5 * u;
    g.stroke(path);
  },
  _drawSites(m, u, at, inView, drawn) {
    for (const s of [...this.sites].reverse()) {
      const [x, y] = at(s);
      if (!inView(x, y, 40 * u)) continue;
      this.ink.site(m, u, x, y, s.rank, this.picked.site === s.rank);
      drawn.sites.push({rank: s.rank, x, y});
    }
  },
  /** Takes the first sites of the plan; their polygons are decoded once. */
  setSites(sites) {
    this.sites = sites.map(s => ({
      ...s,
      rings: s.rings || (s.rings = [s.shape || []]),
      shape: s.shape || [],
      ...project(s.lon, s.lat),
    }));
    this.touch();
  },
  /** What lies under a point of the map's container: {site}, {camera} or {spot}, or null. */
  hit(containerPoint) {
    const p = this._map.containerPointToLayerPoint(containerPoint).subtract(this._bounds.min),
      u = wallUnit();
    for (const d of [...this.drawn.sites].reverse())
      if (Math.abs(d.x - p.x) < 14 * u && p.y < d.y && p.y > d.y - 36 * u) return {site: d.rank};
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
      if (!close) this._add(path, pathOf(this._flat(body)), f, d.x, d.y);
      if ((close || g.isPointInPath(path, p.x, p.y)) && (!found || body.kind !== "grid")) found = {spot: d.id};
    }
    g.restore();
    return found;
  },
});
