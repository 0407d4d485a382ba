// @ts-check
// Where names stand on a map that shows a part of the district: of a street in the part of it that is in view, of a road
// along it. Pure.

/** @typedef {[number, number]} Pixel  on the map's frame, x to the right, y down */
/** @typedef {{name: string, rings: Pixel[][]}} NamedArea  rings of all its polygons: inside is what lies in an odd number */
/** @typedef {{name: string, isMajor: boolean, line: Pixel[]}} NamedRoad */
/** @typedef {{width: number, height: number}} View */
/** @typedef {{name: string, isMajor: boolean, x: number, y: number, angle: number, length: number}} RoadName */
/** @typedef {{x: number, y: number, r: number}} Sign  round, its middle and half its width in pixels */

// So many points each way are looked at to find which areas are in view.
const SAMPLES = 12;
// What has fewer of them in view is a sliver at its edge, and has no name there.
const FEWEST = 6;
// A piece that a name stands on may bend so much: its ends are at least this share of its length apart.
const STRAIGHT = 0.97;

/** @param {Pixel[][]} rings  @param {number} x  @param {number} y */
export const isIn = (rings, x, y) => {
  let inside = false;
  for (const ring of rings)
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [ax, ay] = ring[i],
        [bx, by] = ring[j];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
  return inside;
};

/**
 * The middle of what each area has in view; of a part that is hollow there, the nearest point that was looked at.
 * @param {NamedArea[]} areas
 * @param {View} view
 * @returns {{name: string, x: number, y: number}[]}
 */
export const areaNames = (areas, view) => {
  /** @type {Map<NamedArea, Pixel[]>} */
  const found = new Map();
  for (let i = 0; i < SAMPLES; i++)
    for (let j = 0; j < SAMPLES; j++) {
      const x = ((i + 0.5) / SAMPLES) * view.width,
        y = ((j + 0.5) / SAMPLES) * view.height,
        area = areas.find(a => isIn(a.rings, x, y));
      if (area) found.set(area, [...(found.get(area) || []), [x, y]]);
    }
  const wide = [...found].filter(([, points]) => points.length >= FEWEST);
  return wide.map(([area, points]) => {
    const x = points.reduce((sum, p) => sum + p[0], 0) / points.length,
      y = points.reduce((sum, p) => sum + p[1], 0) / points.length;
    if (isIn(area.rings, x, y)) return {name: area.name, x, y};
    const near = points.reduce((a, p) => (Math.hypot(p[0] - x, p[1] - y) < Math.hypot(a[0] - x, a[1] - y) ? p : a));
    return {name: area.name, x: near[0], y: near[1]};
  });
};

/**
 * The pieces of a line that lie in view, each a list of points.
 * @param {Pixel[]} line
 * @param {View} view
 */
const pieces = (line, view) => {
  const isSeen = (/** @type {Pixel} */ [x, y]) => x >= 0 && y >= 0 && x <= view.width && y <= view.height;
  /** @type {Pixel[][]} */
  const found = [];
  let last = false;
  for (let i = 1; i < line.length; i++) {
    // A long stretch is cut into steps, so that one that crosses the view is seen.
    const [ax, ay] = line[i - 1],
      [bx, by] = line[i],
      steps = Math.max(1, Math.ceil(Math.hypot(bx - ax, by - ay) / 12));
    for (let k = i === 1 ? 0 : 1; k <= steps; k++) {
      const p = /** @type {Pixel} */ ([ax + ((bx - ax) * k) / steps, ay + ((by - ay) * k) / steps]);
      if (isSeen(p)) last ? found[found.length - 1].push(p) : found.push([p]);
      last = isSeen(p);
    }
  }
  return found;
};

/** @param {Pixel[]} piece  @param {number} at  in pixels along it  @returns {Pixel} */
const along = (piece, at) => {
  let left = at;
  for (let i = 1; i < piece.length; i++) {
    const [ax, ay] = piece[i - 1],
      [bx, by] = piece[i],
      step = Math.hypot(bx - ax, by - ay);
    if (left <= step && step) return [ax + ((bx - ax) * left) / step, ay + ((by - ay) * left) / step];
    left -= step;
  }
  return piece[piece.length - 1];
};

/** @param {Pixel[]} piece */
const lengthOf = piece =>
  piece.reduce((sum, p, i) => (i ? sum + Math.hypot(p[0] - piece[i - 1][0], p[1] - piece[i - 1][1]) : 0), 0);

/**
 * Whether a name that is so many pixels high touches a sign.
 * @param {{x: number, y: number, angle: number, length: number}} name
 * @param {number} height
 * @param {Sign} sign
 */
export const touches = (name, height, sign) => {
  const dx = sign.x - name.x,
    dy = sign.y - name.y,
    cos = Math.cos(name.angle),
    sin = Math.sin(name.angle);
  return (
    Math.abs(dx * cos + dy * sin) < name.length / 2 + sign.r && Math.abs(dy * cos - dx * sin) < height / 2 + sign.r
  );
};

// A name is tried at these shares of its piece, the middle first: there is more to see on both sides.
const SHARES = [0.5, 0.3, 0.7, 0.4, 0.6, 0.2, 0.8, 0.1, 0.9];

/**
 * A name for each road that has a straight piece in view as long as its name, major roads first, none over another,
 * over what is `taken` (round, so many pixels across) or over one of the `signs`.
 * @param {NamedRoad[]} roads
 * @param {View} view
 * @param {(name: string) => number} widthOf  of a name, in pixels
 * @param {{taken?: {x: number, y: number, length: number}[], signs?: Sign[], height?: number}} [clear]  height: of a name
 * @returns {RoadName[]}
 */
export const roadNames = (roads, view, widthOf, {taken = [], signs = [], height = 12} = {}) => {
  /** @type {RoadName[]} */
  const found = [];
  const named = new Set(),
    isFree = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ room) =>
      [...taken, ...found].every(f => Math.hypot(f.x - x, f.y - y) > (f.length + room) / 2 + 6);
  for (const road of [...roads].sort((a, b) => Number(b.isMajor) - Number(a.isMajor))) {
    if (named.has(road.name)) continue;
    const width = widthOf(road.name),
      seen = pieces(road.line, view)
        .map(piece => ({piece, length: lengthOf(piece)}))
        .filter(one => one.length > width + 16)
        .sort((a, b) => b.length - a.length);
    for (const {piece, length} of seen) {
      const spot = SHARES.find(share => {
        const middle = Math.min(Math.max(length * share, width / 2 + 8), length - width / 2 - 8),
          [ax, ay] = along(piece, middle - width / 2),
          [bx, by] = along(piece, middle + width / 2),
          [x, y] = along(piece, middle);
        if (Math.hypot(bx - ax, by - ay) < STRAIGHT * width || !isFree(x, y, width)) return false;
        // Read from the left to the right, and a steep one from above.
        const angle = Math.atan2(by - ay, bx - ax),
          turned = angle > Math.PI / 2 ? angle - Math.PI : angle <= -Math.PI / 2 ? angle + Math.PI : angle;
        const placed = {name: road.name, isMajor: road.isMajor, x, y, angle: turned, length: width};
        if (signs.some(sign => touches(placed, height, sign))) return false;
        found.push(placed);
        return true;
      });
      if (spot === undefined) continue;
      named.add(road.name);
      break;
    }
  }
  return found;
};
