// @ts-check
// What the wall, the desks and the coverage say in one way: names of places and classes, signs, countdowns, sources.
import {h} from "./dom.js";
import {AT as A} from "./reducer.js";

/** @typedef {Partial<import("../types/wire.d.ts").WallTiles>} Truth  what the truth bar is made of */

/** What is wrong comes first. @type {{[word: string]: number}} */
const ORDER = {stopped: 0, late: 1, no_heartbeat: 2, never: 3};

/** @param {Texts} texts  @param {Format} format  @param {Places} places */
export const makeTiles = (texts, format, places) => {
  const word = texts.word;
  /** @param {string} kind */
  const sign = kind => h("i", {class: `sign ${kind}`, "aria-hidden": "true"});
  /** @param {string} code  @returns {string} */
  const street = code => (code ? (places.streets[code] || {name: code}).name : word.unplaced);
  /** @param {string} code */
  const unit = code => places.units[code] || code;
  /**
   * The names of classes come with the cases, in Chinese: the English page shows the unified class instead.
   * @param {import("../types/wire.d.ts").Row} row
   * @returns {string}
   */
  const className = row =>
    (texts.language !== "en" && row[A.className]) || texts.domain[row[A.domain]] || texts.domain["99"];

  return {
    street,
    unit,
    className,
    sign,

    /** @param {number} left  ms */
    countdown(left) {
      if (left === Infinity) return h("b", {class: "dim"}, word.no_deadline);
      const space = texts.unit.tight || word.remaining ? " " : "";
      return left <= 0
        ? h("b", {class: "bad"}, `${word.over} ${format.duration(left)}`)
        : h("b", null, `${word.remaining}${space}${format.duration(left)}`.trim());
    },
    /**
     * Words, not only dots: what is abnormal by name, the rest as one count.
     * @param {Truth["sources"]} rows
     * @param {Truth} truth
     * @param {number} refused
     * @param {string} state
     * @param {number} age
     * @param {number} now
     */
    sources(rows, {feed, processes, around}, refused, state, age, now) {
      const parts = [],
        since = (/** @type {number} */ ms) => format.hm(ms);
      if (state === "offline") parts.push(h("span", {class: "bad"}, sign("overdue"), word.offline));
      else {
        [
          ["redis", "bad"],
          ["store", "bad"],
          ["behind", "warn"],
          ["refuses", "bad"],
        ].forEach(([name, how], i) => {
          const at = feed?.[i] ?? null;
          if (at !== null)
            parts.push(
              h(
                "span",
                {class: how},
                sign(how === "bad" ? "overdue" : "soon"),
                format.fill(texts.feed[name], {time: since(at)}),
              ),
            );
        });
        const [dead, ...others] = processes || [];
        if (dead)
          parts.push(
            h(
              "span",
              {
                class: "bad",
                title: others.map(([name, how]) => `${texts.process[name]} ${texts.process_state[how]}`).join(", "),
              },
              sign("overdue"),
              `${texts.process[dead[0]] || dead[0]} ${texts.process_state[dead[1]]}`,
              others.length ? ` +${others.length}` : "",
            ),
          );
        const [first, ...more] = (around || []).map(([kind, about]) =>
          kind === "ignored_clock"
            ? texts.around[kind]
            : `${texts.around[kind]} ${about.length > 24 ? about.slice(0, 23) + "…" : about}`,
        );
        if (first)
          parts.push(
            h(
              "span",
              {
                class: "warn",
                title: (around || []).map(([kind, about]) => `${texts.around[kind]} ${about}`).join(", "),
              },
              sign("soon"),
              first,
              more.length ? ` +${more.length}` : "",
            ),
          );
        if (!parts.length && state !== "live")
          parts.push(h("span", {class: "warn"}, sign("soon"), `${word.late} ${format.duration(age)}`));
      }
      const odd = (rows || []).filter(r => r[2] !== "live"),
        fine = (rows || []).length - odd.length,
        room = Math.max(3 - parts.length, 0);
      odd.sort((a, b) => ORDER[a[2]] - ORDER[b[2]]);
      for (const [, name, how, at] of odd.slice(0, room)) {
        const when =
          at === null || how === "never" ? "" : how === "late" ? ` ${format.duration(now - at)}` : ` ${since(at)}`;
        parts.push(
          h(
            "span",
            {class: how === "stopped" ? "bad" : how === "late" ? "warn" : ""},
            how === "stopped" || how === "late" ? sign(how === "stopped" ? "overdue" : "soon") : null,
            `${name} `,
            h("b", null, texts.source[how] + when),
          ),
        );
      }
      if (odd.length > room) parts.push(h("span", {class: "warn"}, `+${odd.length - room}`));
      if (fine && state !== "offline")
        parts.push(
          h(
            "span",
            null,
            fine <= 2 && odd.length === 0 ? (rows || []).map(r => r[1]).join(" ") + " " : `${fine} `,
            h("b", null, texts.source.live),
          ),
        );
      parts.push(h("span", null, `${word.refused} `, h("b", null, format.count(refused))));
      return parts;
    },
  };
};
