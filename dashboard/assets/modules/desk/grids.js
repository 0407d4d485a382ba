// @ts-check
// Brigades, a street's grids and their people, watched areas.
import {$, h} from "../core/dom.js";
import {redraw} from "../core/focus.js";
import {gridPerson} from "./grid-person.js";

/** @typedef {{unit_id: string, kind: string, status: string, freshness: string, at: number, case_id: string}} Member */
/** @typedef {{street: string, group: string, group_en: string, members: Member[], [state: string]: any}} Brigade  under each state the numbers of who is in it */
/** @typedef {{name: string, watched_by: string, open: number, new: number, patrolled_at: number|null}} WatchedArea */
/**
 * @typedef {Object} GridLine
 * @property {string} code
 * @property {string} name
 * @property {number} open
 * @property {number} overdue
 * @property {number} due_soon
 * @property {number|null} on_the_spot   a share
 * @property {number} self_handled
 * @property {number} reported
 * @property {number|null} households
 * @property {number|null} patrolled_at
 * @property {any[]} people   of grid-person.js
 */

/** On a phone a row is a small card: each cell says its column's name beside it.  @param {HTMLElement} table */
const nameCells = table => {
  const heads = [...table.querySelectorAll("th")].map(th => th.textContent);
  for (const row of table.querySelectorAll("tbody tr"))
    for (const [i, cell] of [...row.children].entries()) cell.setAttribute("data-head", heads[i] || "");
};

/**
 * @param {import("./page.js").Desk} desk
 * @param {import("./duty.js").Hands} hands
 * @returns {() => Promise<void>}  shows them
 */
export const makeGrids = (desk, {seat, lang, read, failed}) => {
  const {about, texts, format, tiles, words} = desk;
  const showGrids = async () => {
    const box = $("body-grids");
    const [found, teams] = await Promise.all([
      read(`/api/v1/grids?seat=${seat}`),
      read(`/api/v1/units${about.street ? `?street=${encodeURIComponent(about.street)}` : ""}`),
    ]);
    if (!found || !teams) {
      failed(box);
      return;
    }
    /** @param {Brigade} b */
    const brigade = b =>
      h(
        "details",
        {class: "brigade"},
        h(
          "summary",
          null,
          h(
            "b",
            null,
            about.street || !b.street ? "" : `${tiles.street(b.street)} · `,
            texts.language === "en" ? b.group_en : b.group,
          ),
          " ",
          h(
            "span",
            {class: "mid"},
            [
              format.fill(words.members, {n: b.members.length}),
              ...["free", "assigned", "on_scene", "off"]
                .filter(state => b[state].length)
                .map(state => `${texts.unit_status[state]} ${b[state].length}`),
            ].join(" · "),
          ),
        ),
        h(
          "ul",
          null,
          b.members.map(u =>
            h(
              "li",
              {class: u.freshness},
              h("b", null, u.unit_id),
              ` ${texts.unit_kind[u.kind] || ""} · ${u.freshness === "fresh" ? texts.unit_status[u.status] || "" : format.fill(words.stale_unit, {t: format.span(Math.max(found.as_of - u.at, 0))})} `,
              u.case_id
                ? h("a", {"data-case": u.case_id, class: "touch", role: "button", tabindex: 0}, u.case_id)
                : null,
            ),
          ),
        ),
      );
    const g = texts.grid,
      ago = (/** @type {number|null} */ at) => (at ? format.fill(words.ago, {t: format.span(found.as_of - at)}) : "—");
    const watched = h(
      "table",
      {class: "plain-table"},
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          [g.watched, words.watched_by, texts.word.open, words.new_24h, g.patrol].map(t => h("th", null, t)),
        ),
      ),
      h(
        "tbody",
        null,
        found.watched.map((/** @type {WatchedArea} */ a) =>
          h(
            "tr",
            null,
            h("td", null, a.name),
            h("td", null, a.watched_by || "—"),
            h("td", {class: "num"}, a.open),
            h("td", {class: "num"}, a.new),
            h("td", null, ago(a.patrolled_at)),
          ),
        ),
      ),
    );
    const table = h(
      "table",
      {class: "plain-table"},
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          [g.title, g.open, g.overdue, g.due_soon, g.on_the_spot, g.households, g.patrol, g.people].map(t =>
            h("th", null, t),
          ),
        ),
      ),
      h(
        "tbody",
        null,
        found.grids.map((/** @type {GridLine} */ x) =>
          h(
            "tr",
            null,
            h("td", null, x.name),
            h("td", {class: "num"}, x.open),
            h("td", {class: `num ${x.overdue ? "bad" : ""}`}, x.overdue),
            h("td", {class: "num"}, x.due_soon),
            h(
              "td",
              {class: "num"},
              x.on_the_spot === null ? "—" : `${format.percent(x.on_the_spot)} (${x.self_handled}/${x.reported})`,
            ),
            h("td", {class: "num"}, x.households || "—"),
            h("td", null, ago(x.patrolled_at)),
            h(
              "td",
              {class: "people-cell"},
              x.people.map(p => gridPerson(desk, x.code, p)),
            ),
          ),
        ),
      ),
    );
    for (const made of [watched, table]) nameCells(made);
    const open = new Set([...box.querySelectorAll("details[open] b:first-child")].map(b => b.textContent));
    // By street in the package's order, those of no street last; in a street the largest first.
    const order = Object.keys(desk.places.streets),
      at = (/** @type {Brigade} */ b) => (order.indexOf(b.street) + order.length + 1) % (order.length + 1);
    teams.brigades.sort(
      (/** @type {Brigade} */ a, /** @type {Brigade} */ b) =>
        at(a) - at(b) || b.members.length - a.members.length || a.group.localeCompare(b.group, texts.language),
    );
    const lists = teams.brigades.map(brigade);
    for (const list of lists) if (open.has(list.querySelector("b").textContent)) list.open = true;
    redraw(
      box,
      h("h2", null, words.brigades),
      ...(lists.length ? lists : [h("p", {class: "none"}, "—")]),
      ...(about.street
        ? [h("h2", null, `${g.title} · ${found.grids.length}`), table]
        : [
            h("p", {class: "mid"}, words.grids_by_street),
            h(
              "p",
              {class: "street-links"},
              Object.entries(desk.places.streets).map(([code, s]) =>
                h("a", {href: `/street/${encodeURIComponent(code)}${lang}`}, s.name),
              ),
            ),
          ]),
      h("h2", null, g.watched),
      found.watched.length ? watched : h("p", {class: "none"}, "—"),
    );
  };
  return showGrids;
};
