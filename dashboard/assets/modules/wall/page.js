// @ts-check
// The wall: the district's present, from the socket.
import {startBoard} from "../board/board.js";
import {connect} from "../core/socket.js";
import {fetchTexts} from "../core/texts.js";

/**
 * @param {HTMLElement} root
 * @param {import("../core/scope.js").Scope} scope
 */
export const start = async (root, scope) => {
  const texts = await fetchTexts(root, scope);
  return texts && startBoard(root, scope, texts, {feed: (render, everySecond) => connect(scope, render, everySecond)});
};
