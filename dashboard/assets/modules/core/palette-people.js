// @ts-check
// The form that asks for people: by a whole name or phone alone, for a reason, on the record.
import {h} from "./dom.js";
import {post} from "./session.js";

/**
 * @param {Texts} texts
 * @param {{isOpen: () => boolean, onFound: (found: any) => void, onLeave: () => void}} how
 *   isOpen: whether the form is still shown when an answer comes; onFound takes the answer
 */
export const makePeopleForm = (texts, {isOpen, onFound, onLeave}) => {
  const person = texts.search.person;
  const who = h("input", {name: "person", maxlength: 64, autocomplete: "off", required: ""}),
    why = h("input", {name: "reason", maxlength: 500, minlength: 5, autocomplete: "off", required: ""}),
    said = h("p", {class: "failed", role: "alert"}),
    button = h("button", {type: "submit", class: "first"}, person.send),
    leave = h("button", {type: "button"}, person.back);
  const form = h(
    "form",
    {class: "people", method: "dialog"},
    h("p", null, person.apart),
    h("label", null, h("span", null, person.label), who),
    h("label", null, h("span", null, person.reason), why),
    said,
    h("div", {class: "acts"}, button, leave),
  );
  leave.onclick = onLeave;
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    said.textContent = "";
    const body = {person: who.value.trim(), reason: why.value.trim(), language: texts.language};
    const found = await post("/api/v1/search/people", body).catch(() => ({error: texts.desk.network}));
    button.disabled = false;
    if (!isOpen()) return;
    if (found.error) {
      said.textContent = person.refused[found.code] || found.error;
      return;
    }
    onFound(found);
    if (!found.n) said.textContent = person.none;
  });
  return form;
};
