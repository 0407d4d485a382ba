// @ts-check
// What was known at a past moment beside what is known now, and the cases that came late.
import {h} from "../core/dom.js";

/** @param {import("./player.js").Player} player  @param {Texts} texts  @param {Format} format  @param {Places["streets"]} streets */
export const makeKnown = (player, texts, format, streets) => {
  const w = texts.replay;
  const knownBox = h("table", {class: "known"}),
    late = h("button", {type: "button", class: "late", hidden: "", "aria-expanded": "false"});
  const lateList = h("div", {class: "late-list", hidden: ""});
  const FIGURES = ["open", "overdue", "due_soon", "at_district", "intake", "closed", "rate"];
  /** @param {string} code */
  const place = code => (streets[code] || {name: texts.word.unplaced}).name;
  /** @param {string} name  @param {number} n */
  const value = (name, n) => (name === "rate" ? format.percent(n) : format.count(n));
  /** @type {import("./player.js").Known|null} */
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
    /** @param {"then"|"now"} view */
    const row = view => {
      const figures = k[view];
      return h(
        "tr",
        null,
        h("th", {scope: "row"}, w[view]),
        FIGURES.map(name =>
          h(
            "td",
            {class: view === "now" && (!k.now || k.now[name] !== k.then[name]) ? "warn" : ""},
            figures ? value(name, figures[name]) : texts.word.no_rate,
          ),
        ),
      );
    };
    knownBox.replaceChildren(
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("td", null, format.hms(k.at).slice(0, 5)),
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
  lateList.addEventListener("click", (/** @type {On<MouseEvent>} */ event) => {
    const one = event.target.closest("[data-late]");
    if (one) player.pick(one.dataset.late || "");
  });
  return {
    box: knownBox,
    late,
    list: lateList,
    draw: drawKnown,
    /** Close the list of what came late; whether it was open. */
    leave() {
      if (lateList.hidden) return false;
      late.onclick();
      late.focus();
      return true;
    },
  };
};
