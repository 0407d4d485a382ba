// @ts-check
// The words of the page's language: one file a language, kept by the browser.
import {plain} from "./dom.js";

/** @type {Texts} */
let words = null;

/** The words of the page that is shown; null before the first page has asked for them. */
export const texts = () => words;

/**
 * Fetches the words that a page's root names, and tries again every two seconds while nobody answers.
 * @param {HTMLElement} root  data-texts: the address of the file
 * @param {import("./scope.js").Scope} scope
 * @returns {Promise<Texts>} the words; null when the page was left meanwhile
 */
export const fetchTexts = async (root, scope) => {
  while (!scope.isClosed) {
    try {
      const answer = await fetch(root.dataset.texts || "", {signal: scope.signal});
      if (answer.ok) {
        words = plain(await answer.text());
        return scope.isClosed ? null : words;
      }
    } catch {
      /* no network: again below */
    }
    await new Promise(done => setTimeout(done, 2000));
  }
  return null;
};
