// @ts-check
// On a wall of four panels the map leaves room beside a tall district: the two streets with the most trouble, enlarged.
import {$, h} from "../core/dom.js";
import {CaseLayer} from "../map/case-layer.js";
import {CoverageLayer} from "../map/coverage-layer.js";
import {readGround} from "../map/ground.js";
import {groundStyle, token} from "../map/signs.js";

/** @typedef {{map: LeafletMap, layer: LeafletLayer, blind: LeafletLayer, title: HTMLElement, code: string, veil?: LeafletLayer, fit?: () => void}} Inset */

/**
 * @param {Scope} scope
 * @param {import("../map/case-store.js").CaseStore} store
 * @param {LeafletLayer} cover
 * @param {Places} places
 * @param {{texts: Texts, format: Format}} words
 */
export const makeInsets = (scope, store, cover, places, {texts, format}) => {
  const KEPT_MS = 60000;
  /** @type {Inset[]} */
  let insets = [];
  /** @type {any} GeoJSON; null before it is read */
  let ground = null;
  let chosenAt = 0;
  const isWide = () => matchMedia("(min-aspect-ratio: 3/1)").matches;

  /** The streets by what is overdue, then due soon; rows are [code, rate, due, open, overdue].  @param {import("../types/wire.d.ts").StreetRate[]} rows */
  const worst = rows =>
    [...rows]
      .filter(r => places.streets[r[0]] && places.streets[r[0]].box)
      .sort((a, b) => b[4] - a[4] || b[3] - a[3] || (a[0] < b[0] ? -1 : 1))
      .slice(0, 2)
      .map(r => r[0]);

  /** The neighbours step back: everything outside the street lies under a veil.  @param {Inset} inset  @param {string} code */
  const veil = (inset, code) => {
    if (inset.veil) inset.veil.remove();
    const border = ground.features.find(
      (/** @type {GroundFeature} */ f) => f.properties.kind === "border" && f.properties.code === code,
    );
    const polygons = border.geometry.type === "Polygon" ? [border.geometry.coordinates] : border.geometry.coordinates;
    const holes = polygons.map((/** @type {number[][][]} */ rings) => rings[0].map(([lon, lat]) => [lat, lon]));
    inset.veil = L.polygon(
      [
        [
          [-85, -180],
          [-85, 180],
          [85, 180],
          [85, -180],
        ],
        ...holes,
      ],
      {
        pane: "tooltipPane",
        renderer: L.canvas({pane: "tooltipPane"}),
        interactive: false,
        stroke: false,
        fillColor: token("ground"),
        fillOpacity: 0.78,
        noClip: true,
      },
    ).addTo(inset.map);
  };

  const build = () => {
    const root = $("insets");
    insets = [0, 1].map(i => {
      const title = h("h3", {class: "inset-title"}),
        box = h("div", {class: "inset-map", id: `inset-${i}`});
      root.append(h("figure", {class: `inset inset-${i}`}, title, box));
      const map = L.map(box, {
        zoomControl: false,
        attributionControl: false,
        dragging: false,
        scrollWheelZoom: false,
        doubleClickZoom: false,
        boxZoom: false,
        keyboard: false,
        touchZoom: false,
        zoomSnap: 0,
        preferCanvas: true,
        zoomAnimation: false,
      });
      map.setView([0, 0], 5);
      L.geoJSON(ground, {style: groundStyle, interactive: false}).addTo(map);
      const layer = new CaseLayer(store);
      layer.addTo(map);
      const blind = new CoverageLayer(places.plane);
      blind.spots = cover.spots; // the same bodies: each is decoded once
      blind.addTo(map);
      scope.add(() => map.remove());
      scope
        .observe(
          new ResizeObserver(() => {
            map.invalidateSize({animate: false});
            insets[i].fit && insets[i].fit();
          }),
        )
        .observe(box);
      return {map, layer, blind, title, code: ""};
    });
  };
  /** @type {import("../types/wire.d.ts").StreetRate[]} */
  let last = [];
  const made = {
    /** Called with the rows of the streets' tile.  @param {import("../types/wire.d.ts").StreetRate[]} rows */
    async show(rows) {
      last = rows;
      if (!isWide() || !rows.some(r => places.streets[r[0]] && places.streets[r[0]].box)) return;
      if (!ground) {
        ground = await readGround();
        if (scope.isClosed) return;
        if (!insets.length) build();
      }
      if (!insets.length) return;
      const now = performance.now(),
        choose = !insets[0].code || now - chosenAt > KEPT_MS;
      const codes = choose ? worst(rows) : insets.map(s => s.code);
      if (choose) chosenAt = now;
      codes.forEach((code, i) => {
        const inset = insets[i],
          row = rows.find(r => r[0] === code),
          box = places.streets[code].box;
        if (!box) return;
        inset.title.replaceChildren(
          places.streets[code].name,
          h("span", {class: row && row[4] ? "bad" : "dim"}, ` ${texts.word.overdue} ${row ? format.count(row[4]) : 0}`),
          h("span", {class: "dim"}, ` · ${texts.word.open} ${row ? format.count(row[3]) : 0}`),
        );
        const fit = () =>
          inset.map.fitBounds(
            [
              [box[1], box[0]],
              [box[3], box[2]],
            ],
            {animate: false},
          );
        inset.fit = fit;
        if (inset.code !== code) {
          inset.code = code;
          fit();
          veil(inset, code);
        }
      });
    },
    touch() {
      for (const inset of insets) inset.layer.touch();
    },
    /** The blind spots have changed, or their letters.  @param {{x: number, y: number, text: string}[]} letters */
    blind(letters) {
      for (const inset of insets) {
        inset.layer.letters = letters;
        inset.layer.touch();
        inset.blind.touch();
      }
    },
    /** @param {object[]} flags  of the map's layer */
    flags(flags) {
      for (const inset of insets) {
        inset.layer.flags = flags;
        inset.layer.touch();
      }
    },
  };
  // A wall that becomes wide shows its insets at once, not with the next change of the streets.
  scope.listen(matchMedia("(min-aspect-ratio: 3/1)"), "change", () => made.show(last));
  return made;
};
