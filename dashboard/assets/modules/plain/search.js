// @ts-check
// The palette on a plain page: a case opens on the desk that the page names.
import {makeFormat} from "../core/format.js";
import {watchPalette} from "../core/palette-key.js";
import {Scope} from "../core/scope.js";
import {fetchTexts} from "../core/texts.js";

const root = document.body,
  scope = new Scope(),
  texts = await fetchTexts(root, scope);

if (texts) {
  const {zone, desk} = root.dataset,
    language = texts.language === "en" ? "&lang=en" : "";
  /** @param {any} hit  what ``/api/v1/search`` answers */
  const address = hit => `${desk}?case=${encodeURIComponent(hit.id)}${language}`;
  watchPalette({
    scope,
    texts,
    format: makeFormat(texts, zone || ""),
    open: hit => location.assign(address(hit)),
    address,
    // A street's own report is what this page knows of a place.
    place: hit =>
      hit.kind === "street"
        ? () => location.assign(`/leadership?street=${encodeURIComponent(hit.code)}${language}`)
        : null,
    actions: () =>
      [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("header nav a[href]"))].map(el => ({
        label: el.textContent.trim(),
        go: () => el.click(),
      })),
  });
}
