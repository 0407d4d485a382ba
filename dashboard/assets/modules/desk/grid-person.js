// @ts-check
// One of a grid's people: masked, and in clear for half a minute by one click, which is on the record.
import {toast} from "../core/dialog.js";
import {h} from "../core/dom.js";
import {post} from "../core/session.js";

const SHOWN_MS = 30000;

/**
 * @param {import("./page.js").Desk} desk
 * @param {string} grid
 * @param {{role: string, name: string, phone: string, number: number|null}} person
 */
export const gridPerson = (desk, grid, person) => {
  const {texts, about, scope} = desk,
    role = texts.grid_role[person.role] || person.role;
  const said = h("span", null, `${role} ${person.name || texts.grid.vacant} ${person.phone || ""}`);
  const line = h("span", {class: "grid-person"}, said);
  if (person.number === null || !person.name || !about.rights.includes("reveal")) return line;
  const button = h(
    "button",
    {class: "plain", "data-person": `${grid}/${person.number}`, "aria-label": `${texts.personal.reveal} ${role}`},
    texts.personal.reveal,
  );
  button.onclick = async () => {
    button.disabled = true;
    const found = await post(`/api/v1/grids/${encodeURIComponent(grid)}/people/${person.number}/reveal`, {}).catch(
      () => ({error: texts.desk.network_read, code: ""}),
    );
    button.disabled = false;
    if (found.error) {
      toast(texts.personal.refused[found.code] || found.error, "bad");
      return;
    }
    const shown = h(
      "span",
      {class: "revealed"},
      `${role} ${found.name} `,
      found.phone ? h("a", {href: `tel:${found.phone.replace(/[^0-9+]/g, "")}`}, found.phone) : null,
    );
    said.hidden = button.hidden = true;
    line.append(shown);
    scope.after(SHOWN_MS, () => {
      shown.remove();
      said.hidden = button.hidden = false;
    });
  };
  line.append(" ", button);
  return line;
};
