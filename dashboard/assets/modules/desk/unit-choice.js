// @ts-check
// One unit of many, or several: found by a part of its name, by the initials of its pinyin or by its number.
import {h} from "../core/dom.js";

const MOST_SHOWN = 60;

/** @typedef {{code: string, name: string, initials: string}} Unit */

/**
 * The units that a text may mean, those that begin with it first.
 * @param {Unit[]} units
 * @param {string} text
 */
export const matching = (units, text) => {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return units;
  const begins = [],
    holds = [];
  for (const unit of units) {
    const said = [unit.name.toLowerCase(), unit.initials, unit.code.toLowerCase()];
    if (said.some(one => one.startsWith(wanted))) begins.push(unit);
    else if (said.some(one => one.includes(wanted))) holds.push(unit);
  }
  return [...begins, ...holds];
};

/**
 * A combobox (WAI-ARIA Authoring Practices: list autocomplete). Nothing that is not in the list can be chosen.
 * @param {Texts} words  texts.form
 * @param {Unit[]} units
 * @param {{name: string, label: string, isMany?: boolean, isRequired?: boolean, chosen?: string[]}} about
 * @returns {any}  the control; `readValue` gives the code, or the list of codes
 */
export const unitChoice = (words, units, {name, label, isMany = false, isRequired = false, chosen = []}) => {
  const id = `choice-${name}`;
  let codes = [...chosen],
    at = -1;
  /** @type {Unit[]} */
  let found = [];
  const list = h("ul", {id: `${id}-list`, role: "listbox", "aria-label": label, popover: "manual"}),
    input = h("input", {
      name,
      role: "combobox",
      "aria-label": label,
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      "aria-controls": list.id,
      autocomplete: "off",
      spellcheck: "false",
      placeholder: words.find_unit,
    }),
    picked = h("span", {class: "picked"});
  const box = h("span", {class: "combo"}, isMany ? picked : null, input, list);
  /** @param {string} code */
  const nameOf = code => (units.find(unit => unit.code === code) || {name: code}).name;
  const isOpen = () => list.matches(":popover-open");

  const check = () => {
    const missing = isMany ? isRequired && !codes.length : isRequired && !codes.length;
    input.setCustomValidity(input.value && !isSaid() ? words.pick_one : missing ? words.pick_one : "");
  };
  /** Whether the text in the field is the name of what was chosen. */
  const isSaid = () => (isMany ? !input.value : codes.length > 0 && input.value === nameOf(codes[0]));
  const close = () => {
    if (isOpen()) list.hidePopover();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    at = -1;
  };
  /** @param {number} next */
  const mark = next => {
    at = next;
    [...list.children].forEach((el, i) => el.setAttribute("aria-selected", String(i === at)));
    const el = list.children[at];
    if (el && found.length) {
      input.setAttribute("aria-activedescendant", el.id);
      el.scrollIntoView({block: "nearest"});
    } else input.removeAttribute("aria-activedescendant");
  };
  /** @param {string} text */
  const open = text => {
    found = matching(
      units.filter(unit => !isMany || !codes.includes(unit.code)),
      text,
    ).slice(0, MOST_SHOWN);
    list.replaceChildren(
      ...(found.length
        ? found.map((unit, i) =>
            h(
              "li",
              {id: `${id}-${i}`, role: "option", "aria-selected": "false", "data-code": unit.code},
              h("span", null, unit.name),
              h("span", {class: "dim"}, unit.code),
            ),
          )
        : [
            h(
              "li",
              {id: `${id}-none`, role: "option", "aria-disabled": "true", "aria-selected": "false"},
              words.no_unit,
            ),
          ]),
    );
    if (!isOpen()) list.showPopover();
    input.setAttribute("aria-expanded", "true");
    place();
    mark(found.length && text.trim() ? 0 : -1);
  };
  /** Below the field, or above it where there is more room. */
  const place = () => {
    const box = input.getBoundingClientRect(),
      below = innerHeight - box.bottom - 8,
      above = box.top - 8,
      isBelow = below >= Math.min(200, above);
    list.style.left = `${box.left}px`;
    list.style.width = `${box.width}px`;
    list.style.maxHeight = `${Math.min(260, isBelow ? below : above)}px`;
    list.style.top = isBelow ? `${box.bottom + 2}px` : "auto";
    list.style.bottom = isBelow ? "auto" : `${innerHeight - box.top + 2}px`;
  };
  const drawPicked = () =>
    picked.replaceChildren(
      ...codes.map(code => {
        const drop = h(
          "button",
          {type: "button", "data-drop": code, "aria-label": `${words.remove} ${nameOf(code)}`},
          "×",
        );
        drop.onclick = () => {
          codes = codes.filter(one => one !== code);
          drawPicked();
          check();
          input.focus();
        };
        return h("span", {class: "one"}, nameOf(code), drop);
      }),
    );
  /** @param {string} code */
  const choose = code => {
    codes = isMany ? [...codes, code] : [code];
    input.value = isMany ? "" : nameOf(code);
    if (isMany) drawPicked();
    close();
    check();
    box.dispatchEvent(new Event("chosen"));
  };

  input.addEventListener("input", () => {
    if (!isMany) codes = [];
    open(input.value);
    check();
  });
  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => !isOpen() && open(isSaid() ? "" : input.value));
  input.addEventListener("blur", () => {
    const wanted = input.value.trim().toLowerCase();
    const exact = wanted && units.filter(u => u.name.toLowerCase() === wanted || u.code.toLowerCase() === wanted);
    if (exact && exact.length === 1 && !codes.includes(exact[0].code)) choose(exact[0].code);
    close();
    check();
  });
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen()) open(isSaid() ? "" : input.value);
      const n = found.length,
        step = event.key === "ArrowDown" ? 1 : -1;
      if (n) mark(at < 0 && step < 0 ? n - 1 : (at + step + n) % n);
    } else if (event.key === "Enter" && isOpen() && found[at]) {
      event.preventDefault();
      choose(found[at].code);
    } else if (event.key === "Escape" && isOpen()) {
      event.preventDefault(); // the list closes, not the dialog around it
      event.stopPropagation();
      close();
    } else if (event.key === "Backspace" && isMany && !input.value && codes.length) {
      codes = codes.slice(0, -1);
      drawPicked();
      check();
    }
  });
  list.addEventListener("mousedown", (/** @type {MouseEvent} */ event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const option = /** @type {HTMLElement} */ (event.target).closest("[data-code]");
    if (option) choose(option.dataset.code || "");
  });
  if (!isMany && codes.length) input.value = nameOf(codes[0]);
  if (isMany) drawPicked();
  check();
  const control = /** @type {any} */ (box);
  control.readValue = () => (isMany ? codes : codes[0] || "");
  return control;
};
