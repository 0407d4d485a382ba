// @ts-check
// The signs of the map (design/DESIGN.md, «Map symbology»), drawn with a canvas context. u = one wall unit in pixels.
import {LIGHT} from "../core/reducer.js";

let unitNow = 0;

/** One wall unit in pixels: 1 at 1080 lines. Read once a resize: asking the style engine for it in every draw costs more. */
export const wallUnit = () => {
  unitNow = unitNow || parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  return unitNow;
};

/**
 * Reads the unit again after each resize, as long as the page is open.
 * @param {import("../core/scope.js").Scope} scope
 */
export const watchUnit = scope => {
  unitNow = 0;
  scope.listen(window, "resize", () => {
    unitNow = 0;
  });
};

/** @param {string} name */
export const token = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/**
 * The map's ground (Leaflet asks for it, feature by feature): three near-greys and the borders.
 * @param {GroundFeature} feature
 */
export const groundStyle = feature => {
  const unit = wallUnit();
  /** @param {string} name */
  const fill = (name, opacity = 1) => ({stroke: false, fill: true, fillColor: token(name), fillOpacity: opacity});
  /** @param {string} name  @param {number} weight  @param {object} [more] */
  const line = (name, weight, more) => ({fill: false, color: token(name), weight: weight * unit, opacity: 1, ...more});
  switch (feature.properties.kind) {
    case "land":
      return fill("map-land");
    case "green":
      return fill("map-road-minor", 0.45);
    case "water":
      return fill("map-water");
    case "road-minor":
      return line("map-road-minor", 1);
    case "road-major":
      return line("map-road-major", 3, {lineJoin: "round"});
    case "border":
      return line("map-border", 1.5, {lineJoin: "round"});
    case "watch-area":
      return line("map-key-area", 2, {dashArray: `${2 * unit} ${5 * unit}`, lineCap: "round"});
    default:
      return line("map-key-area", 2, {dashArray: `${8 * unit} ${5 * unit}`});
  }
};

/**
 * The ground without the package's dashes: the layer above draws the key spots itself.
 * @param {GroundFeature} feature
 */
export const plainGround = feature =>
  ["key-area", "watch-area"].includes(feature.properties.kind) ? {stroke: false, fill: false} : groundStyle(feature);

/**
 * A round plate with a letter.
 * @param {CanvasRenderingContext2D} g
 * @param {{colour: {[token: string]: string}, font: string}} ink
 * @param {number} u
 * @param {number} x
 * @param {number} y
 * @param {string} text
 */
export const drawPlate = (g, {colour, font}, u, x, y, text) => {
  g.beginPath();
  g.arc(x, y, 16 * u, 0, 7);
  g.fillStyle = colour["map-halo"];
  g.fill();
  g.strokeStyle = colour["ink-2"];
  g.lineWidth = 2 * u;
  g.stroke();
  g.font = font;
  g.textAlign = "center";
  g.textBaseline = "middle";
  g.fillStyle = colour["ink-1"];
  g.fillText(text, x, y + u);
};

/**
 * An open case that neither is overdue nor will be soon; a suspended one is two strokes. The colour is the caller's.
 * @param {CanvasRenderingContext2D} g
 * @param {number} x
 * @param {number} y
 * @param {number} half  of its side, in pixels
 * @param {number} light
 */
export const drawDot = (g, x, y, half, light) => {
  if (light === LIGHT.suspended) {
    g.fillRect(x - 1.5 * half, y - 2 * half, half, 4 * half);
    g.fillRect(x + half / 2, y - 2 * half, half, 4 * half);
  } else g.fillRect(x - half, y - half, 2 * half, 2 * half);
};

