// @ts-check
// What the buttons of the case panel begin: a command, a place on the map, a masked field in clear.
import {openDialog} from "../core/dialog.js";
import {$, find, h, plain} from "../core/dom.js";
import {AT as A} from "../core/reducer.js";
import {post} from "../core/session.js";
import {makePlacing} from "./placing.js";

/** @param {import("./page.js").Desk} desk */
export const makePanelActs = desk => {
  const {scope, texts, format, words, commands} = desk;
  /** @param {string} id */
  const version = id => {
    const row = desk.live.state.rows.get(id);
    return row ? row[A.version] : 0;
  };
  /** One field unmasked for half a minute; why is on the record.  @param {HTMLElement} button  @param {string} id */
  const reveal = (button, id) =>
    openDialog(
      texts,
      texts.personal.reveal,
      [
        [
          "purpose",
          texts.personal.purpose,
          h(
            "select",
            {name: "purpose"},
            Object.entries(texts.personal.purposes).map(([code, label]) =>
              h("option", {value: code === "handling" ? "" : code}, label),
            ),
          ),
        ],
        ["reason", texts.personal.reason, h("input", {name: "reason", required: "", minlength: 5, maxlength: 500})],
      ],
      async ({reason, purpose}) => {
        const said = await post(`/api/v1/cases/${encodeURIComponent(id)}/reveal`, {
          field: button.dataset.reveal,
          reason,
          purpose: purpose || "",
        });
        if (said.error) return texts.personal.refused[said.code] || said.error;
        const {asked} = desk.picked,
          field = CSS.escape(button.dataset.reveal || "");
        if (!desk.picked.isPanelHere() || !asked || asked.id !== id) return undefined; // another case is shown meanwhile
        // The panel may have come anew while the reason was typed.
        const now = find($("case-panel-body"), `[data-reveal="${field}"]`);
        if (!now) return undefined;
        const shown = h("b", {class: "revealed", "data-stays": ""}, said.text);
        now.hidden = true;
        now.parentElement.append(shown);
        scope.after(30000, () => {
          shown.remove();
          now.hidden = false;
        });
        return undefined;
      },
    );
  /** A case without a place: one click on the map says where it is. */
  const placing = makePlacing({
    scope,
    words: texts.form,
    format,
    placed: (id, at) =>
      commands.open("case.locate", [[id, version(id)]], {...at, coord_sys: "WGS84"}, [format.fill(words.placed, at)]),
  });
  /**
   * One of the panel's buttons, for the case that the panel shows.
   * @param {any} button  a command's, or null
   * @param {HTMLElement|null} secret
   * @param {HTMLElement|null} answer
   */
  const pressed = (button, secret, answer) => {
    if (button && button.dataset.repair) {
      commands.repair(button.dataset.repair, button.dataset.name);
      return;
    }
    if (!desk.picked.isPanelHere() || (button && button.disabled)) return;
    const id = desk.picked.asked?.id;
    if (!id) return;
    if (secret) reveal(secret, id);
    else if (answer) answer.dataset.answer === "confirm" ? commands.confirm(id) : commands.decline(id);
    else if (button.dataset.command === "case.locate") placing.start(desk.map, id);
    else commands.open(button.dataset.command, [[id, version(id)]], plain(button.dataset.given || "{}"));
  };
  return {pressed, isPlacing: placing.isOn, picked: placing.picked};
};
