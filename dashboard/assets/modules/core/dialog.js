// @ts-check
// One dialog for everything that asks: fields, a button that sends, words for what went wrong. Escape closes it.
import {$, find, h} from "./dom.js";

/**
 * @param {Texts} texts
 * @param {string} title
 * @param {any[][]} fields  name, label, control; a control that is more than one element says its value by ``readValue``; ``problem``
 *   says in words what is wrong with what was typed, and nothing is sent
 * @param {(values: any) => Promise<string|void>} send  words where it went wrong
 * @param {{note?: string|null, notes?: string[], button?: string|null}} [more]  lines above the fields; the button says
 *   the act, as the title does where it has no word of its own
 */
export const openDialog = (texts, title, fields, send, more = {}) => {
  const {note = null, notes = [], button = null} = more,
    words = texts.desk,
    host = $("desk-dialogs"),
    back = document.activeElement;
  const wrong = h("p", {class: "bad", role: "alert"}),
    go = h("button", {class: "first", type: "submit"}, button || title);
  const form = h(
    "form",
    {method: "dialog"},
    h("h2", null, title),
    [...(note ? [note] : []), ...notes].map(line => h("p", {class: "mid"}, line)),
    fields.map(([, label, control]) =>
      h(control.readValue ? "div" : "label", {class: "field"}, h("span", null, label), control),
    ),
    wrong,
    h("div", {class: "buttons"}, h("button", {type: "button", class: "cancel"}, words.cancel), go),
  );
  const dialog = h("dialog", {"aria-label": title}, form);
  const close = () => {
    dialog.close();
    dialog.remove();
    (back && back.isConnected ? /** @type {HTMLElement} */ (back) : $("case-panel")).focus();
  };
  form.querySelector(".cancel").onclick = close;
  dialog.addEventListener("cancel", (/** @type {Event} */ event) => {
    event.preventDefault();
    close();
  });
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (go.disabled) return; // a double click is one click
    const problem = fields.map(([, , control]) => (control.problem ? control.problem() : "")).find(Boolean);
    wrong.textContent = problem || "";
    if (problem) return;
    /** @type {Object<string, string|string[]>} */
    const values = {};
    for (const [name, , control] of fields) {
      if (control.readValue) {
        values[name] = control.readValue();
        continue;
      }
      const field = control.matches("input, select, textarea") ? control : find(control, "input, select, textarea");
      values[name] = field.multiple ? [...field.selectedOptions].map(o => o.value) : field.value.trim();
    }
    go.disabled = true;
    wrong.textContent = "";
    try {
      const said = await send(values);
      if (said) wrong.textContent = said;
      else close();
    } catch {
      wrong.textContent = words.network;
    }
    go.disabled = false;
  });
  host.append(dialog);
  dialog.showModal();
  const first = form.querySelector("input, select, textarea");
  if (first) first.focus();
  return {close, dialog};
};

/** A line that says for a few seconds what has just happened. @param {string} text */
export const toast = (text, kind = "") => {
  const host = $("desk-toasts"),
    line = h("p", {class: kind}, text);
  host.append(line);
  setTimeout(() => line.remove(), 6000);
};
