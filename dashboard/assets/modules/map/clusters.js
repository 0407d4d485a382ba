// @ts-check
// Which abnormal cases stand alone and which share a ring. Pure; pixels in, groups out.
// The points come in a fixed order, so one more case changes its own neighbourhood and not the whole map.
import {LIGHT} from "../core/reducer.js";

/** @typedef {{x: number, y: number, members: number[], overdue: number, soon: number}} Ring */

/**
 * @param {{x: number, y: number, light: number}[]} points  pixels of the map's world at the present zoom
 * @param {number} reach   pixels within which cases crowd each other
 * @param {number} least   how many make a cluster
 * @returns {{singles: number[], groups: Ring[]}}
 */
export const cluster = (points, reach, least = 4) => {
  /** @param {number} x  @param {number} y */
  const cell = (x, y) => Math.floor(x / reach) * 1e6 + Math.floor(y / reach);
  const cells = new Map();
  points.forEach((p, i) => {
    const k = cell(p.x, p.y);
    cells.has(k) ? cells.get(k).push(i) : cells.set(k, [i]);
  });
  const taken = new Uint8Array(points.length);
  /** @param {number} x  @param {number} y  @param {number} distance */
  const around = (x, y, distance) => {
    const found = [],
      d2 = distance * distance,
      span = Math.ceil(distance / reach);
    for (let cx = -span; cx <= span; cx++)
      for (let cy = -span; cy <= span; cy++) {
        for (const j of cells.get(cell(x + cx * reach, y + cy * reach)) || []) {
          if (!taken[j] && (points[j].x - x) ** 2 + (points[j].y - y) ** 2 <= d2) found.push(j);
        }
      }
    return found;
  };
  /** @type {Ring[]} */
  const groups = [];
  points.forEach((p, i) => {
    if (taken[i]) return;
    const members = around(p.x, p.y, reach);
    if (members.length < least) return;
    members.forEach(j => {
      taken[j] = 1;
    });
    groups.push({members, x: 0, y: 0, overdue: 0, soon: 0});
  });
  /** @param {Ring} g */
  const settle = g => {
    g.x = g.y = g.overdue = g.soon = 0;
    for (const j of g.members) {
      g.x += points[j].x / g.members.length;
      g.y += points[j].y / g.members.length;
      points[j].light === LIGHT.overdue ? g.overdue++ : g.soon++;
    }
    return g;
  };
  groups.forEach(settle);
  // Two rings that would overlap become one, and a sign under a ring goes into it, until nothing overlaps.
  for (let merged = true; merged;) {
    merged = false;
    for (let a = 0; a < groups.length; a++)
      for (let b = a + 1; b < groups.length; b++) {
        if (Math.hypot(groups[a].x - groups[b].x, groups[a].y - groups[b].y) < 1.55 * reach) {
          groups[a].members = groups[a].members.concat(groups[b].members);
          settle(groups[a]);
          groups.splice(b, 1);
          b--;
          merged = true;
        }
      }
    for (const g of groups) {
      const under = around(g.x, g.y, 0.95 * reach);
      if (!under.length) continue;
      under.forEach(j => {
        taken[j] = 1;
      });
      g.members = g.members.concat(under);
      settle(g);
      merged = true;
    }
  }
  /** @type {number[]} */
  const singles = [];
  points.forEach((_, i) => {
    if (!taken[i]) singles.push(i);
  });
  return {singles, groups};
};
