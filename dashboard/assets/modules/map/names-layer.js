// @ts-check
// The names of roads on a map that has been zoomed in, above the ground and below the signs; streets' names follow the view.
import {project} from "./project.js";
import {areaNames, roadNames, touches} from "./place-names.js";
import {readGround} from "./ground.js";
import {token, wallUnit} from "./signs.js";

/** @typedef {import("./place-names.js").Pixel} Pixel */
/** @typedef {import("./place-names.js").Sign} Sign */

// From this zoom on major roads have names (some 8 m a pixel), from that one all of them.
const MAJOR_FROM = 13.5,
  MINOR_FROM = 15;
const SMALLEST_PX = 12,
  LABEL_PX = 24; // of a street's name (signs.js)
const STEEP = 0.96; // radians: above, the characters of a Chinese name stand upright, one below the other

/** @param {any} geometry  @returns {Pixel[][]} lines or rings in the unit square of the world */
const paths = geometry => {
  const {type, coordinates} = geometry,
    lists = type === "LineString" ? [coordinates] : type === "MultiPolygon" ? coordinates.flat() : coordinates;
  return ["LineString", "MultiLineString", "Polygon", "MultiPolygon"].includes(type)
    ? lists.map((/** @type {Pixel[]} */ list) =>
        list.map(([lon, lat]) => {
          const {x, y} = project(lon, lat);
          return /** @type {Pixel} */ ([x, y]);
        }),
      )
    : [];
};

/**
 * Names of the district's roads for a map; they are fetched when it is first near enough.
 * @param {import("../core/scope.js").Scope} scope
 * @param {any} map  Leaflet's
 * @param {{streets: Places["streets"], isEnglish: boolean, signs?: () => Sign[], tell?: (labels: any[]) => any[]}} options
 *   ``signs``: what no name may cover, in pixels of the map's frame; ``tell`` gets the streets' names with a place in
 *   view each, and says which names of streets stand where
 */
export const layNames = (scope, map, {streets, isEnglish, signs = () => [], tell}) => {
  const canvas = L.DomUtil.create("canvas", "place-names", map.getPane("shadowPane"));
  canvas.style.pointerEvents = "none";
  /** @type {{name: string, isMajor: boolean, line: Pixel[]}[]|null} */
  let roads = null;
  /** @type {{name: string, rings: Pixel[][]}[]} */
  let areas = [];
  const layer = {
    /** @type {import("./place-names.js").RoadName[]} */
    drawn: [],
    draw: () => {},
    avoid: () => {},
  };
  const height = () => Math.max(SMALLEST_PX, 16 * wallUnit());
  const want = () => {
    if (roads) return;
    roads = [];
    // A package may have no roads: then nothing is asked for.
    readGround()
      .then(ground => ground.features.some((/** @type {GroundFeature} */ f) => f.properties.kind.startsWith("road")))
      .then(hasRoads => (hasRoads ? fetch("/district/roads.geojson") : null))
      .then(answer => (answer && answer.ok ? answer.json() : {features: []}))
      .then(found => {
        if (scope.isClosed) return;
        roads = found.features.flatMap((/** @type {any} */ {properties: p, geometry}) => {
          const name = (isEnglish && p.name_en) || p.name;
          return name ? paths(geometry).map(line => ({name, isMajor: p.class === "major", line})) : [];
        });
        layer.draw();
      })
      .catch(() => {
        roads = null;
      });
  };
  readGround().then(
    found => {
      areas = found.features
        .filter((/** @type {any} */ f) => f.properties.kind === "land" && streets[f.properties.code])
        .map((/** @type {any} */ f) => ({name: streets[f.properties.code].name, rings: paths(f.geometry)}));
      layer.draw();
    },
    () => {},
  );
  const frame = () => {
    const size = map.getSize(),
      scale = 256 * 2 ** map.getZoom(),
      origin = map.getPixelOrigin(),
      corner = map.containerPointToLayerPoint([0, 0]);
    /** @type {(list: Pixel[]) => Pixel[]} */
    const inView = list => list.map(([x, y]) => [x * scale - origin.x - corner.x, y * scale - origin.y - corner.y]);
    return {view: {width: size.x, height: size.y}, corner, inView, scale, origin};
  };
  layer.draw = () => {
    const zoom = map.getZoom(),
      {view, corner, inView, scale, origin} = frame(),
      ratio = window.devicePixelRatio || 1,
      g = canvas.getContext("2d");
    canvas.width = Math.round(view.width * ratio);
    canvas.height = Math.round(view.height * ratio);
    canvas.style.width = `${view.width}px`;
    canvas.style.height = `${view.height}px`;
    L.DomUtil.setPosition(canvas, corner);
    canvas.hidden = false;
    layer.drawn = [];
    /** @type {any[]} */
    let labels = [];
    if (tell && areas.length) {
      const own = areas.map(area => ({name: area.name, rings: area.rings.map(inView)}));
      const world = (/** @type {number} */ px, /** @type {number} */ from, /** @type {number} */ at) =>
        (px + from + at) / scale;
      labels = tell(
        areaNames(own, view).map(({name, x, y}) => ({
          x: world(x, corner.x, origin.x),
          y: world(y, corner.y, origin.y),
          text: name,
        })),
      );
    }
    if (!g || zoom < MAJOR_FROM) return;
    want();
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    const px = height();
    g.font = `${px}px ${token("font")}`;
    g.textAlign = "center";
    g.textBaseline = "middle";
    g.lineJoin = "round";
    g.lineWidth = px / 4;
    g.strokeStyle = token("map-halo");
    g.fillStyle = token("ink-2");
    const near = (roads || []).filter(road => road.isMajor || zoom >= MINOR_FROM);
    layer.drawn = roadNames(
      near.map(road => ({...road, line: inView(road.line)})),
      view,
      name => g.measureText(name).width,
      {
        taken: labels.map(label => {
          const [[x, y]] = inView([[label.x, label.y]]);
          return {x, y, length: LABEL_PX * wallUnit() * [...label.text].length};
        }),
        signs: signs(),
        height: px,
      },
    );
    for (const {name, x, y, angle} of layer.drawn) write(g, name, x, y, angle, px);
  };
  /** The signs have changed: names are put anew where one of them has come onto a name. */
  layer.avoid = () => {
    const there = layer.drawn.length ? signs() : [],
      px = height();
    if (layer.drawn.some(name => there.some(sign => touches(name, px, sign)))) layer.draw();
  };
  /** @param {CanvasRenderingContext2D} g  @param {string} name  @param {number} x  @param {number} y  @param {number} angle  @param {number} px */
  const write = (g, name, x, y, angle, px) => {
    const put = (/** @type {string} */ text, /** @type {number} */ dx, /** @type {number} */ dy) => {
      g.strokeText(text, dx, dy);
      g.fillText(text, dx, dy);
    };
    if (Math.abs(angle) > STEEP && /^[\u3400-\u9fff]+$/.test(name)) {
      const down = angle < 0 ? angle + Math.PI : angle;
      [...name].forEach((c, i) => {
        const at = (i - (name.length - 1) / 2) * px;
        put(c, x + at * Math.cos(down), y + at * Math.sin(down));
      });
      return;
    }
    g.save();
    g.translate(x, y);
    g.rotate(angle);
    put(name, 0, 0);
    g.restore();
  };
  const hide = () => {
    canvas.hidden = true;
  };
  map.on("moveend resize", layer.draw);
  map.on("zoomstart", hide);
  scope.add(() => {
    map.off("moveend resize", layer.draw);
    map.off("zoomstart", hide);
    canvas.remove();
  });
  layer.draw();
  return layer;
};
