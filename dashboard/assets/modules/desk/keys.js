// @ts-check
// The desk's keys: one table, by which they act and which the help shows. The panel's own letters are the server's.
import {$} from "../core/dom.js";

/** The key that leads into the box of the queue. */
export const FIND_KEY = "f";
/** The key that opens the row one stands on. */
export const OPEN_KEY = "Enter";

/**
 * @typedef {Object} DeskKey
 * @property {string[]} keys  by the names of the browser; each does the same
 * @property {string} word  of `[help.keys]`
 * @property {(desk: import("./page.js").Desk) => boolean|void} [act]  false: it did nothing here; without one it is the table's
 */

/** @type {DeskKey[]} */
export const KEYS = [
  {keys: ["j"], word: "next", act: desk => desk.queue.move(1)},
  {keys: ["k"], word: "previous", act: desk => desk.queue.move(-1)},
  {keys: [OPEN_KEY], word: "open"},
  {keys: [FIND_KEY], word: "find", act: () => $("desk-find").focus()},
  {
    keys: ["Escape"],
    word: "back",
    act: ({picked, queue}) => {
      if (picked.asked) $("case-panel-close").click();
      else if (queue.isFiltered()) queue.showAll();
      else return false;
    },
  },
  // A Chinese keyboard gives the wide one.
  {keys: ["?", "？"], word: "help", act: desk => desk.help.open()},
];

/** @param {import("./page.js").Desk} desk */
export const watchDeskKeys = desk => {
  const {scope, queue, picked} = desk;
  scope.listen(document, "keydown", (/** @type {On<KeyboardEvent>} */ event) => {
    const typing = event.target.closest("input, textarea, select, dialog");
    if (event.key === "Escape" && event.target.id === "desk-find") {
      event.preventDefault();
      queue.dropText();
      $("desk-find").blur();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const known = KEYS.find(({keys, act}) => act && keys.includes(event.key));
    if (known && known.act) {
      if (known.act(desk) !== false) event.preventDefault();
    } else if (picked.asked && event.key.length === 1) {
      if (picked.press(event.key.toUpperCase())) event.preventDefault();
    }
  });
};
