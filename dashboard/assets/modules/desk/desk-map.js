// @ts-check
// The desk's map: the ground, the cases that the queue lets through, units as they move.
import {find} from "../core/dom.js";
import {CaseLayer} from "../map/case-layer.js";
import {CaseStore} from "../map/case-store.js";
import {layGround} from "../map/ground.js";
import {mapHands} from "../map/hands.js";
import {layNames} from "../map/names-layer.js";
import {withMap} from "../map/maps.js";
import {watchMeasuring} from "../map/measuring.js";
import {project, streetLabels} from "../map/project.js";
import {makeSigns, plainGround} from "../map/signs.js";
import {AT as A} from "../core/reducer.js";

/** @param {import("./page.js").Desk} desk; `map` and `layer` become two of them when the map is there */
export const makeDeskMap = desk => {
  const {scope, root, about, texts, words, format, tiles, places, queue} = desk,
    store = new CaseStore();
  const touch = () => desk.layer && desk.layer.touch();
  /** @param {import("../types/wire.d.ts").UnitMoved[]} t */
  const units = t => {
    if (!desk.layer) return;
    // A position fades as it ages, by the district's clock; ten reports missed are «old» however fast that clock runs.
    const now = desk.live.now() || 0,
      speed = Math.max((desk.live.beat && desk.live.beat.speed) || 1, 1);
    const alpha = (/** @type {number} */ at) => (now - at < 30000 * speed ? 1 : now - at < 300000 * speed ? 0.6 : 0.3);
    desk.layer.units = t
      .filter(u => u.status !== "off")
      .map(u => ({...project(u.lon, u.lat), kind: u.kind, alpha: alpha(Date.parse(u.at))}));
    touch();
  };
  let filterTimer = 0;
  /** The map shows what the table lets through. */
  const filter = () => {
    scope.cancel(filterTimer);
    filterTimer = scope.after(80, () => {
      for (const row of desk.live.state.rows.values()) queue.passes(row) ? store.put(row) : store.drop(row[A.caseId]);
      touch();
    });
  };
  /** Takes over the cases that have changed; null: all.  @param {Set<string>|null} ids */
  const put = ids => {
    const {rows} = desk.live.state;
    if (ids === null) store.load(rows);
    else
      for (const id of ids) {
        const row = rows.get(id);
        row && queue.passes(row) ? store.put(row) : store.drop(id);
      }
    touch();
  };
  /** The signs anew: the colours have changed. */
  const repaint = () => {
    const {layer, map} = desk;
    if (layer && layer.signs) {
      layer.signs = makeSigns();
      layer.spoilAll();
      layer.touch();
    }
    if (map) map.eachLayer((/** @type {LeafletLayer} */ l) => l.resetStyle && l.resetStyle());
    if (desk.names) desk.names.draw();
  };
  const begin = () =>
    withMap(scope, map => {
      desk.map = map;
      layGround(scope, map, plainGround);
      const layer = new CaseLayer(store);
      layer.addTo(map);
      desk.layer = layer;
      const streets = /** @type {Places["streets"]} */ (places.streets),
        centres = streetLabels(places);
      // A street's name stands in its middle, and on a part of it where that alone is in view.
      /** @param {{text: string}[]} inView */
      const label = inView => {
        const box = map.getBounds().pad(-0.08), // a name at the very edge is cut
          isIn = (/** @type {string} */ name) => {
            const at = Object.values(streets).find(s => s.name === name)?.at;
            return at && box.contains([at[1], at[0]]);
          };
        layer.labels = [...centres.filter(c => isIn(c.text)), ...inView.filter(c => !isIn(c.text))];
        layer.spoilSigns();
        layer.touch();
        return layer.labels;
      };
      const isOwn = about.street || about.grid;
      if (!isOwn) layer.labels = centres;
      desk.names = layNames(scope, map, {
        streets: places.streets,
        isEnglish: texts.language === "en",
        signs: () => layer.inTheWay(),
        tell: isOwn ? undefined : label,
      });
      layer.onSigns = () => desk.names.avoid();
      const box = about.box || (places.streets[about.street] && places.streets[about.street].box);
      if (box) {
        const [west, south, east, north] = box;
        find(root, ".map-box").dataset.bounds = JSON.stringify([south, west, north, east]);
      }
      const measuring = watchMeasuring(scope, map, find(root, "#measure"), {
        words,
        format,
        stop: words.cancel,
        isTaken: desk.acts.isPlacing,
      });
      mapHands(scope, map, layer, /** @type {any} */ (desk.live), {
        texts,
        format,
        tiles,
        pick: desk.pick,
        isTaken: () => desk.acts.isPlacing() || measuring.isOn(),
      });
      map.on("moveend", () => queue.inBounds(map.getBounds()));
      queue.inBounds(map.getBounds());
      if (desk.live.state.tiles.units) units(desk.live.state.tiles.units);
      layer.touch();
    });
  return {begin, units, filter, put, repaint};
};
