// @ts-check
// What a browser says of a field in a bubble, in its own language, is said beside the field in the page's: what is
// missing, too short, too long or no number. One listener for every form of a page; the words stand in the page's head.
import {h} from "./dom.js";

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Field */

const head = /** @type {HTMLMetaElement | null} */ (document.querySelector("meta[name=field-words]"));
/** @type {Record<string, string>} */
const words = JSON.parse(head?.content || "{}");
/** @type {WeakMap<Field, HTMLElement>} */
const notes = new WeakMap();
let n = 0,
  isGone = false;

/** @param {Field} field */
const problem = field => {
  const {validity} = field,
    {minLength, maxLength} = /** @type {HTMLInputElement} */ (field);
  if (validity.customError) return field.validationMessage;
  if (validity.valueMissing)
    return field instanceof HTMLSelectElement ? words.choose : field.type === "file" ? words.file : words.missing;
  if (validity.tooShort) return words.short.replace("{n}", `${minLength}`);
  if (validity.tooLong) return words.long.replace("{n}", `${maxLength}`);
  return words.wrong;
};

/** @param {Field} field */
const unsay = field => {
  notes.get(field)?.remove();
  notes.delete(field);
  field.removeAttribute("aria-invalid");
  field.removeAttribute("aria-errormessage");
};

/** @param {Field} field */
const say = field => {
  const note = notes.get(field) || h("span", {class: "field-wrong", id: `field-wrong-${++n}`, role: "alert"});
  note.textContent = problem(field);
  (field.closest(".pair, .combo, .typed, .file") ?? field).after(note);
  notes.set(field, note);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-errormessage", note.id);
};

if (head) {
  document.addEventListener(
    "invalid",
    event => {
      const field = /** @type {Field} */ (event.target);
      event.preventDefault();
      say(field);
      if (isGone) return;
      isGone = true; // the first one of a form has the focus
      setTimeout(() => (isGone = false));
      for (let fold = field.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null)
        fold.open = true;
      field.focus();
      field.scrollIntoView({block: "nearest"});
    },
    true,
  );
  for (const kind of ["input", "change"])
    document.addEventListener(
      kind,
      event => {
        const field = /** @type {Field} */ (event.target);
        if (!notes.has(field)) return;
        if (field.validity.valid) unsay(field);
        else say(field);
      },
      true,
    );
}
