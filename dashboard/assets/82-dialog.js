// One dialog for everything that asks: fields, a button that sends, words for what went wrong. Escape closes it.
"use strict";

/**
 * @param {Array<[string, string, HTMLElement]>} fields  name, label, control
 * @param {(values: Object<string, string|string[]>) => Promise<string|void>} send  words where it went wrong
 */
lianqin.ask = (texts, title, fields, send, {note = null, button = null} = {}) => {
  const h = lianqin.h, words = texts.desk, host = document.getElementById("desk-dialogs"), back = document.activeElement;
  const wrong = h("p", {class: "bad", role: "alert"}), go = h("button", {class: "first", type: "submit"}, button || words.send);
  const form = h("form", {method: "dialog"}, h("h2", null, title), note ? h("p", {class: "mid"}, note) : null,
    fields.map(([, label, control]) => h("label", null, h("span", null, label), control)), wrong,
    h("div", {class: "buttons"}, h("button", {type: "button", class: "cancel"}, words.cancel), go));
  const dialog = h("dialog", {"aria-label": title}, form);
  const close = () => { dialog.close(); dialog.remove(); (back && back.isConnected ? back : document.getElementById("case-panel")).focus(); };
  form.querySelector(".cancel").onclick = close;
  dialog.addEventListener("cancel", event => { event.preventDefault(); close(); });
  form.addEventListener("submit", async event => {
    event.preventDefault();
    if (go.disabled) return; // a double click is one click
    const values = {};
    for (const [name, , control] of fields) {
      const field = control.matches("input, select, textarea") ? control : control.querySelector("input, select, textarea");
      values[name] = field.multiple ? [...field.selectedOptions].map(o => o.value) : field.value.trim();
    }
    go.disabled = true;
    wrong.textContent = "";
    try { const said = await send(values); if (said) wrong.textContent = said; else close(); }
    catch { wrong.textContent = words.network; }
    go.disabled = false;
  });
  host.append(dialog);
  dialog.showModal();
  const first = form.querySelector("input, select, textarea");
  if (first) first.focus();
  return {close, dialog};
};

/** A line that says for a few seconds what has just happened. */
lianqin.toast = (text, kind = "") => {
  const host = document.getElementById("desk-toasts"), line = lianqin.h("p", {class: kind}, text);
  host.append(line);
  setTimeout(() => line.remove(), 6000);
};

/** POST as JSON: the answer's body, or {error} in words; throws when the server is out of reach. */
lianqin.post = async (url, body) => {
  const answer = await lianqin.fetch(url, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});
  const said = await answer.json().catch(() => ({error: String(answer.status)}));
  if (answer.status === 401 && said.code !== "reauth_required") lianqin.sayEnded(lianqin.deskTexts);
  return answer.ok ? said : {error: said.error || String(answer.status), code: said.code || "", status: answer.status};
};
