// @ts-check
// The log book of a desk, and the incident reports that are due.
import {openDialog} from "../core/dialog.js";
import {$, h} from "../core/dom.js";
import {redraw} from "../core/focus.js";
import {post} from "../core/session.js";

/**
 * @param {any} desk  the desk's parts (page.js)
 * @param {any} hands  what the duty's tabs share (duty.js)
 * @returns {{report: (caseId: string, number: number) => void, show: () => Promise<void>}}
 */
export const makeLog = (desk, {may, seat, read, failed, refusedText, button}) => {
  const {about, texts, format, tiles, words} = desk;
  const token = () => (crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2));
  const KINDS = ["note", "phone", "instruction", "inspection"];
  const reportName = number =>
    number === 0
      ? texts.alarm.reports.phone
      : number === 1
        ? texts.alarm.reports.written
        : format.fill(texts.alarm.reports.follow_up, {n: number - 1});
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
        ["case_id", texts.log.case, h("input", {name: "case_id", maxlength: 64})],
      ],
      async values => {
        const said = await post("/api/v1/log", {seat: about.seat, token: ours, ...values});
        if (said.error) return refusedText(said);
        showLog();
        return undefined;
      },
    );
  };
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
  const showLog = async () => {
    const box = $("body-log"),
      [log, due] = await Promise.all([
        read(`/api/v1/log?seat=${seat}&lang=${texts.language}`),
        read(`/api/v1/reports?seat=${seat}`),
      ]);
    if (!log || !due) {
      failed(box);
      return;
    }
    const now = desk.live.now();
    redraw(
      box,
      h("div", {class: "section-head"}, h("h2", null, words.reports_due), h("span", {class: "when"}, format.hms(now))),
      due.due.length
        ? h(
            "ol",
            {class: "due"},
            due.due.map(d =>
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
              ),
            ),
          )
        : h("p", {class: "none"}, words.no_reports),
      h(
        "div",
        {class: "section-head"},
        h("h2", null, texts.log.title),
        may("write_log") ? button(texts.log.add, addEntry, "first", {id: "add-entry"}) : null,
      ),
      log.entries.length
        ? h(
            "ol",
            {class: "log"},
            log.entries.map(e =>
              h(
                "li",
                {class: e.by_people ? "by-people" : ""},
                h("time", null, format.hm(e.at)),
                h("span", {class: "dim"}, texts.log.kinds[e.kind] || e.kind),
                h(
                  "span",
                  null,
                  e.text,
                  e.case_id
                    ? [" ", h("a", {"data-case": e.case_id, class: "touch", role: "button", tabindex: 0}, e.case_id)]
                    : null,
                ),
                h("span", {class: "dim"}, e.who || texts.alarm.system),
              ),
            ),
          )
        : h("p", {class: "none"}, texts.log.none),
    );
  };
  return {report, show: showLog};
};
