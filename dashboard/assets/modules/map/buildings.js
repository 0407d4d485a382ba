// @ts-check
// Buildings under the cameras' polygons, near enough to see why a view ends: fetched when they are first wanted.
import {project} from "./project.js";

export class Buildings {
  constructor() {
    /** @type {{rings: [number, number][][], x: number, y: number, reach: number}[]|null} */
    this.shapes = null;
  }
  /**
   * Asks for the package's buildings once; ``done`` is called when they are here. A district may have none.
   * @param {() => void} done
   */
  want(done) {
    if (this.shapes) return;
    this.shapes = [];
    fetch("/district/buildings.geojson")
      .then(answer => (answer.ok ? answer.json() : {features: []}))
      .then(found => {
        this.take(found.features);
        done();
      })
      .catch(() => {
        this.shapes = null;
      });
  }
  /**
   * Every polygon as rings of map squares (0 to 1), with its middle and reach.
   * @param {{geometry: any}[]} features
   */
  take(features) {
    const shapes = this.shapes;
    if (!shapes) return;
    /** @type {(place: [number, number]) => [number, number]} */
    const square = ([lon, lat]) => {
      const {x, y} = project(lon, lat);
      return [x, y];
    };
    for (const {geometry} of features) {
      /** @type {[number, number][][][]} */
      const polygons =
        geometry.type === "MultiPolygon"
          ? geometry.coordinates
          : geometry.type === "Polygon"
            ? [geometry.coordinates]
            : [];
      for (const polygon of polygons) {
        const rings = polygon.map((/** @type {[number, number][]} */ ring) => ring.map(square)),
          xs = rings[0].map(p => p[0]),
          ys = rings[0].map(p => p[1]);
        const left = Math.min(...xs),
          right = Math.max(...xs),
          top = Math.min(...ys),
          bottom = Math.max(...ys);
        shapes.push({rings, x: (left + right) / 2, y: (top + bottom) / 2, reach: Math.max(right - left, bottom - top)});
      }
    }
  }
  /**
   * Those in view, in one go. ``frame`` is the layer's.
   * @param {CanvasRenderingContext2D} g
   * @param {{scale: number, left: number, top: number, width: number, height: number}} f
   * @param {string} fill
   * @param {string} line
   */
  draw(g, f, fill, line) {
    const path = new Path2D();
    for (const shape of this.shapes || []) {
      const x = shape.x * f.scale - f.left,
        y = shape.y * f.scale - f.top,
        r = shape.reach * f.scale;
      if (x < -r || y < -r || x > f.width + r || y > f.height + r) continue;
      for (const ring of shape.rings) {
        ring.forEach((p, /** @type {number} */ i) =>
          path[i ? "lineTo" : "moveTo"](p[0] * f.scale - f.left, p[1] * f.scale - f.top),
        );
        path.closePath();
      }
    }
    g.fillStyle = fill;
    g.fill(path, "evenodd");
    g.strokeStyle = line;
    g.lineWidth = 1;
    g.stroke(path);
  }
}
