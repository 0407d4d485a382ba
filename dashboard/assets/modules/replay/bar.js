// @ts-check
// The bar above a past room: its moment, the buttons that move it, the line of the day, what was known then and now.
import {h} from "../core/dom.js";
import {token, wallUnit} from "../map/signs.js";
import {makeExport} from "./export.js";
import {REPLAY_SPEEDS} from "./player.js";

/** The bar: what moment, hands, the day's line, what was known then and is known now. */
export const startBar = (scope, player, texts, format, places) => {
  const root = document.getElementById("replay"),
    w = texts.replay,
    zone = places.zone;
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
  const say = h("p", {class: "say", role: "status"}),
    canvas = h("canvas"),
    cursor = h("i", {class: "cursor", hidden: ""}),
    tip = h("div", {class: "tip", hidden: ""});
  const slider = h(
    "div",
    {
      class: "line",
      role: "slider",
      tabindex: 0,
      "aria-label": w.line,
      "aria-valuenow": 0,
      "aria-valuemin": 0,
      "aria-valuemax": 1440,
    },
    canvas,
    cursor,
    tip,
  );
  const play = button("▶", w.play, () => player.play(!player.isPlaying()), {class: "play", id: "replay-play"});
  const speeds = REPLAY_SPEEDS.map(n =>
    button(`${n}×`, format.fill(w.speed, {n}), () => player.setSpeed(n), {"data-speed": n}),
  );
  const knownBox = h("table", {class: "known"}),
    late = h("button", {type: "button", class: "late", hidden: "", "aria-expanded": "false"});
  const lateList = h("div", {class: "late-list", hidden: ""});
  const FIGURES = ["open", "overdue", "due_soon", "at_district", "intake", "closed", "rate"];
  let line = null,
    clock = null,
    asked = -Infinity,
    fetching = null;

  const dayText = ms =>
    new Intl.DateTimeFormat("sv-SE", {timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit"}).format(ms);
  const minute = ms => format.hms(ms);
  /** The Unix ms of a day and a time on the district's clocks, or NaN. */
  const moment = (d, t) => {
    const found = /^(\d{4})-(\d\d?)-(\d\d?)$/.exec(d.trim()),
      at = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(t.trim());
    if (!found || !at || +at[1] > 23 || +at[2] > 59 || +(at[3] || 0) > 59) return NaN;
    const utc = Date.UTC(+found[1], +found[2] - 1, +found[3], +at[1], +at[2], +(at[3] || 0));
    const check = new Date(utc);
    if (check.getUTCMonth() !== +found[2] - 1 || check.getUTCDate() !== +found[3]) return NaN;
    const shown = Date.parse(
      `${new Intl.DateTimeFormat("sv-SE", {timeZone: zone, dateStyle: "short", timeStyle: "medium"}).format(utc).replace(" ", "T")}Z`,
    );
    return utc - (shown - utc);
  };
  /** Keys that are held, and hands that press again: one wish, where they end. */
  let wish = null,
    wishTimer = 0;
  const step = ms => {
    if (player.position() === null) return;
    wish = (wish === null ? player.position() : wish) + ms;
    scope.cancel(wishTimer);
    wishTimer = scope.after(150, () => {
      const at = wish;
      wish = null;
      go(at);
    });
  };
  /** The district's present moment, as the server last said it. */
  const present = () => (clock ? clock.now + performance.now() - clock.at : Infinity);
  const go = at => {
    if (at > present()) said(w.not_yet_shown);
    player.seek(Math.min(at, present() - 1000));
  };
  const toMark = async way => {
    if (!line) await fetchLine(); // a click that comes before the line is not lost
    const at = player.position();
    if (!line || at === null) return;
    const found =
      way > 0 ? line.marks.find(m => m.at > at + 500) : [...line.marks].reverse().find(m => m.at < at - 500);
    if (found) go(found.at + 250);
    else said(way > 0 ? w.no_mark_on : w.no_mark_back);
  };
  const streets = places.streets;
  const place = code => (streets[code] || {name: texts.word.unplaced}).name;
  let saidUntil = 0,
    saidText = "";
  const said = text => {
    saidText = text;
    saidUntil = performance.now() + 8000;
    draw();
  };

  const form = h("form", {class: "moment"}, h("span", null, w.moment), day, time, h("button", {type: "submit"}, w.go));
  form.onsubmit = event => {
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
      slider,
      h("div", {class: "views"}, knownBox, late, say),
      lateList,
    ].filter(Boolean),
  );

  const address = whole => {
    const query = new URLSearchParams(location.search);
    query.set("at", player.position() === null ? "" : String(Math.round(player.position() / 1000) * 1000));
    return `${whole ? location.origin : ""}/replay?${query}`;
  };
  /** The day of the position: its rhythm and marks; of the present day again every minute. One question at a time. */
  const fetchLine = () => (fetching ||= askLine().finally(() => (fetching = null)));
  const askLine = async () => {
    const at = player.position();
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
        line = found;
        clock = {now: found.now, at: performance.now()};
        drawLine();
        draw();
      }
    } catch {
      said(w.trouble.network);
    }
  };
  const markWords = m =>
    m.what === "case"
      ? `${texts.word.severity[m.severity]} ${(texts.language !== "en" && m.class_name) || texts.domain[m.domain] || ""}`
      : m.what === "alarm"
        ? `${w.alarm} ${texts.alarm.names[m.kind] || ""}`
        : w.marks[m.what];
  const x = at => (at - line.start) / (line.end - line.start);
  /** The day itself: drawn when it is another, or of another size; what moves on it is the cursor alone. */
  const drawLine = () => {
    const ratio = window.devicePixelRatio || 1,
      width = slider.clientWidth,
      height = slider.clientHeight;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const c = canvas.getContext("2d");
    c.scale(ratio, ratio);
    if (!line) return;
    const unit = wallUnit(),
      base = height - 22 * unit,
      most = Math.max(...line.rhythm, 1);
    c.font = `${19 * unit}px ${token("font")}`;
    c.textBaseline = "alphabetic";
    const bar = (width * line.step) / (line.end - line.start);
    c.fillStyle = token("mark-1");
    line.rhythm.forEach((n, i) => {
      const tall = ((base - 24 * unit) * n) / most;
      c.fillRect(i * bar + 0.5, base - tall, Math.max(bar - 1, 1), tall);
    });
    c.fillStyle = token("line-strong");
    c.fillRect(0, base, width, 1);
    c.fillStyle = token("ink-3");
    for (let k = 0; k <= 24; k += 3) {
      const at = line.start + k * 3600000;
      c.textAlign = k === 0 ? "left" : k === 24 ? "right" : "center";
      c.fillText(format.hms(at).slice(0, 5), x(at) * width, height - 4 * unit);
    }
    // What lies ahead of the present moment is not there.
    if (line.now < line.end) {
      c.fillStyle = token("ground");
      c.globalAlpha = 0.7;
      c.fillRect(x(line.now) * width, 0, width, base);
      c.globalAlpha = 1;
    }
    for (const m of line.marks) {
      const at = x(m.at) * width,
        top = 11 * unit;
      c.fillStyle = token(
        m.what === "case" && m.severity === 1
          ? "overdue"
          : m.what === "signed"
            ? "ink-2"
            : m.what === "case"
              ? "overdue"
              : "soon",
      );
      c.beginPath();
      if (m.what === "case") {
        const r = (m.severity === 1 ? 10 : 7.5) * unit;
        c.moveTo(at, top - r);
        c.lineTo(at + r, top);
        c.lineTo(at, top + r);
        c.lineTo(at - r, top);
      } else if (m.what === "signed") c.rect(at - unit, top - 8 * unit, 3 * unit, 16 * unit);
      else {
        c.moveTo(at, top - 8 * unit);
        c.lineTo(at + 8 * unit, top + 7 * unit);
        c.lineTo(at - 8 * unit, top + 7 * unit);
      }
      c.fill();
    }
  };
  const value = (name, n) => (name === "rate" ? format.percent(n) : format.count(n));
  let knownTold = null;
  const drawKnown = () => {
    const k = player.known();
    if (k === knownTold) return;
    knownTold = k;
    if (!k) {
      knownBox.replaceChildren();
      late.hidden = true;
      return;
    }
    const row = view =>
      h(
        "tr",
        null,
        h("th", {scope: "row"}, w[view]),
        FIGURES.map(name =>
          h(
            "td",
            {class: view === "now" && (!k.now || k.now[name] !== k.then[name]) ? "warn" : ""},
            k[view] ? value(name, k[view][name]) : texts.word.no_rate,
          ),
        ),
      );
    knownBox.replaceChildren(
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("td", null, minute(k.at).slice(0, 5)),
          FIGURES.map(name => h("th", {scope: "col"}, w.figures[name])),
        ),
      ),
      h("tbody", null, row("then"), row("now")),
    );
    late.hidden = !k.n;
    late.textContent = format.fill(w.late, {n: k.n});
    if (!k.n) {
      lateList.hidden = true;
      late.setAttribute("aria-expanded", "false");
    }
    lateList.replaceChildren(
      h("p", null, w.late_head),
      ...k.late.map(l =>
        h(
          "button",
          {type: "button", "data-late": l.case_id},
          h("b", null, `${format.hm(l.at)}`),
          h(
            "span",
            null,
            `${place(l.street)} ${(texts.language !== "en" && l.class_name) || texts.domain[l.domain] || ""} ${texts.event[l.type] || ""}`,
          ),
          h(
            "span",
            {class: "warn"},
            format.fill(w.late_by, {d: format.duration(l.received_at - l.at), time: format.hm(l.received_at)}),
          ),
        ),
      ),
      ...(k.n > k.late.length ? [h("p", null, format.fill(w.late_more, {n: k.n - k.late.length}))] : []),
    );
  };
  late.onclick = () => {
    lateList.hidden = !lateList.hidden;
    late.setAttribute("aria-expanded", String(!lateList.hidden));
  };
  lateList.addEventListener("click", event => {
    const one = event.target.closest("[data-late]");
    if (one) player.pick(one.dataset.late);
  });
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
    slider.setAttribute("aria-valuetext", `${dayText(at)} ${minute(at)}`);
    slider.setAttribute(
      "aria-valuenow",
      line ? String(Math.min(Math.max(Math.round((at - line.start) / 60000), 0), 1440)) : "0",
    );
    cursor.hidden = !line || at < line.start || at >= line.end;
    if (!cursor.hidden) cursor.style.left = `${100 * x(at)}%`;
    drawKnown();
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
  const atX = event => {
    const box = slider.getBoundingClientRect();
    return line.start + (line.end - line.start) * Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
  };
  const near = at =>
    line.marks
      .filter(m => Math.abs(m.at - at) < (line.end - line.start) / 200)
      .sort((a, b) => a.severity - b.severity || Math.abs(a.at - at) - Math.abs(b.at - at))[0];
  slider.addEventListener("click", event => {
    if (!line) return;
    const at = atX(event),
      mark = event.offsetY < slider.clientHeight / 3 ? near(at) : null;
    go(mark ? mark.at + 250 : at);
  });
  slider.addEventListener("pointermove", event => {
    if (!line) return;
    const at = atX(event),
      mark = near(at);
    tip.hidden = false;
    tip.textContent = mark
      ? `${minute(mark.at)} ${markWords(mark)}`
      : `${minute(at).slice(0, 5)} · ${format.fill(w.received, {n: line.rhythm[Math.floor((at - line.start) / line.step)] || 0})}`;
    const left = event.clientX - slider.getBoundingClientRect().left;
    tip.style.left = `${Math.min(left, slider.clientWidth - tip.offsetWidth)}px`;
  });
  slider.addEventListener("pointerleave", () => {
    tip.hidden = true;
  });
  scope.listen(document, "keydown", event => {
    if (event.key === "Escape" && !lateList.hidden) {
      late.onclick();
      late.focus();
      return;
    }
    if (
      event.altKey ||
      event.ctrlKey ||
      event.metaKey ||
      event.target.closest("input, select, .leaflet-container, dialog, .case-panel, .late-list")
    )
      return;
    if (line && event.target === slider && (event.key === "Home" || event.key === "End")) {
      go(event.key === "Home" ? line.start : line.end - 1000);
      event.preventDefault();
      return;
    }
    const by = {
      ArrowLeft: -60000,
      ArrowDown: event.target === slider ? -60000 : 0,
      ArrowRight: 60000,
      ArrowUp: event.target === slider ? 60000 : 0,
      PageUp: -3600000,
      PageDown: 3600000,
    }[event.key];
    if (by) {
      step(event.shiftKey ? by * 10 : by);
      event.preventDefault();
    }
    if (event.key === " " && !event.target.closest("button, a, [role=button]")) {
      player.play(!player.isPlaying());
      event.preventDefault();
    }
  });
  scope
    .observe(
      new ResizeObserver(() => {
        drawLine();
      }),
    )
    .observe(slider);
  scope.every(250, draw);

  const query = new URLSearchParams(location.search),
    speed = +query.get("speed");
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
