// Alarms (ISA-18.2): words for each, the sound that repeats until somebody takes it, the bar and the list of a desk.
"use strict";

/** What an alarm says, in words; the same on a wall and on a desk. */
lianqin.alarmWords = (texts, format, tiles) => {
  const words = texts.alarm;
  const report = number => number === 0 ? words.reports.phone : number === 1 ? words.reports.written : format.fill(words.reports.follow_up, {n: number - 1});
  return alarm => format.fill(words.kinds[alarm.kind] || words.names[alarm.kind] || alarm.kind, {
    street: alarm.subject.street ? tiles.street(alarm.subject.street) : words.no_street,
    class: (texts.language !== "en" && alarm.class_name) || texts.domain[alarm.domain] || "", n: alarm.number,
    time: alarm.due_at ? format.hm(alarm.due_at) : "", source: alarm.subject.source || "", report: report(alarm.number),
  });
};

/**
 * Two short tones, again every 10 s while something is untaken. A browser lets a page sound only after a hand has
 * touched it: until then the page says 声音未启用.
 */
lianqin.makeSound = () => {
  let context = null, timer = 0, severity = 0;
  const ready = () => context && context.state === "running";
  const open = () => { context = context || new (window.AudioContext || window.webkitAudioContext)(); if (context.state === "suspended") context.resume().catch(() => {}); };
  const tone = (at, pitch, length) => {
    const osc = context.createOscillator(), gain = context.createGain();
    osc.frequency.value = pitch;
    gain.gain.setValueAtTime(0, at); gain.gain.linearRampToValueAtTime(0.25, at + 0.02); gain.gain.setValueAtTime(0.25, at + length - 0.04); gain.gain.linearRampToValueAtTime(0, at + length);
    osc.connect(gain).connect(context.destination);
    osc.start(at); osc.stop(at + length);
  };
  const play = () => {
    sound.played += 1;
    if (!ready()) return;
    const at = context.currentTime, n = severity === 1 ? 3 : 2;
    for (let k = 0; k < n; k++) tone(at + k * 0.25, severity === 1 ? 880 : 660, 0.18);
  };
  const sound = {
    played: 0, ready,
    /** 0: silence */
    set(next) {
      const louder = next && (!severity || next < severity);
      severity = next;
      clearInterval(timer); timer = 0;
      if (!next) return;
      try { open(); } catch { return; }
      if (louder) play();
      timer = setInterval(play, 10000);
    },
    /** A hand has touched the page: sound may begin. */
    touch() { if (!ready()) { try { open(); } catch { /* no sound on this machine: the page says so */ } } },
  };
  for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, sound.touch, {passive: true});
  try { open(); } catch { /* the same */ }
  return sound;
};

