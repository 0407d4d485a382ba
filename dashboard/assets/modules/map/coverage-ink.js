// @ts-check
// How the coverage is drawn (design/DESIGN.md, «Map symbology»): polygons in decimetres, hatch, camera marks, sites.
import {drawPlate, token} from "./signs.js";

/** A body's rings as a path in decimetres, north up; made once a body, however often it is drawn. */
export const pathOf = (() => {
  const made = new WeakMap();
  return (/** @type {number[][]} */ rings, isLine = false) => {
    let path = made.get(rings);
    if (path) return path;
    path = new Path2D();
    for (const ring of rings) {
      path.moveTo(ring[0], -ring[1]);
      for (let i = 2; i < ring.length; i += 2) path.lineTo(ring[i], -ring[i + 1]);
      if (!isLine) path.closePath();
    }
    made.set(rings, path);
    return path;
  };
})();

export const makeCoverageInk = () => {
  const names = [
    "ink-1",
    "ink-2",
    "ink-3",
    "ground",
    "accent",
    "mark-1",
    "map-hatch",
    "map-key-area",
    "map-halo",
    "map-land",
    "map-road-minor",
    "map-road-major",
  ];
  const colour = Object.fromEntries(names.map(n => [n, token(n)])),
    family = token("font");
  /** @param {number} px */
  const font = (px, weight = 700) => `${weight} ${px}px ${family}`;
  const tile = document.createElement("canvas");
  let tileOf = "";
  /**
   * The hatch, fixed to the map and not to the canvas: it stands still while the map is moved.
   * @param {CanvasRenderingContext2D} g
   * @param {number} u
   * @param {number} ratio
   * @param {number} left
   * @param {number} top
   */
  const hatch = (g, u, ratio, left, top) => {
    const side = Math.max(6, Math.round(8 * u * ratio)),
      key = `${side}`;
    if (tileOf !== key) {
      tile.width = tile.height = side;
      const t = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
      t.strokeStyle = colour["map-hatch"];
      t.lineWidth = Math.max(1, 1.6 * u * ratio);
      t.lineCap = "square";
      for (const shift of [-side, 0, side]) {
        t.beginPath();
        t.moveTo(shift, side);
        t.lineTo(shift + side, 0);
        t.stroke();
      }
      tileOf = key;
    }
    const pattern = /** @type {CanvasPattern} */ (g.createPattern(tile, "repeat")),
      css = side / ratio;
    pattern.setTransform(new DOMMatrix([1 / ratio, 0, 0, 1 / ratio, -(left % css), -(top % css)]));
    return pattern;
  };
  /**
   * @param {CanvasRenderingContext2D} g
   * @param {number} u
   * @param {string} text
   * @param {number} x
   * @param {number} y
   */
  const halo = (g, u, text, x, y) => {
    g.textAlign = "center";
    g.textBaseline = "middle";
    g.lineJoin = "round";
    g.strokeStyle = colour["map-halo"];
    g.lineWidth = 5 * u;
    g.strokeText(text, x, y);
    g.fillText(text, x, y);
  };
  /**
   * @param {CanvasRenderingContext2D} g
   * @param {number} x
   * @param {number} y
   * @param {number} azimuth
   * @param {number} from
   * @param {number} to
   */
  const arm = (g, x, y, azimuth, from, to) => {
    const a = (azimuth * Math.PI) / 180;
    g.moveTo(x + from * Math.sin(a), y - from * Math.cos(a));
    g.lineTo(x + to * Math.sin(a), y - to * Math.cos(a));
  };
  /** @param {CanvasPath} g  @param {number} x  @param {number} y  @param {number} r */
  const cross = (g, x, y, r) => {
    g.moveTo(x - r, y - r);
    g.lineTo(x + r, y + r);
    g.moveTo(x + r, y - r);
    g.lineTo(x - r, y + r);
  };
  return {
    colour,
    hatch,
    /**
     * @param {CanvasRenderingContext2D} g
     * @param {number} u
     * @param {number} x
     * @param {number} y
     * @param {string} text
     */
    letter(g, u, x, y, text) {
      g.font = font(26 * u);
      g.fillStyle = colour["ink-1"];
      halo(g, u, text, x, y + u);
    },
    /**
     * @param {CanvasRenderingContext2D} g
     * @param {number} u
     * @param {number} x
     * @param {number} y
     * @param {string} text
     */
    plate(g, u, x, y, text) {
      drawPlate(g, {colour, font: font(24 * u)}, u, x, y, text);
    },
    /**
     * A key place: a small open square, never a sign of a case.
     * @param {CanvasRenderingContext2D} g
     * @param {number} u
     * @param {number} x
     * @param {number} y
     * @param {boolean} isUnknown
     */
    place(g, u, x, y, isUnknown) {
      const r = 5 * u;
      g.strokeStyle = colour["map-halo"];
      g.lineWidth = 4 * u;
      g.strokeRect(x - r, y - r, 2 * r, 2 * r);
      g.strokeStyle = colour["map-key-area"];
      g.lineWidth = 1.75 * u;
      g.setLineDash(isUnknown ? [2 * u, 2 * u] : []);
      g.strokeRect(x - r, y - r, 2 * r, 2 * r);
      g.setLineDash([]);
    },
    /**
     * A camera far away: a point that works, a cross that does not, a ring of which nobody knows the direction.
     * @param {Path2D} path
     * @param {string} how
     * @param {number} u
     * @param {number} x
     * @param {number} y
     */
    speck(path, how, u, x, y) {
      if (how === "works") path.rect(x - 1.5 * u, y - 1.5 * u, 3 * u, 3 * u);
      else if (how === "idle") {
        path.moveTo(x + 2.5 * u, y);
        path.arc(x, y, 2.5 * u, 0, 7);
      } else cross(path, x, y, 3 * u);
    },
    /**
     * A camera near: a lens with a stroke into each direction; a ring around what turns; «?» where nobody knows.
     * @param {CanvasRenderingContext2D} g
     * @param {number} u
     * @param {number} x
     * @param {number} y
     * @param {import("../types/wire.d.ts").Sight} sight
     * @param {boolean} works
     * @param {boolean} isPicked
     * @param {boolean} isIdle
     */
    camera(g, u, x, y, sight, works, isPicked, isIdle) {
      const r = 5 * u,
        line = (/** @type {string} */ style, /** @type {number} */ width) => {
          g.strokeStyle = style;
          g.lineWidth = width * u;
          g.stroke();
        };
      if (isPicked) {
        g.beginPath();
        g.arc(x, y, 15 * u, 0, 7);
        line(colour["map-halo"], 6);
        line(colour.accent, 3);
      }
      g.beginPath();
      for (const azimuth of sight.azimuths || []) arm(g, x, y, azimuth, r, 13 * u);
      if (sight.view === "reach") {
        g.moveTo(x + 9 * u, y);
        g.arc(x, y, 9 * u, 0, 7);
      }
      if (sight.view === "unknown") {
        g.moveTo(x + 9 * u, y);
        g.arc(x, y, 9 * u, 0, 7);
      }
      line(colour["map-halo"], 4);
      line(works ? colour["mark-1"] : colour["ink-2"], 1.75);
      g.beginPath();
      g.arc(x, y, r, 0, 7);
      g.fillStyle = works ? colour["mark-1"] : colour["map-land"];
      line(colour["map-halo"], 3);
      g.fill();
      line(works ? colour["mark-1"] : isIdle ? colour["mark-1"] : colour["ink-1"], 1.5); // grey is normal: what fails is brighter
      if (sight.view === "unknown") {
        g.font = font(11 * u);
        g.textAlign = "center";
        g.textBaseline = "middle";
        g.fillStyle = works ? colour.ground : colour["ink-2"];
        g.fillText("?", x, y + 0.5 * u);
      } else if (sight.state === "unstable") {
        g.beginPath();
        g.moveTo(x - 3 * u, y);
        g.lineTo(x, y - 3 * u);
        g.lineTo(x, y + 3 * u);
        g.lineTo(x + 3 * u, y);
        line(colour["ink-1"], 1.5);
      } else if (!works && !isIdle) {
        g.beginPath();
        cross(g, x, y, 2.5 * u);
        line(colour["ink-1"], 1.75);
      }
    },
    /**
     * A planned site: a numbered pentagon, the point on the place itself.
     * @param {CanvasRenderingContext2D} g
     * @param {number} u
     * @param {number} x
     * @param {number} y
     * @param {number} rank
     * @param {boolean} isPicked
     */
    site(g, u, x, y, rank, isPicked) {
      const w = 13 * u,
        top = y - 34 * u;
      g.beginPath();
      g.moveTo(x, y);
      g.lineTo(x - w, y - 13 * u);
      g.lineTo(x - w, top);
      g.lineTo(x + w, top);
      g.lineTo(x + w, y - 13 * u);
      g.closePath();
      g.strokeStyle = colour["map-halo"];
      g.lineWidth = 5 * u;
      g.lineJoin = "round";
      g.stroke();
      g.fillStyle = isPicked ? colour.accent : colour["ink-1"];
      g.fill();
      g.font = font((String(rank).length > 1 ? 16 : 18) * u);
      g.fillStyle = colour.ground;
      g.textAlign = "center";
      g.textBaseline = "middle";
      g.fillText(String(rank), x, y - 22 * u);
    },
  };
};
