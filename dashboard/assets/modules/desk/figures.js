// @ts-check
// The strip of figures of a desk; some of them are filters of the queue.
import {$, h} from "../core/dom.js";
import {redraw} from "../core/focus.js";
import {AT as A} from "../core/reducer.js";
import {isDistrictDesk, isUntaken} from "./queue-filters.js";

/**
 * @param {import("./page.js").Desk} desk
 * @returns {() => void}  draws it anew
 */
export const makeFigures = desk => {
  const {about, texts, format, tiles, words, queue} = desk,
    isDistrict = isDistrictDesk(about);
  /** @param {string} n  @param {string} label  @param {{bad?: boolean, sign?: string|null, more?: string, only?: string}} [more] */
  const figure = (n, label, {bad = false, sign = null, more = "", only = ""} = {}) =>
    h(
      "div",
      {
        class: `fig ${bad ? "bad" : ""}`,
        ...(only
          ? {"data-chip": only, role: "button", tabindex: 0, "aria-pressed": String(queue.state.only.has(only))}
          : {}),
      },
      h("b", null, n),
      more ? h("span", {class: "mid"}, more) : null,
      h("p", null, sign ? tiles.sign(sign) : null, label),
    );
  /** The whistles that wait for this unit's answer, and what is left of the soonest.  @param {number} now */
  const whistles = now => {
    const waiting = [...desk.live.state.rows.values()].map(row => row[A.whistledAt]).filter(at => at !== null),
      left = Math.min(...waiting) + about.whistle_minutes * 60000 - now,
      say = left > 0 ? texts.seats.whistle_soonest : words.left_over;
    return figure(format.count(waiting.length), texts.seats.whistle_waiting, {
      bad: waiting.length > 0,
      only: "whistled",
      more: waiting.length ? format.fill(say, {t: format.duration(left)}) : "",
    });
  };
  /** How many the clock makes the district's within half an hour, when the first; and whom nobody there has taken.  @param {number} now */
  const counted = now => {
    const found = {soon: 0, next: Infinity, untaken: 0};
    for (const row of desk.live.state.rows.values()) {
      if (isUntaken(row)) found.untaken += 1;
      const at = row[A.takeoverAt];
      // Of what somebody has declined the clock takes nothing over.
      if (at !== null && at !== undefined && at > now && at - now < 1800000 && !row[A.declined]) {
        found.soon += 1;
        found.next = Math.min(found.next, at - now);
      }
    }
    return found;
  };
  return () => {
    const t =
        /** @type {(import("../types/wire.d.ts").ShownFigures & Partial<import("../types/wire.d.ts").DeskFigures>)|undefined} */ (
          desk.live.state.tiles.figures
        ),
      now = desk.live.now();
    if (!t || now === null) return;
    const {soon, next, untaken} = counted(now);
    const hasRate = t.should_close !== undefined, // a unit's and a grid's desk keep none
      rate = t.rate === null ? texts.word.no_rate : format.percent(t.rate),
      low = t.rate !== null && t.rate < t.target;
    const alarms = desk.live.state.tiles.alarms,
      budget = alarms && alarms.budget;
    redraw(
      $("desk-strip"),
      figure(format.count(t.overdue), words.overdue, {
        bad: t.overdue > 0,
        sign: t.overdue ? "overdue bad" : null,
        only: "overdue",
      }),
      figure(format.count(t.due_soon), words.due_soon, {sign: t.due_soon ? "soon warn" : null, only: "soon"}),
      figure(format.count(t.open), words.open),
      h("i", {class: "split"}),
      figure(String(soon), words.takes_soon, {
        bad: soon > 0,
        more: soon ? format.fill(words.soonest, {t: format.duration(next)}) : "",
      }),
      figure(format.count(t.escalated), isDistrict ? words.district_holds : words.at_district, {only: "district"}),
      ...(isDistrict
        ? [
            figure(format.count(untaken), words.untaken, {
              bad: untaken > 0,
              sign: untaken ? "overdue bad" : null,
              only: "untaken",
            }),
          ]
        : []),
      ...(about.unit ? [h("i", {class: "split"}), whistles(now)] : []),
      ...(hasRate
        ? [
            h("i", {class: "split"}),
            h(
              "div",
              {class: `fig ${low ? "warn" : ""}`},
              h("b", null, rate),
              h(
                "span",
                {class: "mid"},
                format.fill(words.of_target, {a: t.on_time, b: t.should_close, t: format.percent(t.target)}),
              ),
              h("p", null, words.on_time_today, t.rate_of ? words.rate_of : ""),
            ),
          ]
        : []),
      ...(about.street && t.rank
        ? [
            h(
              "div",
              {class: "fig"},
              h("b", null, t.rank),
              h("span", {class: "mid"}, format.fill(words.of_ranked, {n: t.ranked})),
              h("p", null, words.rank),
            ),
          ]
        : []),
      ...(budget
        ? [
            h("i", {class: "split"}),
            h(
              "div",
              {class: `fig ${budget.raised > budget.most ? "bad" : budget.raised > budget.acceptable ? "warn" : ""}`},
              h("b", null, budget.raised),
              h("span", {class: "mid"}, format.fill(words.budget, {a: budget.acceptable, b: budget.most})),
              h("p", null, words.alarms_hour),
            ),
          ]
        : []),
      h(
        "div",
        {class: "as-of-box"},
        h("p", null, format.fill(words.as_of, {t: format.hms(now)})),
        h("p", null, format.fill(words.basis, {t: "00:00"})),
      ),
    );
  };
};
