// @ts-check
// Places on the map's square.
import {find} from "../core/dom.js";

/** @type {number|null} */
let middle = null;

/** The longitude of a position that is nearest to the district: beside 180, -179.9 is 180.1.  @param {number} lon */
export const near = lon => {
  if (middle === null) {
    const box = typeof document === "undefined" ? null : find(document, ".map-box[data-bounds]");
    if (!box) return lon;
    const [, west, , east] = JSON.parse(box.dataset.bounds);
    middle = Number(west + east) / 2;
  }
  return Math.abs(lon - middle) <= 180 ? lon : lon + (lon < middle ? 360 : -360);
};

/**
 * Degrees to the unit square of the world (Web Mercator): x to the east, y to the south, both 0 to 1; a district across
 * longitude 180 lies beyond 1.
 * @param {number} lon
 * @param {number} lat
 */
export const project = (lon, lat) => ({
  x: (near(lon) + 180) / 360,
  y: 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI),
});

/** The names of the streets, each where it stands on the map.  @param {Places} places */
export const streetLabels = places =>
  Object.values(places.streets).flatMap(s => (s.at ? [{...project(s.at[0], s.at[1]), text: s.name}] : []));
