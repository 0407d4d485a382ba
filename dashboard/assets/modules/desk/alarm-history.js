// @ts-check
// What became of the alarms of a seat (经过): each step with its case and street, by street, kind and words; the same step
// of the same kind again and again is one line.
import {alarmWords} from "../core/alarm-words.js";
import {h} from "../core/dom.js";
import {redraw} from "../core/focus.js";

const FOLD_MS = 30 * 60000;

/** @typedef {{at: number, kind: string, what: string, who: string, comment: string, street: string, cases: string[], said: string}} AlarmStep */
/** @typedef {{step: AlarmStep, n: number, first: number, cases: string[]}} AlarmLine  n steps, the first of them at */

/**
 * Steps, newest first → lines; people's own steps stand alone.
 * @param {AlarmStep[]} steps
 * @returns {AlarmLine[]}
 */
export const foldSteps = steps => {
  const lines = [],
    standing = new Map();
  for (const step of steps) {
    const key = JSON.stringify([step.kind, step.what, step.street]),
      line = standing.get(key);
    if (step.who || !line || line.first - step.at > FOLD_MS) {
      const made = {step, n: 1, first: step.at, cases: [...step.cases]};
      if (!step.who) standing.set(key, made);
      lines.push(made);
      continue;
    }
    line.n += 1;
    line.first = step.at;
    for (const id of step.cases) if (!line.cases.includes(id)) line.cases.push(id);
  }
  return lines;
};

/**
 * @param {import("./page.js").Desk} desk
 * @returns {{host: HTMLElement, read: () => Promise<void>}}
 */
export const makeAlarmHistory = desk => {
  const {about, texts, format, tiles, scope} = desk,
    w = texts.alarm,
    log = texts.log,
    isShort = about.unit || about.grid,
    findWord = isShort ? log.find_acts : log.find,
    say = alarmWords(texts, format, tiles);
  /** @param {string} id  @param {string} label  @param {[value: string, text: string][]} options */
  const select = (id, label, options) => {
    const made = /** @type {any} */ (
      h(
        "select",
        {id, "aria-label": label},
        [["", `${label}：${log.any}`], ...options].map(([value, text]) => h("option", {value}, text)),
      )
    );
    made.onchange = () => draw();
    return made;
  };
  const kind = select("lives-kind", log.filter_kind, Object.entries(w.names)),
    street = select(
      "lives-street",
      log.filter_street,
      Object.entries(/** @type {Places["streets"]} */ (desk.places.streets)).map(([code, s]) => [code, s.name]),
    ),
    find = /** @type {any} */ (
      h("input", {id: "lives-find", type: "search", "aria-label": findWord, placeholder: findWord})
    );
  const list = h("ol", {class: "lives"}),
    bar = h("div", {class: "log-bar"}, isShort ? null : [kind, about.street ? null : street], find),
    none = h("p", {class: "none"}),
    host = h("div", null, bar, none, list);
  /** @type {AlarmStep[]} */
  let steps = [];
  find.addEventListener("input", () => draw());
  /** @param {string} id */
  const link = id => [" ", h("a", {"data-case": id, class: "touch", role: "button", tabindex: 0}, id)];
  /** @param {AlarmLine} line */
  const line = ({step, n, first, cases}) =>
    h(
      "li",
      {class: step.who ? "by-people" : ""},
      h("time", null, format.hm(step.at)),
      h("b", null, w.steps[step.what] || step.what),
      h(
        "span",
        null,
        h("span", {class: "said"}, step.said),
        n > 1
          ? h(
              "b",
              {class: "times"},
              ` ${format.fill(log.times, {n})} `,
              h("span", {class: "dim"}, format.fill(log.since, {t: format.hm(first)})),
            )
          : null,
        cases.slice(0, 8).map(link),
        cases.length > 8 ? " …" : null,
      ),
      h("span", {class: "dim"}, [step.who || w.system, step.comment].filter(Boolean).join(" · ")),
    );
  const draw = () => {
    const words = find.value.trim().toLowerCase(),
      passes = (/** @type {AlarmStep} */ s) =>
        (!kind.value || s.kind === kind.value) &&
        (!street.value || s.street === street.value) &&
        (!words || `${s.said} ${s.who} ${s.comment} ${s.cases.join(" ")}`.toLowerCase().includes(words));
    const found = foldSteps(steps.filter(passes));
    redraw(list, ...found.map(line));
    none.hidden = found.length > 0;
    none.textContent = steps.length ? log.none_found : log.none;
  };
  const read = async () => {
    const answer = await fetch(`/api/v1/alarms/lives?seat=${encodeURIComponent(about.seat)}`).catch(() => null);
    if (!answer || !answer.ok || scope.isClosed) return;
    steps = (await answer.json()).lives.map((/** @type {any} */ life) => {
      const subject = life.alarm.subject || {};
      return {
        at: life.at,
        kind: life.kind,
        what: life.what,
        who: life.who,
        comment: life.comment,
        street: subject.street || "",
        cases: life.alarm.cases || (subject.case_id ? [subject.case_id] : []),
        said: say({number: 0, ...life.alarm, subject}),
      };
    });
    draw();
  };
  return {host, read};
};
