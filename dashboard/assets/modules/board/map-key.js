// @ts-check
// What stands on and beside the map in words: its key with figures, the legend of the coverage, the letters of blind spots.
import {$, h} from "../core/dom.js";
import {project} from "../map/project.js";

/** @param {import("./board.js").Board} board */
export const makeMapKey = board => {
  const {texts, format, tiles, store, insets} = board;
  const drawKey = () => {
    const t = board.live.state.tiles.today;
    if (!t) return;
    const other = t.open - t.overdue - t.due_soon,
      units = (board.live.state.tiles.units || []).filter(u => u.status !== "off").length;
    const names = texts.word.key,
      line = (/** @type {Element} */ mark, /** @type {number} */ n, /** @type {string} */ name, how = "") =>
        h("div", null, mark, h("b", {class: how}, format.count(n)), h("span", null, name));
    $("map-key").replaceChildren(
      line(tiles.sign("overdue bad"), t.overdue, names[0], t.overdue ? "bad" : ""),
      line(tiles.sign("soon warn"), t.due_soon, names[1]),
      line(h("i", {class: "sign dot"}), other, names[2]),
      ...(units ? [line(h("i", {class: "sign capsule"}), units, names[3])] : []),
    );
    drawLegend();
  };
  const drawLegend = () => {
    const t = board.live.state.tiles.coverage,
      spots = Object.entries(board.live.state.tiles).filter(([name, tile]) => name.startsWith("spot:") && tile);
    const blind = t ? t.gaps : 0;
    for (const el of $("map-legend").querySelectorAll(".of-coverage")) el.remove();
    /** @param {string} kind  @param {number|null} n  @param {string} name */
    const key = (kind, n, name) =>
      h(
        "div",
        {class: "of-coverage"},
        h("i", {class: `swatch ${kind}`}),
        n === null ? null : h("b", null, format.count(n)),
        h("span", null, name),
      );
    let unseen = 0;
    for (let i = 0; i < store.n; i++) unseen += store.unseen[i];
    if (unseen) $("map-legend").append(key("unseen", unseen, texts.coverage.unseen_case));
    if (spots.length || blind)
      $("map-legend").prepend(
        key("blind", blind, texts.coverage.key_blind),
        key("keys", null, texts.coverage.key_spot),
      );
  };
  /** The letters stand above the signs of the cases, for they lead from the list to the place. */
  const drawLetters = () => {
    const t = board.live.state.tiles.coverage;
    if (!board.layer) return;
    board.layer.letters = (t ? t.top : []).flatMap(s => {
      const spot = board.live.state.tiles[`spot:${s.id}`];
      return spot ? [{...project(spot.lon, spot.lat), text: s.letter}] : [];
    });
    board.layer.touch();
    insets.blind(board.layer.letters);
  };
  return {drawKey, drawLegend, drawLetters};
};
