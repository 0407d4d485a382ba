// @ts-check
// What opens the palette: «/», Ctrl K or a button. The palette itself is fetched when it is opened first.

/** @param {KeyboardEvent} event  @returns {boolean} whether it is one of the palette's two keys, outside of a text field */
const opens = event => {
  const target = /** @type {Element} */ (event.target),
    control = event.ctrlKey || event.metaKey;
  if (event.altKey || target.closest("dialog")) return false;
  if (control) return event.key.toLowerCase() === "k";
  return event.key === "/" && !target.closest("input, textarea, select, [contenteditable]");
};

/**
 * @param {any} desk  what makePalette of palette.js takes: ``scope`` ends it
 */
export const watchPalette = desk => {
  let palette = null,
    fetching = null,
    early = "";
  const open = async () => {
    if (palette) return palette.show();
    if (fetching) return;
    fetching = import("./palette.js");
    try {
      palette = (await fetching).makePalette(desk);
      palette.show(early);
    } finally {
      [fetching, early] = [null, ""];
    }
  };
  desk.scope.listen(document, "click", event => {
    if (event.target.closest("[data-palette]")) open();
  });
  desk.scope.listen(document, "keydown", event => {
    if (fetching) {
      // Who goes on typing while it comes types into it.
      if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        early += event.key;
      }
    } else if (opens(event)) {
      event.preventDefault();
      open();
    }
  });
};
