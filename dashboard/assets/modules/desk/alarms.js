// @ts-check
// Alarms (ISA-18.2) on a desk: the bar and the list, and what a hand does with one.
import {alarmWords} from "../core/alarm-words.js";
import {openDialog, toast} from "../core/dialog.js";
import {$, h} from "../core/dom.js";
import {redraw} from "../core/focus.js";
import {AT as A} from "../core/reducer.js";
import {post} from "../core/session.js";
import {makeSound} from "../core/sound.js";
import {makeAlarmHistory} from "./alarm-history.js";

/** @param {import("./page.js").Desk} desk */
export const makeDeskAlarms = desk => {
  const {about, texts, format, tiles, words} = desk,
    w = texts.alarm;
  const say = alarmWords(texts, format, tiles),
    sound = makeSound(desk.scope),
    history = makeAlarmHistory(desk),
    canTake = about.rights.includes("take_alarm");
  const cards = h("div");
  /** @type {import("../types/wire.d.ts").AlarmsTile|null} */
  let tile = null;
  let told = "",
    folded = true;

  /** @param {Said} said */
  const refused = said =>
    said.error &&
    format.fill(w.refused[said.code || ""] || said.error, {
      who: said.who || "",
      time: said.at ? format.hm(said.at) : "",
      hours: "",
    });
  /** @param {import("../types/wire.d.ts").ShownAlarm} alarm  @param {string} verb  @param {object} body */
  const act = async (alarm, verb, body) => {
    const said = await post(`/api/v1/alarms/${encodeURIComponent(alarm.id)}/${verb}`, body);
    return said.error ? refused(said) : undefined;
  };
  /** @param {import("../types/wire.d.ts").ShownAlarm} alarm */
  const take = alarm =>
    openDialog(
      texts,
      w.acts.acknowledge,
      [["comment", w.acts.comment, h("input", {name: "comment", maxlength: 500})]],
      values => act(alarm, "acknowledge", {comment: values.comment}),
      {note: say(alarm), button: w.acts.acknowledge},
    );
  /** @param {import("../types/wire.d.ts").ShownAlarm} alarm */
  const quick = async alarm => {
    const wrong = await act(alarm, "acknowledge", {comment: ""});
    if (wrong) toast(wrong, "bad");
  };
  /** @param {import("../types/wire.d.ts").ShownAlarm} alarm */
  const shelve = alarm =>
    openDialog(
      texts,
      w.acts.shelve,
      [
        [
          "minutes",
          w.acts.minutes,
          h(
            "select",
            {name: "minutes"},
            [15, 30, 60, 120, 240, 480].map(n => h("option", {value: n}, format.span(n * 60000))),
          ),
        ],
        ["comment", w.acts.reason, h("input", {name: "comment", required: "", minlength: 2, maxlength: 500})],
      ],
      values =>
        act(alarm, "shelve", {
          comment: values.comment,
          until: Math.round((desk.live.now() || 0) + values.minutes * 60000),
        }),
      {note: say(alarm)},
    );
  /** @param {string} id */
  const openCase = id => {
    desk.showTab("queue");
    desk.pick(id);
  };
  /** Every alarm leads to what to do.  @param {import("../types/wire.d.ts").ShownAlarm} alarm */
  const follow = alarm => {
    if (alarm.subject.case_id) {
      openCase(alarm.subject.case_id);
    } else if (alarm.what_to_do === "open_camera")
      open(`/coverage${texts.language === "en" ? "?lang=en" : ""}`, "_blank", "noopener");
    else if (alarm.what_to_do === "confirm_proposal") {
      desk.showTab("queue");
      desk.queue.state.only.add("proposed");
      desk.queue.refilter();
    } else toast(w.what_to_do[alarm.what_to_do] || "");
    if (alarm.what_to_do === "write_report") desk.duty.report(alarm.subject.case_id, alarm.number);
  };
  /** @param {import("../types/wire.d.ts").ShownAlarm} alarm */
  const line = alarm => {
    if (alarm.state === "acknowledged")
      return (
        format.fill(w.taken, {who: alarm.acked_by, time: format.hm(alarm.acked_at || 0)}) +
        (alarm.lapses_at ? ` · ${format.fill(w.lapses, {time: format.hm(alarm.lapses_at)})}` : "")
      );
    if (alarm.state === "shelved")
      return format.fill(w.shelved, {who: alarm.shelved_by, time: format.hm(alarm.shelved_until || 0)});
    if (alarm.state === "cleared") return format.fill(w.cleared, {time: format.hm(alarm.cleared_at || 0)});
    return (
      w.states.unacknowledged +
      (about.unit || about.grid ? "" : ` · ${w.levels[alarm.level]}`) + // nobody sits above such a seat
      (alarm.acked_at ? ` · ${format.fill(w.lapsed, {who: alarm.acked_by, time: format.hm(alarm.acked_at)})}` : "")
    );
  };
  /** @param {string} label  @param {() => void} click  @param {string} [cls] */
  const button = (label, click, cls = "") => {
    const b = h("button", {class: cls}, label);
    b.onclick = click;
    return b;
  };
  /** An escalation that nobody has signed for is signed for right here: that ends its alarm as well.  @param {import("../types/wire.d.ts").ShownAlarm} alarm */
  const signs = alarm => {
    const id = alarm.kind === "escalation_untaken" && alarm.subject.case_id,
      row = id && desk.live.state.rows.get(id);
    if (!row || !about.rights.includes("case.acknowledge_escalation")) return null;
    const b = button(
      w.acts.sign,
      () => {
        const now = desk.live.state.rows.get(id) || row;
        desk.commands.open("case.acknowledge_escalation", [[id, now[A.version]]]);
      },
      "first",
    );
    b.title = w.acts.sign_title;
    return b;
  };
  /** @param {import("../types/wire.d.ts").ShownAlarm} alarm  @param {boolean} full  @param {boolean} isFirst */
  const takes = (alarm, full, isFirst) => {
    const b = button(w.acts.acknowledge, () => (full ? take(alarm) : quick(alarm)), full || !isFirst ? "" : "first");
    b.title = w.acts.acknowledge_title;
    return b;
  };
  /** In the list, one that is about several cases names them all, the most urgent first, and each opens.  @param {import("../types/wire.d.ts").ShownAlarm} alarm  @param {boolean} full */
  const caseNumbers = (alarm, full) =>
    full && alarm.cases.length > 1
      ? alarm.cases.map(id => [button(id, () => openCase(id), "case-number"), " · "])
      : alarm.subject.case_id
        ? `${alarm.subject.case_id} · `
        : "";
  /** @param {import("../types/wire.d.ts").ShownAlarm} alarm  @param {boolean} [full] */
  const card = (alarm, full = false) =>
    h(
      "article",
      {class: `alarm s${alarm.severity} ${alarm.state}`, "data-alarm": alarm.id},
      tiles.sign(alarm.severity === 1 ? "overdue" : "soon"),
      h(
        "div",
        {class: "alarm-text"},
        h(
          "p",
          null,
          h("b", null, say(alarm)),
          alarm.n > 1 ? h("span", {class: "dim"}, ` ${format.fill(w.times, {n: alarm.n})}`) : null,
        ),
        h(
          "p",
          {class: "dim"},
          caseNumbers(alarm, full),
          `${format.hm(alarm.raised_at)} · ${w.severities[alarm.severity]} · ${line(alarm)}`,
          full && alarm.comment ? ` · «${alarm.comment}»` : "",
        ),
      ),
      h(
        "div",
        {class: "alarm-buttons"},
        button(w.acts.follow, () => follow(alarm), "touch"),
        canTake && alarm.state === "unacknowledged"
          ? [
              signs(alarm),
              takes(alarm, full, alarm.kind !== "escalation_untaken"),
              full ? button(w.acts.shelve, () => shelve(alarm)) : null,
            ]
          : null,
        canTake && full && alarm.state === "acknowledged" ? button(w.acts.shelve, () => shelve(alarm)) : null,
        canTake && full && alarm.state === "shelved"
          ? button(w.acts.unshelve, async () => {
              const wrong = await act(alarm, "unshelve", {});
              if (wrong) toast(wrong, "bad");
            })
          : null,
      ),
    );

  const drawBar = () => {
    if (!tile) return;
    const open = tile.alarms.filter(a => a.state === "unacknowledged"),
      flood = tile.flood,
      fold = new Set((flood && flood.folded) || []);
    const shown = open.filter(a => !fold.has(a.id)).slice(0, 3),
      rest = open.length - shown.length;
    const count = $("tab-count-alarms");
    count.textContent = open.length || "";
    count.className = `count ${open.length ? "bad" : ""}`;
    const parts = shown.map(a => card(a));
    if (rest)
      parts.push(
        h(
          "article",
          {class: "alarm fold"},
          tiles.sign("soon"),
          h(
            "div",
            {class: "alarm-text"},
            h(
              "p",
              null,
              h(
                "b",
                null,
                flood && flood.since
                  ? format.fill(w.flood, {time: format.hm(flood.since), n: rest})
                  : format.fill(w.folds, {n: rest}),
              ),
            ),
          ),
          h(
            "div",
            {class: "alarm-buttons"},
            button(w.acts.all, () => desk.showTab("alarms"), "touch"),
          ),
        ),
      );
    if (open.length && !sound.ready()) parts.unshift(h("p", {class: "warn silent"}, w.acts.silent));
    redraw($("alarm-bar"), ...parts);
  };
  const drawList = () => {
    const box = $("body-alarms");
    if (!tile || box.hidden) return;
    // The history stays where it is while the cards above it change: who stands in it keeps the focus.
    if (cards.parentElement !== box) box.replaceChildren(cards, h("h2", null, w.acts.history), history.host);
    const budget = tile.budget;
    redraw(
      cards,
      h(
        "p",
        {class: "mid"},
        format.fill(w.budget, {n: budget.raised, acceptable: budget.acceptable, most: budget.most}),
        " · ",
        w.words[budget.word] || "",
      ),
      ...(tile.alarms.length ? tile.alarms.map(a => card(a, true)) : [h("p", {class: "none"}, w.none)]),
    );
  };
  return {
    sound,
    /** @param {import("../types/wire.d.ts").AlarmsTile} next */
    draw(next) {
      tile = next;
      sound.set(tile.sound);
      const key = JSON.stringify(tile.alarms) + JSON.stringify(tile.flood) + sound.ready();
      if (key !== told) {
        told = key;
        drawBar();
        drawList();
        if (!$("body-alarms").hidden) history.read();
      }
    },
    tick() {
      if (tile) {
        const key = JSON.stringify(tile.alarms) + JSON.stringify(tile.flood) + sound.ready();
        if (key !== told) {
          told = key;
          drawBar();
        }
      }
    },
    show() {
      if (tile) {
        drawList();
        history.read();
      }
    },
  };
};