lianqin.makeDeskAlarms = (root, desk) => {
  const {about, texts, format, tiles, words} = desk, w = texts.alarm, h = lianqin.h, $ = id => document.getElementById(id);
  const say = lianqin.alarmWords(texts, format, tiles), sound = lianqin.makeSound(), canTake = about.rights.includes("take_alarm");
  let tile = null, told = "", folded = true;

  const refused = said => said.error && format.fill(w.refused[said.code] || said.error, {who: said.who || "", time: said.at ? format.hm(said.at) : "", hours: ""});
  const act = async (alarm, verb, body) => { const said = await lianqin.post(`/api/v1/alarms/${encodeURIComponent(alarm.id)}/${verb}`, body); return said.error ? refused(said) : undefined; };
  const take = alarm => lianqin.ask(texts, w.acts.acknowledge, [["comment", w.acts.comment, h("input", {name: "comment", maxlength: 500})]], values => act(alarm, "acknowledge", {comment: values.comment}), {note: say(alarm), button: w.acts.acknowledge});
  const quick = async alarm => { const wrong = await act(alarm, "acknowledge", {comment: ""}); if (wrong) lianqin.toast(wrong, "bad"); };
  const shelve = alarm => lianqin.ask(texts, w.acts.shelve, [
    ["minutes", w.acts.minutes, h("select", {name: "minutes"}, [15, 30, 60, 120, 240, 480].map(n => h("option", {value: n}, format.duration(n * 60000))))],
    ["comment", w.acts.reason, h("input", {name: "comment", required: "", minlength: 2, maxlength: 500})],
  ], values => act(alarm, "shelve", {comment: values.comment, until: Math.round(lianqin.live.now() + values.minutes * 60000)}), {note: say(alarm)});
  /** Every alarm leads to what to do. */
  const follow = alarm => {
    if (alarm.subject.case_id) { lianqin.showDeskTab("queue"); desk.pick(alarm.subject.case_id); }
    else if (alarm.what_to_do === "open_camera") open(`/coverage${texts.language === "en" ? "?lang=en" : ""}`, "_blank", "noopener");
    else if (alarm.what_to_do === "confirm_proposal") { lianqin.showDeskTab("queue"); desk.queue.state.only.add("proposed"); desk.queue.refilter(); }
    else lianqin.toast(w.what_to_do[alarm.what_to_do] || "");
    if (alarm.what_to_do === "write_report" && lianqin.deskTabs) lianqin.deskTabs.report(alarm.subject.case_id, alarm.number);
  };
  const line = alarm => {
    if (alarm.state === "acknowledged") return format.fill(w.taken, {who: alarm.acked_by, time: format.hm(alarm.acked_at)}) + (alarm.lapses_at ? ` · ${format.fill(w.lapses, {time: format.hm(alarm.lapses_at)})}` : "");
    if (alarm.state === "shelved") return format.fill(w.shelved, {who: alarm.shelved_by, time: format.hm(alarm.shelved_until)});
    if (alarm.state === "cleared") return format.fill(w.cleared, {time: format.hm(alarm.cleared_at)});
    return `${w.states.unacknowledged} · ${w.levels[alarm.level]}` + (alarm.acked_at ? ` · ${format.fill(w.lapsed, {who: alarm.acked_by, time: format.hm(alarm.acked_at)})}` : "");
  };
  const button = (label, click, cls = "") => { const b = h("button", {class: cls}, label); b.onclick = click; return b; };
  const card = (alarm, full = false) => h("article", {class: `alarm s${alarm.severity} ${alarm.state}`, "data-alarm": alarm.id},
    tiles.sign(alarm.severity === 1 ? "overdue" : "soon"),
    h("div", {class: "alarm-text"}, h("p", null, h("b", null, say(alarm)), alarm.n > 1 ? h("span", {class: "dim"}, ` ${format.fill(w.times, {n: alarm.n})}`) : null),
      h("p", {class: "dim"}, `${format.hm(alarm.raised_at)} · ${w.severities[alarm.severity]} · ${line(alarm)}`, full && alarm.comment ? ` · «${alarm.comment}»` : "")),
    h("div", {class: "alarm-buttons"}, button(w.acts.follow, () => follow(alarm), "touch"),
      canTake && alarm.state === "unacknowledged" ? [button(w.acts.acknowledge, () => full ? take(alarm) : quick(alarm), full ? "" : "first"), full ? button(w.acts.shelve, () => shelve(alarm)) : null] : null,
      canTake && full && alarm.state === "acknowledged" ? button(w.acts.shelve, () => shelve(alarm)) : null,
      canTake && full && alarm.state === "shelved" ? button(w.acts.unshelve, async () => { const wrong = await act(alarm, "unshelve", {}); if (wrong) lianqin.toast(wrong, "bad"); }) : null));

  const drawBar = () => {
    const open = tile.alarms.filter(a => a.state === "unacknowledged"), flood = tile.flood, fold = new Set(flood && flood.folded || []);
    const shown = open.filter(a => !fold.has(a.id)).slice(0, 3), rest = open.length - shown.length;
    const count = $("tab-count-alarms");
    count.textContent = open.length || "";
    count.className = `count ${open.length ? "bad" : ""}`;
    const parts = shown.map(a => card(a));
    if (rest) parts.push(h("article", {class: "alarm fold"}, tiles.sign("soon"), h("div", {class: "alarm-text"}, h("p", null, h("b", null, flood && flood.since ? format.fill(w.flood, {time: format.hm(flood.since), n: rest}) : format.fill(w.folds, {n: rest})))), h("div", {class: "alarm-buttons"}, button(w.acts.all, () => lianqin.showDeskTab("alarms"), "touch"))));
    if (open.length && !sound.ready()) parts.unshift(h("p", {class: "warn silent"}, w.acts.silent));
    lianqin.redraw($("alarm-bar"), ...parts);
  };
  const drawList = () => {
    const box = $("body-alarms");
    if (box.hidden) return;
    const budget = tile.budget;
    lianqin.redraw(box,
      h("p", {class: "mid"}, format.fill(w.budget, {n: budget.raised, acceptable: budget.acceptable, most: budget.most}), " · ", w.words[budget.word] || ""),
      ...(tile.alarms.length ? tile.alarms.map(a => card(a, true)) : [h("p", {class: "none"}, w.none)]),
      h("h2", null, w.acts.history), lives);
  };
  const lives = h("ol", {class: "lives"});
  const readLives = async () => {
    const answer = await fetch(`/api/v1/alarms/lives?seat=${encodeURIComponent(about.seat)}`).catch(() => null);
    if (!answer || !answer.ok) return;
    lives.replaceChildren(...(await answer.json()).lives.map(life => h("li", null, h("time", null, format.hm(life.at)), h("span", null, w.names[life.kind] || life.kind), h("b", null, w.steps[life.what] || life.what), h("span", {class: "dim"}, [life.who || w.system, life.comment].filter(Boolean).join(" · ")))));
  };
  return {
    sound,
    draw(next) {
      tile = next;
      sound.set(tile.sound);
      const key = JSON.stringify(tile.alarms) + JSON.stringify(tile.flood) + sound.ready();
      if (key !== told) { told = key; drawBar(); drawList(); if (!$("body-alarms").hidden) readLives(); }
    },
    tick() { if (tile) { const key = JSON.stringify(tile.alarms) + JSON.stringify(tile.flood) + sound.ready(); if (key !== told) { told = key; drawBar(); } } },
    show() { if (tile) { drawList(); readLives(); } },
  };
};
