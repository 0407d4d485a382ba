// @ts-check
// Where what has a word stands on the map of the cases: street names, numbered flags, letters; each where it hides least.

/** @typedef {{scale: number, left: number, top: number, width: number, height: number}} Frame */
/** @typedef {(x: number, y: number) => [number, number]} At  a place in the unit square of the world → pixels of the layer */
/** @typedef {(x: number, y: number) => boolean} Inside */
/** @typedef {{x: number, y: number, w: number, h: number}} Box  its middle, and half its sides */
/** @typedef {{x: number, y: number, r: number, overdue: number, soon: number, group: import("./clusters.js").Ring}} DrawnRing */
/** @typedef {{x: number, y: number, id: string, number: number, light: string, word: string}} Flag */
/**
 * What was drawn, for the hand.
 * @typedef {Object} Drawn
 * @property {{x: number, y: number, id: string}[]} singles
 * @property {DrawnRing[]} groups
 * @property {{x: number, y: number, id: string, px: number, py: number, flag: Flag}[]} flags
 * @property {Box[]} labels
 */

/** Half the width of an overdue sign that stands alone, in units. */
export const SIGN = 16;

/**
 * Names of the streets, clear of rings, of overdue signs and of each other; a name stays while nothing covers it.
 * @param {LeafletLayer} layer
 * @param {CanvasRenderingContext2D} g
 * @param {number} u
 * @param {At} at
 * @param {Drawn} drawn
 * @param {{x: number, y: number}[]} overdue  the overdue signs that stand alone, in pixels of the layer
 */
export const drawLabels = (layer, g, u, at, drawn, overdue) => {
  /** @type {Box[]} */
  const boxes = [];
  for (const label of layer.labels) {
    const [x, y] = at(label.x, label.y),
      w = 13 * u * [...label.text].reduce((a, c) => a + (c < "\u0100" ? 0.55 : 1), 0),
      h = 15 * u;
    const hits = (/** @type {number[]} */ [dx, dy]) =>
      drawn.groups.filter(c => Math.abs(c.x - x - dx) < w + c.r && Math.abs(c.y - y - dy) < h + c.r).length +
      boxes.filter(b => Math.abs(b.x - x - dx) < b.w + w && Math.abs(b.y - y - dy) < b.h + h).length +
      overdue.filter(p => Math.abs(p.x - x - dx) < w + SIGN * u && Math.abs(p.y - y - dy) < h + SIGN * u).length;
    const tries = [
      label.shift || [0, 0],
      [0, 0],
      [0, 34],
      [0, -34],
      [40, 0],
      [-40, 0],
      [0, 60],
      [0, -60],
      [40, 34],
      [-40, 34],
      [40, -34],
      [-40, -34],
      [80, 0],
      [-80, 0],
      [0, 86],
      [0, -86],
      [80, 60],
      [-80, 60],
      [80, -60],
      [-80, -60],
    ].map(d => d.map((/** @type {number} */ v) => v * u));
    const best = tries.reduce((a, d) => (hits(d) < hits(a) ? d : a), tries[0]);
    label.shift = best.map((/** @type {number} */ v) => v / u);
    if (hits(best)) continue; // half a name helps nobody: this one is hidden until there is room
    boxes.push({x: x + best[0], y: y + best[1], w, h});
    layer.signs.name(g, x + best[0], y + best[1], u, label.text);
  }
  drawn.labels = boxes;
};

/**
 * Numbered flags: each on the side where it hides least. The side is kept while the case keeps its place.
 * @param {LeafletLayer} layer
 * @param {CanvasRenderingContext2D} g
 * @param {number} u
 * @param {At} at
 * @param {Inside} inside
 * @param {Drawn} drawn
 */
export const drawFlags = (layer, g, u, at, inside, drawn) => {
  const taken = [...drawn.labels];
  drawn.groups.forEach(c => taken.push({x: c.x, y: c.y, w: c.r, h: c.r}));
  const view = layer._map.getSize(),
    corner = layer._map.containerPointToLayerPoint([0, 0]).subtract(layer._bounds.min);
  for (const flag of layer.flags) {
    const [x, y] = at(flag.x, flag.y);
    if (!inside(x, y)) continue;
    let best = /** @type {any} */ (null);
    [
      [36, -34],
      [-36, -34],
      [36, 30],
      [-36, 30],
      [0, -52],
      [0, 50],
      [58, -8],
      [-58, -8],
      [74, -60],
      [-74, -60],
      [74, 56],
      [-74, 56],
    ].forEach(([dx, dy], i) => {
      const fx = x + dx * u,
        fy = y + dy * u,
        room = 20 * u,
        word = flag.word ? 52 * u : 0;
      const left = room + (dx < 0 ? word : 0),
        right = room + (dx < 0 ? 0 : word);
      const out =
        fx < corner.x + left || fy < corner.y + room || fx > corner.x + view.x - right || fy > corner.y + view.y - room;
      const hits = taken.filter(t => Math.abs(t.x - fx) < t.w + room && Math.abs(t.y - fy) < t.h + room).length;
      const cost = hits * 10 + (out ? 100 : 0) + i * 0.1;
      if (!best || cost < best.cost) best = {cost, fx, fy};
    });
    taken.push({x: best.fx, y: best.fy, w: 20 * u, h: 20 * u}, {x, y, w: 6 * u, h: 6 * u});
    drawn.flags.push({x: best.fx, y: best.fy, id: flag.id, px: x, py: y, flag});
  }
  // The letters of the blind spots: on the place itself where nothing lies on it, else beside it on a stalk.
  for (const letter of layer.letters) {
    const [x, y] = at(letter.x, letter.y),
      room = 16 * u;
    if (!inside(x, y)) continue;
    let best = /** @type {any} */ (null);
    [
      [0, 0],
      [0, -40],
      [0, 40],
      [40, 0],
      [-40, 0],
      [34, -34],
      [-34, -34],
      [34, 34],
      [-34, 34],
      [0, -70],
      [0, 70],
      [70, 0],
      [-70, 0],
      [60, -60],
      [-60, -60],
    ].forEach(([dx, dy], i) => {
      const lx = x + dx * u,
        ly = y + dy * u;
      const cost =
        10 * taken.filter(t => Math.abs(t.x - lx) < t.w + room && Math.abs(t.y - ly) < t.h + room).length + i * 0.1;
      if (!best || cost < best.cost) best = {cost, lx, ly};
    });
    taken.push({x: best.lx, y: best.ly, w: room, h: room});
    // A stalk ends where a ring begins: it crosses no figure.
    const ring = drawn.groups.find(c => Math.hypot(c.x - x, c.y - y) < c.r),
      apart = Math.hypot(best.lx - x, best.ly - y);
    const share = ring && apart ? Math.min(1, (ring.r + Math.hypot(ring.x - x, ring.y - y)) / apart) : 0;
    layer.signs.letter(g, x + share * (best.lx - x), y + share * (best.ly - y), best.lx, best.ly, u, letter.text);
  }
  for (const d of [...drawn.flags].reverse())
    layer.signs.flag(g, d.px, d.py, d.x, d.y, u, String(d.flag.number), d.flag.light, d.flag.word);
};
