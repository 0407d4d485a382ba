// @ts-check
// The bar above a past room: its moment, the buttons that move it, the line of the day, what was known then and now.
import {$, h} from "../core/dom.js";
import {makeDayLine} from "./day-line.js";
import {makeExport} from "./export.js";
import {makeKnown} from "./known.js";
import {makeMoments} from "./moments.js";
import {REPLAY_SPEEDS} from "./player.js";

/**
 * The bar: what moment, hands, the day's line, what was known then and is known now.
 * @param {Scope} scope
 * @param {import("./player.js").Player} player
 * @param {Texts} texts
 * @param {Format} format
 * @param {Places} places
 */
export const startBar = (scope, player, texts, format, places) => {
  const root = $("replay"),
    w = texts.replay;
  /** @param {string} sign  @param {string} title  @param {() => void} act  @param {{[attribute: string]: any}} [more] */
  const button = (sign, title, act, more = {}) =>
    Object.assign(h("button", {type: "button", title, "aria-label": title, ...more}, sign), {onclick: act});
  const day = h("input", {
    id: "replay-day",
    size: 10,
    "aria-label": w.day_form,
    title: w.day_form,
    placeholder: w.day_form,
    autocomplete: "off",
  });
  const time = h("input", {
    id: "replay-time",
    size: 8,
    "aria-label": w.time_form,
    title: w.time_form,
    placeholder: w.time_form,
    autocomplete: "off",
  });
  const say = h("p", {class: "say", role: "status"});
  const play = button("▶", w.play, () => player.play(!player.isPlaying()), {class: "play", id: "replay-play"});
  const speeds = REPLAY_SPEEDS.map(n =>
    button(`${n}×`, format.fill(w.speed, {n}), () => player.setSpeed(n), {"data-speed": n}),
  );
  /** @type {{now: number, at: number}|null} */
  let clock = null;
  let asked = -Infinity;
  /** @type {Promise<void>|null} */
  let fetching = null;
  const {dayText, moment} = makeMoments(places.zone),
    minute = (/** @type {number} */ ms) => format.hms(ms);
  /** Keys that are held, and hands that press again: one wish, where they end.  @type {number|null} */
  let wish = null;
  let wishTimer = 0;
  /** @param {number} ms */
  const step = ms => {
    const from = wish === null ? player.position() : wish;
    if (player.position() === null || from === null) return;
    wish = from + ms;
    scope.cancel(wishTimer);
    wishTimer = scope.after(150, () => {
      const at = wish;
      wish = null;
      if (at !== null) go(at);
    });
  };
  /** The district's present moment, as the server last said it. */
  const present = () => (clock ? clock.now + performance.now() - clock.at : Infinity);
  /** @param {number} at */
  const go = at => {
    if (at > present()) said(w.not_yet_shown);
    player.seek(Math.min(at, present() - 1000));
  };
  /** @param {number} way  1: on, -1: back */
  const toMark = async way => {
    if (!days.line) await fetchLine(); // a click that comes before the line is not lost
    const at = player.position(),
      line = days.line;
    if (!line || at === null) return;
    const found =
      way > 0 ? line.marks.find(m => m.at > at + 500) : [...line.marks].reverse().find(m => m.at < at - 500);
    if (found) go(found.at + 250);
    else said(way > 0 ? w.no_mark_on : w.no_mark_back);
  };
  let saidUntil = 0,
    saidText = "";
  /** @param {string} text */
  const said = text => {
    saidText = text;
    saidUntil = performance.now() + 8000;
    draw();
  };

  const days = makeDayLine(scope, texts, format, go),
    known = makeKnown(player, texts, format, places.streets);

  const form = h("form", {class: "moment"}, h("span", null, w.moment), day, time, h("button", {type: "submit"}, w.go));
  form.onsubmit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const at = moment(day.value, time.value);
    if (Number.isNaN(at)) {
      said(w.not_a_moment);
      return;
    }
    /** @type {HTMLElement} */ (document.activeElement).blur();
    go(at);
  };
  const copy = button(w.link, w.link_title, async () => {
    try {
      await navigator.clipboard.writeText(address(true));
      said(w.copied);
    } catch {
      said(address(true));
    }
  });
  root.append(
    ...[
      h("div", {class: "board"}, h("b", null, w.name), h("span", null, w.not_live)),
      h(
        "div",
        {class: "hands"},
        form,
        h(
          "div",
          {class: "steps"},
          button("«", w.day_back, () => step(-86400000)),
          button("|◆", w.mark_back, () => toMark(-1)),
          button("‹", w.back, () => step(-60000)),
          play,
          button("›", w.on, () => step(60000)),
          button("◆|", w.mark_on, () => toMark(1)),
          button("»", w.day_on, () => step(86400000)),
        ),
        h("div", {class: "speeds", role: "group", "aria-label": w.speeds}, speeds),
        copy,
        root.dataset.export ? makeExport(scope, player, w, format, said) : null,
        h("a", {href: `/wall${location.search.includes("lang=en") ? "?lang=en" : ""}`}, w.to_now),
      ),
      days.slider,
      h("div", {class: "views"}, known.box, known.late, say),
      known.list,
    ].filter(Boolean),
  );

  /** @param {boolean} whole */
  const address = whole => {
    const query = new URLSearchParams(location.search);
    const at = player.position();
    query.set("at", at === null ? "" : String(Math.round(at / 1000) * 1000));
    return `${whole ? location.origin : ""}/replay?${query}`;
  };
  /** The day of the position: its rhythm and marks; of the present day again every minute. One question at a time. */
  const fetchLine = () => (fetching ||= askLine().finally(() => (fetching = null)));
  const askLine = async () => {
    const at = player.position(),
      line = days.line;
    if (
      at === null ||
      (line && at >= line.start && at < line.end && (line.end <= line.now || performance.now() - asked < 60000))
    )
      return;
    if (performance.now() - asked < 1500) return;
    asked = performance.now();
    try {
      const found = await (await fetch(`/api/v1/replay/day?at=${Math.round(at)}`)).json();
      if (!found.error) {
        clock = {now: found.now, at: performance.now()};
        days.show(found);
        draw();
      }
    } catch {
      said(w.trouble.network);
    }
  };
  let addressed = "",
    shownDay = "";
  const draw = () => {
    const at = player.position(),
      trouble = player.trouble();
    root.dataset.playing = player.isPlaying() ? "1" : "";
    document.documentElement.dataset.moment = at === null ? "" : String(Math.round(at));
    play.textContent = player.isPlaying() ? "❚❚" : "▶";
    play.title = player.isPlaying() ? w.pause : w.play;
    play.setAttribute("aria-label", play.title);
    for (const one of speeds) one.setAttribute("aria-pressed", String(+one.dataset.speed === player.speed()));
    const words =
      trouble === "not_yet"
        ? format.fill(w.trouble.not_yet, {n: Math.round(100 * (player.share || 0))})
        : (trouble === "nothing" || trouble === "archived") && player.first
          ? format.fill(trouble === "archived" ? w.trouble.archived : w.trouble.nothing_before, {
              time: `${dayText(player.first)} ${minute(player.first)}`,
            })
          : trouble
            ? w.trouble[trouble] || trouble
            : "";
    const shown = words || (performance.now() < saidUntil ? saidText : player.isWaiting() ? w.waiting : "");
    if (say.textContent !== shown) say.textContent = shown; // it is read aloud when it changes
    say.className = words ? "say warn" : "say";
    if (at === null) return;
    if (document.activeElement !== day && document.activeElement !== time) {
      day.value = dayText(at);
      time.value = minute(at);
    }
    days.put(at, `${dayText(at)} ${minute(at)}`);
    known.draw();
    if (!player.isPlaying() && !player.isWaiting() && address(false) !== addressed) {
      addressed = address(false);
      history.replaceState(null, "", addressed);
    }
    if (dayText(at) !== shownDay) {
      shownDay = dayText(at);
      asked = -Infinity;
    }
    fetchLine();
  };
  player.changed = draw;
  player.ended = () => said(w.at_present);
  scope.listen(document, "keydown", event => {
    if (event.key === "Escape" && known.leave()) return;
    if (
      event.altKey ||
      event.ctrlKey ||
      event.metaKey ||
      event.target.closest("input, select, .leaflet-container, dialog, .case-panel, .late-list")
    )
      return;
    const onLine = event.target === days.slider;
    if (days.line && onLine && (event.key === "Home" || event.key === "End")) {
      go(event.key === "Home" ? days.line.start : days.line.end - 1000);
      event.preventDefault();
      return;
    }
    /** @type {{[key: string]: number}} */
    const by = {
      ArrowLeft: -60000,
      ArrowDown: onLine ? -60000 : 0,
      ArrowRight: 60000,
      ArrowUp: onLine ? 60000 : 0,
      PageUp: -3600000,
      PageDown: 3600000,
    };
    const ms = by[event.key];
    if (ms) {
      step(event.shiftKey ? ms * 10 : ms);
      event.preventDefault();
    }
    if (event.key === " " && !event.target.closest("button, a, [role=button]")) {
      player.play(!player.isPlaying());
      event.preventDefault();
    }
  });
  scope.every(250, draw);

  const query = new URLSearchParams(location.search),
    speed = Number(query.get("speed"));
  if (REPLAY_SPEEDS.includes(speed)) player.setSpeed(speed);
  const wanted = query.get("at") || query.get("day") || "";
  (async () => {
    const at = /^\d{12,14}$/.test(wanted) ? +wanted : Date.parse(wanted);
    let found;
    try {
      found = await (await fetch("/api/v1/replay/day")).json();
    } catch {
      found = {error: "network"};
    }
    if (found.error) {
      said(w.trouble[found.error] || found.error);
      return;
    }
    clock = {now: found.now, at: performance.now()};
    if (wanted && Number.isNaN(at)) said(w.unknown_shown);
    go(Number.isNaN(at) ? found.now - 3600000 : at);
  })();
};
