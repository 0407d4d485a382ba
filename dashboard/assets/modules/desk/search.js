// @ts-check
// The palette on a desk: a case opens in its panel, a place is shown on its map.
import {watchPalette} from "../core/palette-key.js";
import {near} from "../map/project.js";

const CLOSE_UP = 17;

/** @param {import("./page.js").Desk} desk; nothing for whoever may not search */
export const watchDeskSearch = desk => {
  const {scope, root, texts, format} = desk;
  if (!desk.about.rights.includes("search")) return;
  /** @param {{id: string}} hit */
  const address = hit => {
    const query = new URLSearchParams(location.search);
    query.set("case", hit.id);
    return `${location.pathname}?${query}`;
  };
  watchPalette({
    scope,
    texts,
    format,
    people: desk.about.rights.includes("search_people"),
    open: hit => desk.pick(hit.id, true),
    address,
    place: hit =>
      desk.map && hit.at ? () => desk.map.setView([hit.at[1], near(hit.at[0])], CLOSE_UP, {animate: false}) : null,
    // What the page's own links and buttons do, found by their words.
    actions: () =>
      [...root.querySelectorAll("header nav a[href], header #theme")].map(el => ({
        label: el.textContent.trim(),
        go: () => /** @type {HTMLElement} */ (el).click(),
      })),
  });
};
