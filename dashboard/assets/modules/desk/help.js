// @ts-check
// The keys and the signs of the desk, in one dialog: «?» or its button. Both lists are those that the desk itself uses.
import {$, h} from "../core/dom.js";
import {PALETTE_KEYS} from "../core/palette-key.js";
import {SIGNS} from "../map/sign-table.js";
import {makeSigns} from "../map/signs.js";
import {KEYS} from "./keys.js";

// A sign's box in pixels, high enough for a ring.
const BOX = 44;

/** @param {import("../map/sign-table.js").Sign} sign  @param {ReturnType<typeof makeSigns>} signs */
const picture = (sign, signs) => {
  const ratio = window.devicePixelRatio || 1,
    canvas = h("canvas", {width: BOX * ratio, height: BOX * ratio, "aria-hidden": "true"}),
    g = canvas.getContext("2d");
  g.scale(ratio, ratio);
  sign.draw(signs, g, 1, BOX / 2, BOX / 2);
  return canvas;
};

/** Opens it, unless it is open.  @param {import("./page.js").Desk} desk */
export const openHelp = desk => {
  if (document.querySelector("dialog.help")) return;
  const {about, texts} = desk,
    words = texts.help;
  /** @param {string} key  as it stands on a keyboard */
  const face = key => (key === "Escape" ? "Esc" : key.length === 1 ? key.toUpperCase() : key);
  /** @param {string[]} keys  @param {string} does */
  const line = (keys, does) => [
    h(
      "dt",
      null,
      keys.map(key => h("kbd", null, face(key))),
    ),
    h("dd", null, does),
  ];
  const back = /** @type {HTMLElement|null} */ (document.activeElement),
    signs = makeSigns(),
    leave = h("button", {type: "button", class: "first"}, words.close),
    dialog = h(
      "dialog",
      {class: "help", "aria-label": words.title},
      h("h2", null, words.title),
      h(
        "div",
        {class: "help-parts"},
        h(
          "section",
          null,
          h("h3", null, words.of_desk),
          h(
            "dl",
            null,
            KEYS.map(({keys, word}) => line(keys.slice(0, 1), words.keys[word])),
            about.rights.includes("search") ? line(PALETTE_KEYS, words.keys.search) : [],
          ),
        ),
        h(
          "section",
          null,
          h("h3", null, words.of_case),
          h(
            "dl",
            null,
            about.keys.map(([key, name]) => line([key], name)),
          ),
        ),
        h(
          "section",
          null,
          h("h3", null, words.signs_title),
          h(
            "ul",
            null,
            SIGNS.map(sign => h("li", {"data-sign": sign.word}, picture(sign, signs), words.signs[sign.word])),
          ),
        ),
      ),
      h("div", {class: "buttons"}, leave),
    );
  leave.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    (back && back.isConnected ? back : $("help")).focus();
  });
  $("desk-dialogs").append(dialog);
  dialog.showModal();
};
