// @ts-check
// The line of a day: its rhythm as bars, its marks, the cursor, and the hand that goes to a moment on it.
import {h} from "../core/dom.js";
import {token, wallUnit} from "../map/signs.js";

/** @typedef {{at: number, what: string, severity: number, class_name: string, domain: string, kind: string}} Mark */
/** @typedef {{start: number, end: number, now: number, step: number, rhythm: number[], marks: Mark[]}} DayLine  times in Unix ms */

/** ``go`` takes the moment that a hand has chosen, in Unix ms.  @param {Scope} scope  @param {Texts} texts  @param {Format} format  @param {(at: number) => void} go */
export const makeDayLine = (scope, texts, format, go) => {
  const w = texts.replay;
  /** @type {DayLine|null} */
  let line = null;
  const canvas = h("canvas"),
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
  /** @param {Mark} m */
  const markWords = m =>
    m.what === "case"
      ? `${texts.word.severity[m.severity]} ${(texts.language !== "en" && m.class_name) || texts.domain[m.domain] || ""}`
      : m.what === "alarm"
        ? `${w.alarm} ${texts.alarm.names[m.kind] || ""}`
        : w.marks[m.what];
  /** @param {DayLine} day  @param {number} at */
  const x = (day, at) => (at - day.start) / (day.end - day.start);
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
    const day = line;
    if (!day) return;
    const unit = wallUnit(),
      base = height - 22 * unit,
      most = Math.max(...day.rhythm, 1);
    c.font = `${19 * unit}px ${token("font")}`;
    c.textBaseline = "alphabetic";
    const bar = (width * day.step) / (day.end - day.start);
    c.fillStyle = token("mark-1");
    day.rhythm.forEach((n, i) => {
      const tall = ((base - 24 * unit) * n) / most;
      c.fillRect(i * bar + 0.5, base - tall, Math.max(bar - 1, 1), tall);
    });
    c.fillStyle = token("line-strong");
    c.fillRect(0, base, width, 1);
    c.fillStyle = token("ink-3");
    for (let k = 0; k <= 24; k += 3) {
      const at = day.start + k * 3600000;
      c.textAlign = k === 0 ? "left" : k === 24 ? "right" : "center";
      c.fillText(format.hms(at).slice(0, 5), x(day, at) * width, height - 4 * unit);
    }
    // What lies ahead of the present moment is not there.
    if (day.now < day.end) {
      c.fillStyle = token("ground");
      c.globalAlpha = 0.7;
      c.fillRect(x(day, day.now) * width, 0, width, base);
      c.globalAlpha = 1;
    }
    for (const m of day.marks) {
      const at = x(day, m.at) * width,
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
  /** @param {DayLine} day  @param {MouseEvent} event */
  const atX = (day, event) => {
    const box = slider.getBoundingClientRect();
    return day.start + (day.end - day.start) * Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
  };
  /** @param {DayLine} day  @param {number} at */
  const near = (day, at) =>
    day.marks
      .filter(m => Math.abs(m.at - at) < (day.end - day.start) / 200)
      .sort((a, b) => a.severity - b.severity || Math.abs(a.at - at) - Math.abs(b.at - at))[0];
  slider.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    if (!line) return;
    const at = atX(line, event),
      mark = event.offsetY < slider.clientHeight / 3 ? near(line, at) : null;
    go(mark ? mark.at + 250 : at);
  });
  slider.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (!line) return;
    const at = atX(line, event),
      mark = near(line, at);
    tip.hidden = false;
    tip.textContent = mark
      ? `${format.hms(mark.at)} ${markWords(mark)}`
      : `${format.hms(at).slice(0, 5)} · ${format.fill(w.received, {n: line.rhythm[Math.floor((at - line.start) / line.step)] || 0})}`;
    const left = event.clientX - slider.getBoundingClientRect().left;
    tip.style.left = `${Math.min(left, slider.clientWidth - tip.offsetWidth)}px`;
  });
  slider.addEventListener("pointerleave", () => {
    tip.hidden = true;
  });
  scope
    .observe(
      new ResizeObserver(() => {
        drawLine();
      }),
    )
    .observe(slider);
  return {
    slider,
    get line() {
      return line;
    },
    /** Another day, or more of it.  @param {DayLine} found */
    show(found) {
      line = found;
      drawLine();
    },
    /** The cursor stands at a moment; ``words`` say which.  @param {number} at  @param {string} words */
    put(at, words) {
      slider.setAttribute("aria-valuetext", words);
      slider.setAttribute(
        "aria-valuenow",
        line ? String(Math.min(Math.max(Math.round((at - line.start) / 60000), 0), 1440)) : "0",
      );
      cursor.hidden = !line || at < line.start || at >= line.end;
      if (line && !cursor.hidden) cursor.style.left = `${100 * x(line, at)}%`;
    },
  };
};
