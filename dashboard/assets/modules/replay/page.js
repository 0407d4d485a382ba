// @ts-check
// The replay: the board of a moment of the past under a bar that says so and moves it.
import {startBoard} from "../board/board.js";
import {plain} from "../core/dom.js";
import {watchPalette} from "../core/palette-key.js";
import {sayHere} from "../core/session.js";
import {fetchTexts} from "../core/texts.js";
import {startBar} from "./bar.js";
import {makePlayer} from "./player.js";

/**
 * @param {HTMLElement} root  the board's element (id wall)
 * @param {import("../core/scope.js").Scope} scope
 */
export const start = async (root, scope) => {
  const texts = await fetchTexts(root, scope);
  if (!texts) return null;
  /** @type {import("./player.js").Player|null} */
  let player = null;
  /**
   * @param {(change: import("../core/socket.js").Change) => void} render
   * @param {() => void} everySecond
   * @param {Format} format
   * @param {(id: string) => void} pick
   */
  const feed = (render, everySecond, format, pick) => {
    const made = makePlayer(scope, render, everySecond);
    player = made.player;
    made.player.pick = pick;
    sayHere(scope);
    watchPalette({
      scope,
      texts,
      format,
      say: texts.search.replay,
      open: () => {},
      address: () => "",
      place: () => null,
      actions: () => [],
    });
    startBar(scope, made.player, texts, format, plain(root.dataset.district || "{}"));
    return made.live;
  };
  const board = startBoard(root, scope, texts, {isPast: true, feed});
  return Object.defineProperties({player}, Object.getOwnPropertyDescriptors(board));
};