export const makeSigns = () => {
  const colour = Object.fromEntries(
    ["overdue", "soon", "ink-1", "ink-2", "ground", "map-halo", "map-case", "mark-1"].map(n => [n, token(n)]),
  );
  const family = token("font"),
    font = (/** @type {number} */ px, weight = 700) => `${weight} ${px}px ${family}`;
  /** @param {CanvasRenderingContext2D} g  @param {number} x  @param {number} y  @param {number} r */
  const diamond = (g, x, y, r) => {
    g.beginPath();
    g.moveTo(x, y - r);
    g.lineTo(x + r, y);
    g.lineTo(x, y + r);
    g.lineTo(x - r, y);
    g.closePath();
  };
  /** @param {CanvasRenderingContext2D} g  @param {number} x  @param {number} y  @param {number} r */
  const triangle = (g, x, y, r) => {
    g.beginPath();
    g.moveTo(x, y - r);
    g.lineTo(x + r, y + 0.8 * r);
    g.lineTo(x - r, y + 0.8 * r);
    g.closePath();
  };
  /** @param {CanvasRenderingContext2D} g  @param {number} u  @param {boolean} grave */
  const edge = (g, u, grave) => {
    g.strokeStyle = grave ? colour["ink-1"] : colour["map-halo"];
    g.lineWidth = (grave ? 2.5 : 1.5) * u;
    g.stroke();
  };
  /**
   * @param {CanvasRenderingContext2D} g
   * @param {number} x
   * @param {number} y
   * @param {number} r
   * @param {number} from
   * @param {number} share
   * @param {string} stroke
   * @param {number} width
   */
  const ring = (g, x, y, r, from, share, stroke, width) => {
    g.beginPath();
    g.arc(x, y, r, from, from + 2 * Math.PI * share);
    g.strokeStyle = stroke;
    g.lineWidth = width;
    g.stroke();
  };
  return {
    colour,
    /**
     * @param {CanvasRenderingContext2D} g
     * @param {number} x
     * @param {number} y
     * @param {number} u
     * @param {number} light
     * @param {boolean} grave
     */
    single(g, x, y, u, light, grave, unseen = false) {
      if (unseen) {
        // 盲区案件: nobody sees the place
        g.beginPath();
        g.arc(x, y, 19 * u, 0, 7);
        g.setLineDash([5 * u, 4 * u]);
        g.strokeStyle = colour["ink-1"];
        g.lineWidth = 2 * u;
        g.stroke();
        g.setLineDash([]);
      }
      if (light === LIGHT.overdue) {
        g.beginPath();
        g.arc(x, y, 15 * u, 0, 7);
        g.globalAlpha = 0.16;
        g.fillStyle = colour.overdue;
        g.fill();
        g.globalAlpha = 0.7;
        g.strokeStyle = colour.overdue;
        g.lineWidth = 1.5 * u;
        g.stroke();
        g.globalAlpha = 1;
        diamond(g, x, y, (grave ? 11 : 8) * u);
        g.fillStyle = colour.overdue;
      } else {
        triangle(g, x, y, (grave ? 9 : 6) * u);
        g.fillStyle = colour.soon;
      }
      edge(g, u, grave);
      g.fill();
    },
    /**
     * The ring says the mix; inside, the sign and the count of the worst kind.
     * @param {CanvasRenderingContext2D} g
     * @param {number} x
     * @param {number} y
     * @param {number} u
     * @param {number} overdue
     * @param {number} soon
     */
    cluster(g, x, y, u, overdue, soon) {
      const count = overdue || soon,
        total = overdue + soon,
        text = String(count);
      const r = (20 + 4.5 * Math.max(text.length - 1, 0)) * u + 3 * u;
      g.beginPath();
      g.arc(x, y, r + 6 * u, 0, 7);
      g.fillStyle = colour["map-halo"];
      g.fill();
      const gap = overdue && soon ? 0.012 : 0;
      if (overdue) ring(g, x, y, r, -Math.PI / 2, overdue / total - gap, colour.overdue, 8 * u);
      if (soon)
        ring(g, x, y, r, -Math.PI / 2 + (2 * Math.PI * overdue) / total, soon / total - gap, colour.soon, 4 * u);
      g.font = font(24 * u);
      const width = g.measureText(text).width,
        left = x - (width + 16 * u) / 2;
      g.fillStyle = overdue ? colour.overdue : colour.soon;
      overdue ? diamond(g, left + 6 * u, y, 6 * u) : triangle(g, left + 6 * u, y, 6 * u);
      g.fill();
      g.textAlign = "left";
      g.textBaseline = "middle";
      g.fillText(text, left + 16 * u, y + u);
      return r + 4 * u;
    },
    /**
     * A case the district holds: its number in the queue, on a stalk from the place itself.
     * @param {CanvasRenderingContext2D} g
     * @param {number} x
     * @param {number} y
     * @param {number} fx
     * @param {number} fy
     * @param {number} u
     * @param {number} number  its place in the queue
     * @param {string} light  of queueLight
     * @param {string} word
     */
    flag(g, x, y, fx, fy, u, number, light, word) {
      const line =
        light === "broken" || light === "urgent" ? colour.overdue : light === "waiting" ? colour.soon : colour["ink-1"];
      const filled = light === "urgent" || light === "waiting";
      g.beginPath();
      g.moveTo(x, y);
      g.lineTo(fx, fy);
      g.strokeStyle = colour["map-halo"];
      g.lineWidth = 6 * u;
      g.stroke();
      g.strokeStyle = line;
      g.lineWidth = 2.5 * u;
      g.stroke();
      g.beginPath();
      g.arc(x, y, 5 * u, 0, 7);
      g.fillStyle = line;
      g.fill();
      g.strokeStyle = colour["map-halo"];
      g.lineWidth = 1.5 * u;
      g.stroke();
      g.fillStyle = filled ? line : colour.ground;
      g.fillRect(fx - 18 * u, fy - 18 * u, 36 * u, 36 * u);
      g.strokeStyle = line;
      g.lineWidth = 2.5 * u;
      g.strokeRect(fx - 18 * u, fy - 18 * u, 36 * u, 36 * u);
      g.font = font(26 * u);
      g.textAlign = "center";
      g.textBaseline = "middle";
      g.fillStyle = filled ? colour.ground : line;
      g.fillText(String(number), fx, fy + u);
      if (!word) return;
      g.font = font(24 * u);
      g.textAlign = fx < x ? "right" : "left";
      const tx = fx < x ? fx - 26 * u : fx + 26 * u;
      g.strokeStyle = colour["map-halo"];
      g.lineWidth = 5 * u;
      g.lineJoin = "round";
      g.strokeText(word, tx, fy + u);
      g.fillStyle = colour.overdue;
      g.fillText(word, tx, fy + u);
    },
    /**
     * A blind spot of the list: its letter on a round plate, never a square as of an escalation.
     * @param {CanvasRenderingContext2D} g
     * @param {number} x
     * @param {number} y
     * @param {number} lx
     * @param {number} ly
     * @param {number} u
     * @param {string} text
     */
    letter(g, x, y, lx, ly, u, text) {
      if (lx !== x || ly !== y) {
        g.beginPath();
        g.moveTo(x, y);
        g.lineTo(lx, ly);
        g.strokeStyle = colour["map-halo"];
        g.lineWidth = 5 * u;
        g.stroke();
        g.strokeStyle = colour["ink-2"];
        g.lineWidth = 1.5 * u;
        g.stroke();
      }
      drawPlate(g, {colour, font: font(24 * u)}, u, lx, ly, text);
    },
    /**
     * @param {CanvasRenderingContext2D} g
     * @param {number} x
     * @param {number} y
     * @param {number} u
     * @param {string} text
     */
    name(g, x, y, u, text) {
      g.font = font(24 * u, 400);
      g.textAlign = "center";
      g.textBaseline = "middle";
      g.strokeStyle = colour["map-halo"];
      g.lineWidth = 5 * u;
      g.lineJoin = "round";
      g.strokeText(text, x, y);
      g.fillStyle = colour["ink-2"];
      g.fillText(text, x, y);
    },
    /**
     * A patrol: a capsule for a car, a ring on foot. Never a triangle, so never taken for a case.
     * @param {CanvasRenderingContext2D} g
     * @param {number} x
     * @param {number} y
     * @param {number} u
     * @param {string} kind
     */
    unit(g, x, y, u, kind) {
      g.beginPath();
      if (kind === "car" || kind === "enforcement") g.roundRect(x - 10 * u, y - 5 * u, 20 * u, 10 * u, 5 * u);
      else g.arc(x, y, 5 * u, 0, 7);
      g.strokeStyle = colour["map-halo"];
      g.lineWidth = 4 * u;
      if (kind === "car" || kind === "enforcement") {
        g.stroke();
        g.fillStyle = colour["ink-1"];
        g.fill();
      } else {
        g.stroke();
        g.strokeStyle = colour["ink-1"];
        g.lineWidth = 2.5 * u;
        g.stroke();
      }
    },
  };
};
