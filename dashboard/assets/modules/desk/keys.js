// @ts-check
// The desk's keys: F to the queue's box, J and K from case to case, the panel's own letters.
import {$} from "../core/dom.js";

/** The key that leads into the box of the queue. */
export const FIND_KEY = "f";

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
    if (event.key === "j") queue.move(1);
    else if (event.key === "k") queue.move(-1);
    else if (event.key === FIND_KEY) {
      event.preventDefault();
      $("desk-find").focus();
    } else if (event.key === "Escape" && picked.asked) $("case-panel-close").click();
    else if (event.key === "Escape" && queue.isFiltered()) queue.showAll();
    else if (picked.asked && event.key.length === 1) {
      if (picked.press(event.key.toUpperCase())) event.preventDefault();
    }
  });
};
