// @ts-check
// What of the log book is shown: by kind, street, author and words. The bar is made once, so that typing is not disturbed
// while the list below it is drawn anew.
import {h} from "../core/dom.js";

/**
 * @param {import("./page.js").Desk} desk
 * @param {() => void} show  asks anew
 */
export const makeLogFilter = (desk, show) => {
  const {scope, about, texts, format, tiles} = desk,
    w = texts.log,
    isShort = about.unit || about.grid,
    findWord = isShort ? w.find_acts : w.find;
  /** @param {[value: string, label: string]} choice */
  const option = ([value, label]) => h("option", {value}, label);
  /** @param {string} id  @param {string} label  @param {[value: string, label: string][]} options */
  const select = (id, label, options) => {
    const made = /** @type {any} */ (h("select", {id, "aria-label": label}, options.map(option)));
    made.onchange = show;
    return made;
  };
  const kind = select("log-kind", w.filter_kind, [
    ["", `${w.filter_kind}：${w.any}`],
    ["people", w.people],
    ["system", w.system],
    ...Object.entries(w.kinds),
  ]);
  const street = select("log-street", w.filter_street, [["", `${w.filter_street}：${w.any}`]]),
    who = select("log-who", w.filter_who, [["", `${w.filter_who}：${w.any}`]]);
  const find = /** @type {any} */ (
    h("input", {id: "log-find", type: "search", "aria-label": findWord, placeholder: findWord})
  );
  const clear = /** @type {any} */ (h("button", {class: "plain", id: "log-clear"}, `${w.clear} Esc`)),
    told = h("b", {role: "status"});
  const all = [kind, street, who, find];
  let typing = 0;
  clear.onclick = () => {
    for (const field of all) field.value = "";
    show();
  };
  find.addEventListener("input", () => {
    scope.cancel(typing);
    typing = scope.after(200, show);
  });
  const choices = isShort ? [] : [kind, about.street ? null : street, who],
    bar = h("div", {class: "log-bar"}, choices, find, told, clear);
  bar.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    clear.onclick();
  });
  /** Puts choices behind the first one; what is chosen stays.  @param {HTMLSelectElement} field  @param {[value: string, label: string][]} choices */
  const fill = (field, choices) => {
    const now = field.value,
      have = [...field.options].slice(1).map(o => o.value),
      want = [...new Set([...choices.map(([value]) => value), ...(now ? [now] : [])])];
    if (have.join() === want.join()) return;
    const labels = new Map(choices);
    field.replaceChildren(field.options[0], ...want.map(value => option([value, labels.get(value) || value])));
    field.value = now;
  };
  return {
    query: () =>
      new URLSearchParams({kind: kind.value, street: street.value, who: who.value, q: find.value.trim()}).toString(),
    /** @param {{streets: string[], authors: string[], n: number, all: number}} log  what there is to choose from, how many are shown */
    bar: log => {
      fill(
        street,
        log.streets.map(code => [code, tiles.street(code)]),
      );
      fill(
        who,
        log.authors.map(name => [name, name]),
      );
      told.textContent = format.fill(w.shown, {n: log.n, all: log.all});
      clear.hidden = !all.some(field => field.value);
      return bar;
    },
  };
};
