// @ts-check
// The faces of /coverage: figures, rankings, the plan. Values in, elements out; text goes in as text.
import {h} from "../core/dom.js";

/** A number with its thousands apart.  @param {number} n  @param {number} [digits] */
export const number = (n, digits = 0) =>
  n.toLocaleString("en-US", {minimumFractionDigits: digits, maximumFractionDigits: digits});

/** @param {Texts} texts  @param {Format} format  @param {Places} places */
export const makeCoverageFaces = (texts, format, places) => {
  const words = texts.coverage,
    fill = format.fill;
  /** @param {string|undefined} code  @returns {string} */
  const street = code => (code ? (places.streets[code] || {name: code}).name : "");
  /** @param {number} part  @param {number} whole */
  const share = (part, whole) => (whole > 0 ? part / whole : null);
  /** @param {string} name  @param {string} when  @param {...any} content  elements and texts */
  const section = (name, when, ...content) =>
    h(
      "section",
      {class: "block"},
      h("header", null, h("h2", null, name), h("span", {class: "when"}, when || "")),
      ...content,
    );
  /** @param {number} m2 */
  const km2 = m2 => number(m2 / 1e6, m2 < 1e7 ? 2 : 1);
  /** One grammar: name, bar (solid: live, thin: planned, stroke: target), value, n.  @param {number|null} live  @param {number|null} planned  @param {number} [target] */
  const bar = (live, planned, target) =>
    h("i", {
      class: "bar",
      style: `--live:${100 * (live || 0)}%;--planned:${100 * (planned || 0)}%;--target:${target === undefined ? -9 : 100 * target}%`,
    });

  /** @param {string} name  @param {import("../types/wire.d.ts").Listed} l */
  const listedRow = (name, l) => {
    const known = l.n - l.unknown;
    return [
      h("span", null, name),
      bar(share(l.live, l.n), share(l.planned, l.n)),
      h("b", {class: "r"}, `${l.live}/${l.n}`),
      h("span", {class: "r dim"}, `${words.planned_short} ${l.planned}`),
      known < l.n ? h("span", {class: "wide dim"}, `${words.not_known} ${l.n - known}`) : null,
    ];
  };
  /** @param {import("../types/wire.d.ts").WatchedSpot} spot  @param {Pick<import("./view.js").View, "light"|"isNight"|"planned">} view */
  const gapOf = (spot, view) => {
    const night = view.light === "night" || (view.light === "now" && view.isNight);
    const left = view.planned ? (night ? spot.planned_night : spot.planned) : night ? spot.live_night : spot.live;
    return left === undefined || left === null || !spot.size ? null : left / spot.size;
  };

  return {
    street,
    gapOf,
    empty: () => h("section", {class: "block empty"}, h("h2", null, words.empty), h("p", null, words.empty_how)),

    /** @param {import("./state.js").CoverageState} state  @param {import("./view.js").View} view */
    figures(state, view) {
      const c = state.coverage;
      if (!c) return [];
      const night = view.light === "night" || (view.light === "now" && view.isNight),
        light = night ? words.night : words.day;
      const regions = /** @type {import("../types/wire.d.ts").Region[]} */ ([...state.all("regions")]),
        whole = regions.find(r => r.kind === "district");
      const rate = (
          /** @type {import("../types/wire.d.ts").Region} */ r,
          /** @type {"live"|"live_night"|"planned"|"planned_night"} */ name,
        ) => share(r[name], r.outdoor_m2),
        live = night ? /** @type {const} */ ("live_night") : /** @type {const} */ ("live"),
        planned = night ? /** @type {const} */ ("planned_night") : /** @type {const} */ ("planned");
      const streets = regions
        .filter(r => r.kind === "street" && r.outdoor_m2 > 0)
        .sort((a, b) => (rate(a, live) || 0) - (rate(b, live) || 0) || (a.code < b.code ? -1 : 1));
      /** @param {string} name  @param {import("../types/wire.d.ts").Region} r */
      const areaRow = (name, r) => [
        h("span", {class: "name"}, name),
        bar(rate(r, live), rate(r, planned)),
        h("b", {class: "r"}, format.percent(rate(r, live))),
        h("span", {class: "r dim"}, format.percent(rate(r, planned))),
        h("span", {class: "r dim"}, km2(r.outdoor_m2)),
      ];
      /** @param {string} name  @param {number} n  @param {number} target */
      const equipment = (name, n, target) => {
        const value = share(n, c.cameras),
          missed = value !== null && value < target;
        return [
          h("span", null, name),
          bar(value, 0, target),
          h("b", {class: missed ? "r warn" : "r"}, value === null ? texts.word.no_rate : format.percent(value)),
          h("span", {class: "r dim"}, fill(words.online_line, {n: number(n), all: number(c.cameras)})),
          h(
            "span",
            {class: missed ? "r warn" : "r dim"},
            missed
              ? `▲ ${fill(words.target, {n: format.percent(target)})}`
              : fill(words.target, {n: format.percent(target)}),
          ),
        ];
      };
      const bare = c.notes.includes("no_buildings");
      const unknowns = [c.direction_unknown, c.dark_unknown, c.refused, c.indoor, c.state_unknown, c.unstable];
      return [
        section(
          words.listed,
          fill(words.listed_basis, {n: `${Math.round(100 * c.covered_share)}%`}),
          h(
            "div",
            {class: "rows listed"},
            listedRow(words.areas, c.areas),
            listedRow(words.roads, c.roads),
            listedRow(words.places, c.places),
          ),
        ),
        section(
          words.area_rates,
          whole ? fill(bare ? words.denominator_whole : words.denominator, {n: km2(whole.outdoor_m2)}) : "",
          whole
            ? h(
                "div",
                {class: "four"},
                h("span"),
                h("span", {class: "r dim"}, words.day),
                h("span", {class: "r dim"}, words.night),
                h("span", null, words.planned),
                h("b", {class: "r"}, format.percent(rate(whole, "planned"))),
                h("b", {class: "r"}, format.percent(rate(whole, "planned_night"))),
                h("span", null, words.live),
                h("b", {class: "r"}, format.percent(rate(whole, "live"))),
                h("b", {class: "r"}, format.percent(rate(whole, "live_night"))),
              )
            : h("p", {class: "dim"}, words.not_known),
          streets.length
            ? h(
                "div",
                {class: "rows areas"},
                h("span", {class: "dim"}, light),
                h("span"),
                h("span", {class: "r dim"}, words.live_short),
                h("span", {class: "r dim"}, words.planned_short),
                h("span", {class: "r dim"}, "km²"),
                streets.map(r => areaRow(street(r.code), r)),
              )
            : null,
        ),
        section(
          words.equipment,
          fill(words.at, {time: format.hm(c.at)}),
          h(
            "div",
            {class: "rows equipment"},
            equipment(words.online, c.online, c.target_online),
            equipment(words.intact, c.intact, c.target_intact),
          ),
        ),
        section(
          words.grade,
          "",
          h(
            "div",
            {class: "rows grades"},
            ["A", "B", "C", "D"].map((g, i) => [
              h("b", null, g),
              h("span", null, words.grades[i]),
              bar(share(c.grades[g] || 0, c.cameras), 0),
              h("span", {class: "r"}, number(c.grades[g] || 0)),
            ]),
          ),
        ),
        section(
          words.unknown_head,
          "",
          h(
            "div",
            {class: "pairs"},
            words.unknowns.map((/** @type {string} */ name, /** @type {number} */ i) =>
              h("div", null, h("span", null, name), h("b", null, number(unknowns[i]))),
            ),
          ),
        ),
        section(
          words.outages,
          "",
          c.outages.length
            ? c.outages.map(o =>
                h(
                  "p",
                  {class: o.still ? "warn" : "dim"},
                  o.still ? "▲ " : "",
                  fill(words.outage, {time: format.hm(o.at), n: number(o.cameras), back: number(o.cameras - o.still)}),
                  o.streets.length ? ` · ${o.streets.map(street).join(texts.unit.list)}` : "",
                ),
              )
            : h("p", {class: "dim"}, words.no_outages),
          h(
            "p",
            {class: c.differences ? "warn" : "dim"},
            c.differences
              ? `▲ ${fill(words.proved_differs, {n: c.differences})}`
              : c.proved_at
                ? fill(words.proved, {time: format.hm(c.proved_at)})
                : words.not_proved,
          ),
        ),
        c.notes.length
          ? section(
              words.notes_head,
              "",
              c.notes.map(note => h("p", {class: "warn"}, "▲ ", words.notes[note] || note)),
            )
          : null,
      ].filter(Boolean);
    },

    /**
     * A spot in the ranking, with every term of its need.
     * @param {import("../types/wire.d.ts").WatchedSpot} spot
     * @param {string} label
     * @param {import("./view.js").View} view
     * @param {(id: string) => string} nameOf  of a camera
     * @param {string} name
     */
    spot(spot, label, view, nameOf, name) {
      const gap = gapOf(spot, view),
        used = gapOf(spot, {light: "now", isNight: view.isNight, planned: false});
      const kind = spot.kind === "grid" ? "" : words.kinds[spot.kind];
      const terms =
        used === null
          ? words.need_unknown
          : fill(words.need_terms, {
              demand: number(spot.demand || 0, 1),
              weight: +(spot.weight ?? 1).toFixed(2),
              gap: format.percent(used),
            });
      const way = spot.way
        ? h(
            "p",
            {class: "way"},
            h("b", null, words.way[spot.way]),
            spot.camera
              ? [
                  " · ",
                  h(
                    "span",
                    {class: "touch", "data-camera": spot.camera, tabindex: 0},
                    fill(words.nearest, {name: nameOf(spot.camera), m: number(spot.camera_m || 0)}),
                  ),
                ]
              : "",
          )
        : null;
      return h(
        "article",
        {class: "spot", "data-spot": spot.id, tabindex: 0},
        h("span", {class: "no"}, label),
        h(
          "p",
          {class: "what"},
          h("b", null, name),
          h("span", {class: `gap ${spot.gap || "unknown"}`}, words.gap[spot.gap || "unknown"]),
        ),
        h(
          "p",
          {class: "dim"},
          [kind, street(spot.street)].filter(Boolean).join(" · "),
          gap !== used && gap !== null
            ? ` · ${fill(words.gap_in, {view: view.planned ? words.planned_short : words.live_short, light: view.light === "night" || (view.light === "now" && view.isNight) ? words.night : words.day, n: format.percent(gap)})}`
            : "",
        ),
        h(
          "p",
          {class: "need"},
          used === null ? terms : [`${words.need} `, h("b", null, number(spot.need || 0, 1)), ` = ${terms}`],
        ),
        h("p", {class: "dim"}, fill(words.cases_terms, {cases: spot.cases || 0, unseen: spot.unseen || 0})),
        way,
      );
    },
  };
};
