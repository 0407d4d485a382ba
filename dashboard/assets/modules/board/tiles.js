// @ts-check
// All faces of the tiles that a board has. Text goes in as text, never as HTML.
import {makeTiles} from "../core/tiles.js";
import {makeFigureTiles} from "./figure-tiles.js";
import {makeNoticeTiles} from "./notice-tiles.js";
import {makeQueueFaces} from "./queue-faces.js";

/**
 * ``opening``: whether a figure opens to its definition and cases; those of a past moment do not.
 * @param {Texts} texts
 * @param {Format} format
 * @param {Places} places
 * @param {boolean} opening
 */
export const makeBoardTiles = (texts, format, places, opening) => {
  const tiles = makeTiles(texts, format, places);
  /** What opens when it is clicked: a figure by its name, the heading that it is of, and its span.  @type {Opens} */
  const opens = (name, scope = {}, span = "today") =>
    !opening ? {} : {"data-figure": JSON.stringify({figure: name, scope, span}), role: "button", tabindex: 0};
  return {
    ...tiles,
    ...makeFigureTiles(texts, format, tiles, opens),
    ...makeQueueFaces(texts, format, tiles),
    ...makeNoticeTiles(texts, format, places, tiles, opens),
  };
};
