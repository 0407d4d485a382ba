// @ts-check
// What an administrator tells the desks, above the work until its time.
import {$, h} from "../core/dom.js";
import {redraw} from "../core/focus.js";

/**
 * @param {any} texts
 * @param {any} format
 * @returns {(notices: [string, string, number, string][]) => void}  draws [id, text, until (Unix ms), by whom]
 */
export const makeNotices = (texts, format) => notices =>
  redraw(
    $("desk-notices"),
    ...(notices || []).map(([, text, until, by]) =>
      h(
        "p",
        null,
        h("b", null, texts.desk.notice),
        h("span", null, text),
        h("small", null, format.fill(texts.desk.notice_until, {who: by, time: format.hm(until)})),
      ),
    ),
  );
