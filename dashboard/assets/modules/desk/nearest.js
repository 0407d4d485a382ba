// @ts-check
// The people nearest to the picked case, and the button that sends one of them.
import {$, h} from "../core/dom.js";
import {AT as A} from "../core/reducer.js";

/** @typedef {{unit_id: string, kind: string, status: string, freshness: string, at: number, metres: number, eta_s: number, is_by_road: boolean}} NearUnit */

/** @param {import("./page.js").Desk} desk */
export const makeNearest = desk => {
  const {about, texts, format, words, commands} = desk;
  let nearAsked = "";
  /** @param {string|null} id */
  const near = async id => {
    const host = $("desk-units");
    if (!host) return; // whoever sends no patrols
    if (!id) {
      host.replaceChildren(h("h2", null, words.near), h("p", {class: "dim"}, words.near_pick));
      return;
    }
    if (nearAsked === id) return;
    nearAsked = id;
    if (!desk.live.state.rows.has(id)) {
      // Over, unknown or another's: nobody is sent there, and the server need not refuse it.
      host.replaceChildren(h("h2", null, words.near), h("p", {class: "dim"}, words.near_closed));
      return;
    }
    const answer = await fetch(
      `/api/v1/units/near?case=${encodeURIComponent(id)}${about.street ? `&street=${encodeURIComponent(about.street)}` : ""}`,
    ).catch(() => null);
    if (nearAsked !== id) return;
    const found = answer && answer.ok ? (await answer.json()).units : [];
    host.replaceChildren(
      h(
        "div",
        {class: "section-head"},
        h("h2", null, words.near),
        h("span", {class: "when"}, format.hms(desk.live.now() || Date.now())),
      ),
      ...(found.length
        ? found.map((/** @type {NearUnit} */ u) => unitRow(u, id))
        : [h("p", {class: "dim"}, words.near_none)]),
    );
  };
  /** @param {NearUnit} u  @param {string} id */
  const unitRow = (u, id) => {
    const send = h("button", {class: "touch", "data-unit": u.unit_id}, words.send_unit);
    send.onclick = () => {
      const row = desk.live.state.rows.get(id);
      if (row) commands.open("case.assign_unit", [[id, row[A.version]]], {unit_id: u.unit_id}, [u.unit_id]);
    };
    const state =
      u.freshness === "fresh"
        ? texts.unit_status[u.status] || ""
        : format.fill(words.stale_unit, {t: format.span(Math.max((desk.live.now() || 0) - u.at, 0))});
    const how = [
      u.is_by_road ? words.by_road : words.by_line,
      format.fill(words.eta, {t: format.span(u.eta_s * 1000)}),
      state,
    ];
    return h(
      "div",
      {class: `unit-row ${u.freshness}`},
      h("i", {class: `sign ${u.kind === "car" || u.kind === "enforcement" ? "capsule" : "ring-sign"}`}),
      h(
        "div",
        null,
        h(
          "p",
          null,
          h("b", null, u.unit_id),
          h("span", {class: "dim kind"}, texts.unit_kind[u.kind] || ""),
          h("span", null, format.far(u.metres)),
        ),
        h("p", {class: "dim"}, how.filter(Boolean).join(" · ")),
      ),
      about.rights.includes("case.assign_unit") ? send : null,
    );
  };
  return {
    show: near,
    /** The next question is asked even if it is of the same case. */
    forget: () => {
      nearAsked = "";
    },
  };
};
