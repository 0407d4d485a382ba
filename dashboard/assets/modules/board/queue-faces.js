// @ts-check
// The faces of the queue: the cases at the district with their lights and countdowns, and what comes next.
import {find, h} from "../core/dom.js";
import {AT as A} from "../core/reducer.js";

/** @param {Texts} texts  @param {Format} format  @param {Tiles} tiles */
export const makeQueueFaces = (texts, format, {street, unit, className, countdown}) => {
  const word = texts.word;
  /** The cases among these that are there, in this order.  @param {string[]} ids  @param {Rows} rows  @returns {[id: string, row: Row][]} */
  const rowsOf = (ids, rows) =>
    ids.flatMap(id => {
      const row = rows.get(id);
      return row ? [[id, row]] : [];
    });
  const faces = {
    /** The light of an escalated case: taken, waiting, urgent (within 5 minutes), broken.  @param {Row} row  @param {number} now */
    queueLight(row, now) {
      const e = row[A.escalation],
        ends = (e && e[3]) || row[A.deadlineAt],
        left = ends === null ? Infinity : ends - now;
      const taken = e && e[4] !== null;
      return {
        ends,
        left,
        taken,
        light: taken ? (left <= 0 ? "broken" : "taken") : left < 300000 ? "urgent" : "waiting",
      };
    },
    /** @param {import("../types/wire.d.ts").QueueTile} t  @param {Rows} rows  @param {number} now  @param {number} fits  how many cases the column holds */
    queue(t, rows, now, fits) {
      if (!t.n) return h("div", {class: "queue"}, h("p", {class: "none"}, word.none_escalated));
      const shown = rowsOf(t.rows, rows).slice(0, fits);
      let solid = false;
      const cards = shown.map(([id, row], i) => {
        const e = row[A.escalation],
          state = faces.queueLight(row, now);
        const first = !state.taken && !solid;
        solid = solid || first;
        const badge =
          e && e[4] !== null
            ? h(
                "span",
                null,
                `${texts.language === "en" ? "" : e[6]} ${format.fill(word.taken, {time: format.hm(e[4])})}`.trim(),
              )
            : h("span", {class: `badge ${first || state.left < 300000 ? "red" : "amber"}`}, word.untaken);
        const reason = texts.reason[(e && e[1]) || "unknown"] || (e && e[1]);
        return h(
          "div",
          {class: first ? "case open-loop" : "case", "data-case": id, role: "button", tabindex: 0},
          h("span", {class: "no"}, String(i + 1)),
          h("p", {class: "what"}, faces.whatOf(row), countdown(state.left)),
          h(
            "p",
            {class: "who"},
            h(
              "span",
              {class: "whole"},
              h("span", null, reason),
              e && e[2] !== null ? h("span", null, format.fill(word.since, {time: format.hm(e[2])})) : null,
            ),
            badge,
          ),
          h(
            "p",
            {class: "way"},
            faces.way(row, e),
            row[A.unseen] === 1
              ? h("span", {class: "mid"}, h("i", {class: "swatch unseen"}), ` ${texts.coverage.unseen_short}`)
              : null,
          ),
        );
      });
      const more = t.n - shown.length,
        shownUntaken = shown.filter(([, row]) => !faces.queueLight(row, now).taken).length;
      const restUntaken = t.untaken - shownUntaken;
      return h(
        "div",
        {class: "queue"},
        cards,
        more > 0
          ? h(
              "div",
              {class: "more"},
              h(
                "span",
                null,
                format.fill(word.rest_queue, {n: more}),
                restUntaken > 0
                  ? h("span", {class: "warn"}, " · " + format.fill(word.untaken_n, {n: restUntaken}))
                  : ` ${word.rest_taken}`,
              ),
              faces.restSoonest(t, rows, now, fits),
            )
          : null,
      );
    },
    /** Where and what; where both do not fit the street's name is cut, for the map has its place.  @param {Row} row */
    whatOf: row => h("span", {class: "where"}, h("span", null, street(row[A.street])), h("span", null, className(row))),
    /**
     * From whom to whom; the street's name, which the row says already, is not said twice. Where both do not fit
     * the one to whom is said: it has to act.
     * @param {Row} row
     * @param {import("../types/wire.d.ts").PresentEscalation|null} e
     */
    way(row, e) {
      if (!e || !e[0]) return h("span", {class: "route"});
      const name = street(row[A.street]),
        from = e[5] ? unit(e[5]) : name,
        short = from.length > name.length && from.startsWith(name) ? from.slice(name.length).trim() : from,
        to = `→ ${unit(e[0])}`;
      return h("span", {class: "route", title: `${short} ${to}`}, h("span", null, short), h("span", null, to));
    },
    /**
     * What the district will hold next: proposals that wait for a person first, then what the clock brings.
     * @param {import("../types/wire.d.ts").NextTile} t
     * @param {Rows} rows
     * @param {number} now
     * @param {number} fits
     */
    next(t, rows, now, fits) {
      /** @param {string} id  @param {string} how  a class  @param {string} text */
      const line = (id, how, text) => {
        const row = rows.get(id);
        return h(
          "div",
          {class: "case coming", "data-case": id, role: "button", tabindex: 0},
          row && faces.whatOf(row),
          h("b", {class: how}, text),
        );
      };
      const proposed = t.rows
        .filter(r => rows.has(r[0]))
        .map(([id, rule]) => line(id, "warn", format.fill(word.proposal, {rule: texts.rule[rule]})));
      const coming = t.coming
        .filter(r => rows.has(r[0]) && r[2] > now)
        .map(([id, , at]) => line(id, "", format.fill(word.takes_in, {in: format.duration(at - now)})));
      const half = Math.max(1, fits - Math.min(coming.length, Math.ceil(fits / 2)));
      const shown = [...proposed.slice(0, half), ...coming].slice(0, fits);
      return h("div", {class: "next"}, shown.length ? shown : h("p", {class: "none"}, word.none_coming));
    },
    /**
     * What breaks next among those that have no row: the server's tenth and on, and those of its ten that do not fit.
     * @param {import("../types/wire.d.ts").QueueTile} t
     * @param {Rows} rows
     * @param {number} now
     * @param {number} fits
     */
    restSoonest(t, rows, now, fits) {
      const ends = rowsOf(t.rows.slice(fits), rows)
        .map(([, row]) => faces.queueLight(row, now).ends)
        .concat(t.rest_ends)
        .flatMap(at => (at === null ? [] : [at]));
      return h(
        "span",
        {class: "soonest"},
        ...(ends.length ? [`${word.rest_soonest} `, countdown(Math.min(...ends) - now)] : []),
      );
    },
    /**
     * A second later: only what counts down is written again.
     * @param {HTMLElement} tile
     * @param {import("../types/wire.d.ts").QueueTile} t
     * @param {Rows} rows
     * @param {number} now
     * @param {number} fits
     */
    tickQueue(tile, t, rows, now, fits) {
      for (const card of /** @type {NodeListOf<HTMLElement>} */ (tile.querySelectorAll(".case"))) {
        const row = rows.get(card.dataset.case || "");
        if (row) find(card, ".what > b").replaceWith(countdown(faces.queueLight(row, now).left));
      }
      const soonest = tile.querySelector(".soonest");
      if (soonest) soonest.replaceWith(faces.restSoonest(t, rows, now, fits));
    },
  };
  return faces;
};
