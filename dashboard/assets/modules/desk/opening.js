// @ts-check
// What an opening desk says until the first cases are there: that it asks, and after three seconds for whom it waits. A
// dead link and a slow server are two things.
const SAID_MS = 3000;
const begun = new WeakMap();

/** @param {import("./page.js").Desk} desk */
export const sayOpening = desk => {
  const {root, words, format, live} = desk;
  if (live.state.epoch) return;
  if (!begun.has(root)) begun.set(root, performance.now());
  const waited = performance.now() - begun.get(root);
  if (waited < SAID_MS) return;
  const whom = !live.connected ? "opening_link" : live.isTold ? "opening_board" : "opening_rows",
    text = format.fill(words[whom], {n: Math.floor(waited / 1000)});
  for (const line of root.querySelectorAll(".opening")) {
    line.textContent = text;
    line.classList.toggle("bad", !live.connected);
    line.classList.toggle("warn", live.connected);
  }
};
