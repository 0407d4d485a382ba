// @ts-check
// The tiles of the queue and of what comes next: which cases fit, when they are drawn anew, and their flags on the map.
import {$, h} from "../core/dom.js";
import {AT as A} from "../core/reducer.js";
import {project} from "../map/project.js";
import {wallUnit} from "../map/signs.js";

const NEXT_ROWS = 2;

/**
 * ``body`` draws a tile's content: its id, what is in it, its basis.
 * @param {import("./board.js").Board} board
 * @param {(id: string, content: any, basis?: string) => void} body
 */
export const makeQueueTile = (board, body) => {
  const {root, texts, format, tiles, insets} = board;
  let flagsTold = "",
    cardsTold = "",
    nextTold = "",
    queueShown = "",
    fits = 0;
  /** How many rows the column holds; measured once a resize. */
  const fullQueue = () => {
    if (fits) return fits;
    const column = $("tile-queue").parentElement,
      rem = 16 * wallUnit();
    if (!$("tile-unknown").querySelector(".pairs")) return 4;
    // Below: two tiles and a pair whose heights are fixed; of the queue itself the header, and the line of the rest.
    const others = [...column.children]
      .filter(tile => tile.id !== "tile-queue")
      .reduce((sum, tile) => sum + tile.offsetHeight, 0);
    return (fits = Math.max(3, Math.min(10, Math.floor((column.clientHeight - others - 6.6 * rem) / (5.88 * rem)))));
  };
  const drawQueue = () => {
    const t = board.live.state.tiles.queue,
      now = board.live.now();
    if (!t || now === null) return;
    fullQueue();
    const name = $("tile-queue").querySelector("h2"),
      untaken = t.untaken ? h("span", {class: "bad"}, format.fill(texts.word.untaken_n, {n: t.untaken})) : null;
    name.replaceChildren(
      `${texts.tile.queue} ${format.count(t.n)} ${texts.word.items}`.trim(),
      ...(untaken ? [" · ", untaken] : []),
    );
    const shown = t.rows.slice(0, fullQueue());
    drawCards(t, shown, now);
    if (!board.layer) return;
    const flags = shown.flatMap((id, i) => {
      const row = board.live.state.rows.get(id);
      const lon = row ? row[A.lon] : null,
        lat = row ? row[A.lat] : null;
      if (!row || lon === null || lat === null) return [];
      return [
        {
          ...project(lon, lat),
          id,
          number: i + 1,
          light: tiles.queueLight(row, now).light,
          word: row[A.severity] <= 2 ? texts.word.severity[row[A.severity]] : "",
        },
      ];
    });
    // Every second comes by here: what has not changed is not drawn again.
    const told = JSON.stringify(flags);
    if (told === flagsTold) return;
    flagsTold = told;
    board.layer.flags = flags;
    board.layer.touch();
    insets.flags(flags);
  };
  /**
   * The cards are made anew only when they change: between two seconds a focus and a pressed button stay where they are.
   * @param {import("../types/wire.d.ts").QueueTile} t
   * @param {string[]} shown
   * @param {number} now
   */
  const drawCards = (t, shown, now) => {
    const states = shown.map(id => {
      const row = board.live.state.rows.get(id);
      return row ? [id, row[A.version], tiles.queueLight(row, now).light] : id;
    });
    const told = JSON.stringify([states, t.n, t.untaken, t.rest_ends, board.live.state.epoch]);
    if (told === cardsTold) {
      tiles.tickQueue($("tile-queue"), t, board.live.state.rows, now, fullQueue());
      return;
    }
    cardsTold = told;
    const before = new Set(queueShown.split(" "));
    body(
      "tile-queue",
      tiles.queue(t, board.live.state.rows, now, fullQueue()),
      t.untaken ? "" : texts.tile.queue_basis,
    );
    if (queueShown)
      for (const card of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".queue .case")))
        if (!before.has(card.dataset.case || "")) card.classList.add("new");
    queueShown = shown.join(" ");
  };
  /** Counted down every second like the queue; made anew only when its rows change, or its words. */
  const drawNext = () => {
    const t = board.live.state.tiles.next,
      now = board.live.now();
    if (!t || now === null) return;
    $("tile-next").querySelector(".basis").textContent = t.proposed
      ? format.fill(texts.word.proposed_n, {n: format.count(t.proposed)})
      : "";
    const content = tiles.next(t, board.live.state.rows, now, NEXT_ROWS),
      told = content.textContent;
    if (told === nextTold) return;
    nextTold = told;
    body("tile-next", content);
  };
  return {
    drawQueue,
    drawNext,
    /** The column has another height. */
    resize() {
      fits = 0;
      drawQueue();
    },
  };
};
