// @ts-check
// The log book of a desk, and the incident reports that are due.
import {openDialog} from "../core/dialog.js";
import {$, h} from "../core/dom.js";
import {redraw} from "../core/focus.js";
import {post} from "../core/session.js";
import {makeLogFilter} from "./log-filter.js";
import {typedField, typedTime} from "./moment-field.js";

/**
 * A line of the log book; several equal ones are one; times in Unix ms.
 * @typedef {Object} LogEntry
 * @property {number} at
 * @property {number} first_at
 * @property {number} n
 * @property {string} kind
 * @property {string} text
 * @property {string} who
 * @property {string[]} cases
 * @property {string} street_name
 * @property {boolean} by_people
 */
/** @typedef {{case_id: string, number: number, due_at: number, street: string}} DueReport */

/**
 * @param {import("./page.js").Desk} desk
 * @param {import("./duty.js").Hands} hands
 * @returns {{report: (caseId: string, number: number) => void, show: () => Promise<void>}}
 */
export const makeLog = (desk, {may, seat, read, failed, refusedText, button}) => {
  const {about, texts, format, tiles, words} = desk,
    hasBook = !about.unit && !about.grid; // a unit and a grid worker have a record of what they did: nobody writes in it
  const token = () => (crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2));
  const KINDS = ["note", "phone", "instruction", "inspection"];
  /** @param {number} number */
  const reportName = number =>
    number === 0
      ? texts.alarm.reports.phone
      : number === 1
        ? texts.alarm.reports.written
        : format.fill(texts.alarm.reports.follow_up, {n: number - 1});
  /** «14:05» as the last such moment of the district's clock, in Unix ms; 0 for none.  @param {string} text */
  const momentOf = text => {
    const typed = typedTime(text);
    if (!typed) return 0;
    const now = desk.live.now() || Date.now(),
      [hour, minute] = typed,
      back = (format.dayHour(now) - hour - minute / 60) * 3600000;
    return Math.round((now - (back < -60000 ? back + 24 * 3600000 : Math.max(back, 0))) / 60000) * 60000;
  };
  const addEntry = () => {
    const ours = token();
    openDialog(
      texts,
      texts.log.add,
      [
        [
          "kind",
          texts.log.kind,
          h(
            "select",
            {name: "kind"},
            KINDS.map(kind => h("option", {value: kind}, texts.log.kinds[kind])),
          ),
        ],
        ["text", texts.log.text, h("textarea", {name: "text", required: "", maxlength: 2000, rows: 4})],
        ["called", texts.log.called_at, typedField("called", typedTime, {like: words.time_like, wrong: words.no_time})],
        ["case_id", texts.log.case, h("input", {name: "case_id", maxlength: 64})],
      ],
      async ({called, ...values}) => {
        const entry = {
            seat: about.seat,
            token: ours,
            ...values,
            called_at: Math.min(momentOf(called), desk.live.now() || 0),
          },
          said = await post(`/api/v1/log?lang=${texts.language}`, {...entry, called_at: Math.floor(entry.called_at)});
        if (said.error) return refusedText(said);
        showLog();
        return undefined;
      },
      {button: texts.log.add},
    );
  };
  /** @param {string} caseId  @param {number} number */
  const report = (caseId, number) =>
    openDialog(
      texts,
      `${words.report_title} · ${reportName(number)}`,
      [
        ["text", texts.log.text, h("textarea", {name: "text", required: "", maxlength: 2000, rows: 5})],
        ...(number >= 1
          ? [
              [
                "is_last",
                words.report_last,
                h(
                  "select",
                  {name: "is_last"},
                  h("option", {value: ""}, words.no),
                  h("option", {value: "1"}, words.yes),
                ),
              ],
            ]
          : []),
      ],
      async values => {
        const said = await post("/api/v1/reports", {
          seat: about.seat,
          case_id: caseId,
          number,
          text: values.text,
          is_last: !!values.is_last,
        });
        if (said.error) return refusedText(said);
        showLog();
        return undefined;
      },
      {note: caseId},
    );
  // — the list, by what is asked for —
  const filter = makeLogFilter(desk, () => showLog());
  /** @param {string[]} ids */
  const cases = ids => ids.map(id => [" ", h("a", {"data-case": id, class: "touch", role: "button", tabindex: 0}, id)]);
  /** @param {LogEntry} e */
  const entryLine = e =>
    h(
      "li",
      {class: e.by_people ? "by-people" : ""},
      h("time", null, format.hm(e.at)),
      h("span", {class: "dim"}, texts.log.kinds[e.kind] || e.kind),
      h(
        "span",
        null,
        h("span", {class: "said"}, e.text),
        e.n > 1
          ? h(
              "b",
              {class: "times"},
              ` ${format.fill(texts.log.times, {n: e.n})} `,
              h("span", {class: "dim"}, format.fill(texts.log.since, {t: format.hm(e.first_at)})),
            )
          : null,
        cases(e.cases),
        e.cases.length && e.n > e.cases.length ? " …" : null,
      ),
      h(
        "span",
        {class: "dim"},
        e.street_name && !e.text.includes(e.street_name) ? `${e.street_name} · ` : "",
        e.who === about.me ? about.name : e.who || texts.alarm.system,
      ),
    );
  /** @param {DueReport} d  @param {number} now */
  const dueLine = (d, now) =>
    h(
      "li",
      {class: d.due_at <= now ? "bad" : d.due_at - now < 600000 ? "warn" : ""},
      h("a", {"data-case": d.case_id, class: "touch", role: "button", tabindex: 0}, d.case_id),
      h("span", null, tiles.street(d.street)),
      h("b", null, reportName(d.number)),
      h(
        "span",
        null,
        `${d.due_at <= now ? texts.word.overdue : texts.word.remaining} ${format.duration(d.due_at - now)}`,
      ),
      may("write_report") ? button(words.write_report, () => report(d.case_id, d.number)) : null,
    );
  /** @param {{entries: LogEntry[], all: number}} log  @param {string} none */
  const entryList = (log, none) =>
    log.entries.length
      ? h("ol", {class: "log"}, log.entries.map(entryLine))
      : h("p", {class: "none"}, log.all ? texts.log.none_found : none);
  const showLog = async () => {
    const box = $("body-log"),
      [log, due] = await Promise.all([
        read(`/api/v1/log?seat=${seat}&lang=${texts.language}&${filter.query()}`),
        hasBook ? read(`/api/v1/reports?seat=${seat}`) : {due: []},
      ]);
    if (!log || !due) {
      failed(box);
      return;
    }
    const now = desk.live.now() || 0;
    if (!hasBook) {
      redraw(
        box,
        h(
          "div",
          {class: "section-head"},
          h("h2", null, texts.log.acts_title),
          h("span", {class: "when"}, format.hms(now)),
        ),
        filter.bar(log),
        entryList(log, texts.log.no_acts),
      );
      return;
    }
    redraw(
      box,
      h("div", {class: "section-head"}, h("h2", null, words.reports_due), h("span", {class: "when"}, format.hms(now))),
      due.due.length
        ? h(
            "ol",
            {class: "due"},
            due.due.map((/** @type {DueReport} */ d) => dueLine(d, now)),
          )
        : h("p", {class: "none"}, words.no_reports),
      h(
        "div",
        {class: "section-head"},
        h("h2", null, texts.log.title),
        may("write_log") ? button(texts.log.add, addEntry, "first", {id: "add-entry"}) : null,
      ),
      filter.bar(log),
      entryList(log, texts.log.none),
    );
  };
  return {report, show: showLog};
};
