// @ts-check
// The signs of the cases' map with their words, each drawn as the map draws it: what a legend or the help shows.
import {LIGHT} from "../core/reducer.js";
import {drawDot} from "./signs.js";

/** @typedef {ReturnType<typeof import("./signs.js").makeSigns>} Signs */
/**
 * @typedef {Object} Sign
 * @property {string} word  of `[help.signs]`
 * @property {(signs: Signs, g: CanvasRenderingContext2D, u: number, x: number, y: number) => void} draw  with its middle at x, y
 */

/** @param {number} light  @returns {Sign["draw"]} */
const dot = light => (signs, g, u, x, y) => {
  g.fillStyle = signs.colour["map-case"];
  drawDot(g, x, y, 2 * u, light);
};

/** @type {Sign[]} */
export const SIGNS = [
  {word: "overdue", draw: (signs, g, u, x, y) => signs.single(g, x, y, u, LIGHT.overdue, false)},
  {word: "overdue_grave", draw: (signs, g, u, x, y) => signs.single(g, x, y, u, LIGHT.overdue, true)},
  {word: "due_soon", draw: (signs, g, u, x, y) => signs.single(g, x, y, u, LIGHT.dueSoon, false)},
  {word: "due_soon_grave", draw: (signs, g, u, x, y) => signs.single(g, x, y, u, LIGHT.dueSoon, true)},
  {word: "unseen", draw: (signs, g, u, x, y) => signs.single(g, x, y, u, LIGHT.dueSoon, false, true)},
  {word: "cluster", draw: (signs, g, u, x, y) => signs.cluster(g, x, y, 0.7 * u, 5, 2)},
  {word: "open", draw: dot(LIGHT.none)},
  {word: "suspended", draw: dot(LIGHT.suspended)},
  {word: "car", draw: (signs, g, u, x, y) => signs.unit(g, x, y, u, "car")},
  {word: "foot", draw: (signs, g, u, x, y) => signs.unit(g, x, y, u, "foot")},
];
