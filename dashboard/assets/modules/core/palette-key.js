// @ts-check
// What opens the palette: «/», Ctrl K or a button. The palette itself is fetched when it is opened first.

const SLASH = "/",
  LETTER = "k";
/** The two, for whoever lists the keys. */
export const PALETTE_KEYS = [SLASH, `Ctrl ${LETTER.toUpperCase()}`];

/** @param {KeyboardEvent} event  @returns {boolean} whether it is one of the palette's two keys, outside of a text field */
const opens = event => {
  const target = /** @type {Element} */ (event.target),
    control = event.ctrlKey || event.metaKey;
  if (event.altKey || target.closest("dialog")) return false;
  if (control) return event.key.toLowerCase() === LETTER;
  return event.key === SLASH && !target.closest("input, textarea, select, [contenteditable]");
};

/**
 * @param {import("./palette.js").PaletteDesk} desk  ``scope`` ends it
 */
export const watchPalette = desk => {
  /** @type {{show: (early?: string) => void}|null} */
  let palette = null;
  /** @type {Promise<typeof import("./palette.js")>|null} */
  let fetching = null;
  let early = "";
  const open = async () => {
    if (palette) return palette.show();
    if (fetching) return;
    fetching = import("./palette.js");
    try {
      palette = (await fetching).makePalette(desk);
      palette.show(early);
    } finally {
      fetching = null;
      early = "";
    }
  };
  desk.scope.listen(document, "click", (/** @type {On<MouseEvent>} */ event) => {
    if (event.target.closest("[data-palette]")) open();
  });
  desk.scope.listen(document, "keydown", (/** @type {KeyboardEvent} */ event) => {
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
