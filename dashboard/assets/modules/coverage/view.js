// @ts-check
// How the page is looked at, which its address says: light, plan, tab, layers. A link that a colleague can open.

/**
 * @typedef {Object} View
 * @property {string} light   now, day or night
 * @property {boolean} planned   all cameras, not those that work
 * @property {boolean} isNight
 * @property {string} tab   spots, grids or plan
 * @property {number} n   how many planned sites
 * @property {Set<string>} off   layers that are not shown
 */

/** What the address says, and what it leaves out. @param {URLSearchParams} query */
export const readView = query => {
  /** @param {string} name  @param {string[]} list */
  const pickOf = (name, list) => list.find(one => one === query.get(name)) || list[0];
  /** @type {View} */
  const view = {
    light: pickOf("light", ["now", "day", "night"]),
    planned: query.get("view") === "planned",
    isNight: false,
    tab: pickOf("tab", ["spots", "grids", "plan"]),
    n: Math.min(50, Math.max(1, Number(query.get("n")) || 20)),
    off: new Set(
      (query.get("off") || (query.get("tab") === "plan" ? "cases" : "cases,sites"))
        .split(",")
        .filter(name => name && name !== "none"),
    ),
  };
  return view;
};

/**
 * A function that writes the view, and what is picked, into the address.
 * @param {URLSearchParams} query
 * @param {View} view
 * @param {LeafletLayer} layer
 */
export const makeRemember = (query, view, layer) => () => {
  /** @param {string} name  @param {string} value  @param {string} usual */
  const set = (name, value, usual) => (value === usual ? query.delete(name) : query.set(name, value));
  set("light", view.light, "now");
  set("view", view.planned ? "planned" : "live", "live");
  set("tab", view.tab, "spots");
  set("n", String(view.n), "20");
  set("off", [...view.off].sort().join(",") || "none", view.tab === "plan" ? "cases" : "cases,sites");
  set("camera", layer.picked.camera || "", "");
  set("spot", layer.picked.spot || "", "");
  const text = query.toString();
  history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
};
