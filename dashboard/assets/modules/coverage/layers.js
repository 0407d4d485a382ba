// @ts-check
// What is drawn on the coverage's map: the row of its layers with their numbers, the switches, the legend.
import {$, h} from "../core/dom.js";
import {redraw, roving} from "../core/focus.js";
import {AT as A} from "../core/reducer.js";
import {isKey} from "./lists.js";

/** @type {("blind"|"sectors"|"cameras"|"keys"|"cases"|"sites")[]} */
const LAYERS = ["blind", "sectors", "cameras", "keys", "cases", "sites"];

/** @param {import("./page.js").CoveragePage} page */
export const makeLayers = page => {
  const {texts, format, state, layer, cases, view, partial} = page,
    words = texts.coverage;
  const sights = () => {
    let n = 0;
    for (const _ of state.all("sights")) n++;
    return n;
  };
  const counts = () => {
    let blind = 0,
      keys = 0,
      unseen = 0;
    for (const s of state.all("spots"))
      if (isKey(s)) {
        keys++;
        blind += Number((s.blind || []).length > 0);
      }
    for (const row of page.live.state.rows.values()) unseen += Number(row[A.unseen] === 1);
    const n = sights();
    return {
      blind,
      sectors: state.coverage ? state.coverage.counted : 0,
      cameras: n,
      keys,
      cases: page.live.state.rows.size,
      sites: page.plan ? Math.min(view.n, page.plan.sites.length) : 0,
      unseen,
    };
  };
  const drawLayers = () => {
    const n = counts(),
      button = (/** @type {keyof ReturnType<typeof counts>} */ name, /** @type {number} */ i) =>
        h(
          "button",
          {class: "toggle", "aria-pressed": String(!view.off.has(name)), "data-layer": name},
          h("i", {class: `swatch ${name}`, "aria-hidden": "true"}),
          words.layers[i],
          h("b", null, format.count(n[name])),
        );
    /** @param {string} name  @param {string[]} options  @param {string[]} labels  @param {string} value */
    const choice = (name, options, labels, value) =>
      h(
        "span",
        {class: "switch", role: "radiogroup"},
        options.map((o, i) =>
          h(
            "button",
            {role: "radio", "aria-checked": String(o === value), tabindex: roving(o === value), [`data-${name}`]: o},
            labels[i],
          ),
        ),
      );
    redraw(
      $("coverage-layers"),
      ...LAYERS.map(button),
      h("span", {class: "grow"}),
      choice("light", ["now", "day", "night"], words.light_switch, view.light),
      choice("view", ["live", "planned"], words.plan_switch, view.planned ? "planned" : "live"),
    );
    /** @param {string} kind  @param {string} word */
    const key = (kind, word) => h("span", null, h("i", {class: `swatch ${kind}`, "aria-hidden": "true"}), word);
    const isFar = page.map && layer._map && layer._frameOf().dx * 10 < layer.options.nearPxM;
    $("map-legend").replaceChildren(
      key("works", words.key_working),
      key("fails", words.key_failed),
      key("unstable", words.key_unstable),
      key("unknown", `${words.key_unknown} ${format.count(state.coverage ? state.coverage.direction_unknown : 0)}`),
      key("reach", words.key_reach),
      layer.isDark() ? key("idle", words.key_dark) : "",
      n.unseen
        ? h(
            "span",
            {class: "strong"},
            h("i", {class: "swatch unseen", "aria-hidden": "true"}),
            words.unseen_open,
            h("b", null, ` ${format.count(n.unseen)}`),
          )
        : "",
      h(
        "span",
        {class: "dim"},
        [
          isFar && !view.off.has("sectors") ? words.near_only : "",
          view.planned || view.light !== "now" ? words.blind_live_only : "",
        ]
          .filter(Boolean)
          .join(" · "),
      ),
      partial,
    );
  };
  const showSites = () => layer.setSites(page.plan && layer.show.sites ? page.plan.sites.slice(0, view.n) : []);
  const show = () => {
    for (const name of LAYERS) if (name !== "cases") layer.show[name] = !view.off.has(name);
    layer.show.grids = view.tab === "grids";
    layer.light = view.light;
    layer.planned = view.planned;
    layer.isNight = view.isNight;
    if (page.map) view.off.has("cases") ? cases.remove() : page.map.hasLayer(cases) || cases.addTo(page.map);
    showSites();
    layer.touch();
  };
  return {drawLayers, show, showSites};
};
