// @ts-check
// The key spots on the map of the coverage: their outlines, and what of them nobody sees.
import {pathOf} from "./coverage-ink.js";

/** @typedef {import("../types/wire.d.ts").Sight} Sight */
/** @typedef {import("../types/wire.d.ts").WatchedSpot & {_flat?: number[][]}} Spot  with its rings in one list, once they were asked for */
/** @typedef {import("../types/wire.d.ts").PlannedSite & {rings?: number[][]}} Site */
/** @typedef {{scale: number, left: number, top: number, width: number, height: number, dx: number, dy: number}} Frame  dx, dy: pixels a decimetre */
/** @typedef {(place: {x: number, y: number}) => [number, number]} PlaceAt  pixels of the layer */
/** @typedef {(x: number, y: number, r: number) => boolean} InView */
/**
 * What was drawn, for the hand and the tests; ms: how long it took.
 * @typedef {Object} DrawnCoverage
 * @property {{id: string, x: number, y: number}[]} cameras
 * @property {{id: string, x: number, y: number, reach: number}[]} spots
 * @property {{rank: number, x: number, y: number}[]} sites
 * @property {number} ms
 * @property {number} sectors
 */

/** The rings of a spot in one list. @param {Spot} body */
export const flat = body => body._flat || (body._flat = (body.outline || []).flat());

/** A path in decimetres, put where its middle is on the layer. @param {Path2D} into @param {Path2D} path @param {Frame} f @param {number} x @param {number} y */
export const addPath = (into, path, f, x, y) => {
  into.addPath(path, {a: f.dx, b: 0, c: 0, d: f.dy, e: x, f: y});
};

/** @param {LeafletLayer} layer  @param {Spot} body */
const gridShare = (layer, body) => {
  const left = layer.isNight ? body.live_night : body.live;
  return body.size && left !== undefined && left !== null ? left / body.size : 0;
};

/**
 * @param {LeafletLayer} layer
 * @param {CanvasRenderingContext2D} g
 * @param {Spot} body
 * @param {boolean} isRoad
 * @param {Frame} f
 * @param {number} u
 * @param {number} x
 * @param {number} y
 * @param {CanvasPattern} pattern
 * @param {number} smallest
 */
const hatch = (layer, g, body, isRoad, f, u, x, y, pattern, smallest) => {
  const c = layer.ink.colour;
  g.fillStyle = pattern;
  g.strokeStyle = pattern;
  if (body.kind === "grid") {
    const path = new Path2D();
    addPath(path, pathOf(flat(body)), f, x, y);
    g.fill(path, "evenodd");
    return;
  }
  if (isRoad) {
    const path = new Path2D();
    for (const rings of body.blind || []) addPath(path, pathOf(rings, true), f, x, y);
    g.lineCap = "butt";
    g.lineWidth = Math.max(12 * u, 80 * f.dx);
    g.stroke(path);
    return;
  }
  let size = 0;
  const path = new Path2D();
  for (const rings of body.blind || []) {
    for (const v of rings[0]) size = Math.max(size, Math.abs(v) * f.dx);
    addPath(path, pathOf(rings), f, x, y);
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
};

/**
 * Key spots by their outline; what of them nobody sees is hatched; one that could not be computed carries «?».
 * @param {LeafletLayer} layer
 * @param {CanvasRenderingContext2D} g
 * @param {CanvasRenderingContext2D} m
 * @param {Frame} f
 * @param {number} u
 * @param {PlaceAt} at
 * @param {InView} inView
 * @param {DrawnCoverage} drawn
 */
export const drawSpots = (layer, g, m, f, u, at, inView, drawn) => {
  const c = layer.ink.colour,
    pattern = layer.ink.hatch(g, u, window.devicePixelRatio || 1, f.left, f.top),
    smallest = 7 * u;
  for (const s of layer.spots.values()) {
    const body = s.body,
      isGrid = body.kind === "grid",
      isPicked = layer.picked.spot === body.id;
    if (isGrid && !layer.show.grids && !isPicked) continue;
    const [x, y] = at(s),
      reach = s.reach * 10 * f.dx;
    if (!inView(x, y, reach + 20 * u)) continue;
    const isRoad = body.kind === "road",
      rings = (body.outline || []).flat(),
      isPoint = !rings.length || rings[0].length < 4;
    drawn.spots.push({id: body.id, x, y, reach});
    const hatched =
      !layer.planned && layer.show.blind && (isGrid ? gridShare(layer, body) >= 0.5 : (body.blind || []).length > 0);
    if (hatched) hatch(layer, g, body, isRoad, f, u, x, y, pattern, smallest);
    if (layer.show.keys || isGrid || isPicked) {
      const isUnknown = body.live === undefined || body.live === null;
      if (body.kind === "place") layer.ink.place(m, u, x, y, isUnknown);
      else if (!isPoint) {
        const path = new Path2D();
        addPath(path, pathOf(flat(body), isRoad), f, x, y);
        g.strokeStyle = isPicked ? c.accent : isGrid ? c["ink-3"] : c["map-key-area"];
        g.lineWidth = (isPicked ? 3 : isGrid ? 1 : isRoad ? 1.5 : 2) * u;
        g.setLineDash(isPicked ? [] : isUnknown ? [2 * u, 4 * u] : [8 * u, 5 * u]);
        g.stroke(path);
        g.setLineDash([]);
      }
      if (isUnknown && reach > 12 * u) layer.ink.letter(m, u, x, y, "?");
    }
    if (isPicked && (isPoint || body.kind === "place")) {
      m.beginPath();
      m.arc(x, y, 13 * u, 0, 7);
      m.strokeStyle = c.accent;
      m.lineWidth = 3 * u;
      m.stroke();
    }
  }
};
