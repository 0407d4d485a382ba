// @ts-check
// The faces of the plan of new sites: what each further camera gains, as a curve and as a list.
import {h} from "../core/dom.js";
import {number} from "./faces.js";

/** @param {Texts} texts @param {Format} format @param {(code: string) => string} street  its name */
export const makePlanFaces = (texts, format, street) => {
  const plan = texts.plan,
    fill = format.fill;
  const faces = {
    /** The gain of each further camera as a curve that is labelled where it is asked. @param {number[]} values @param {number} n  how many sites are chosen */
    curve(values, n) {
      const width = 380,
        height = 120,
        left = 4,
        base = 100,
        right = width - 52,
        most = Math.max(...values, 0.01),
        last = values.length - 1;
      const x = (/** @type {number} */ k) => left + ((right - left) * k) / Math.max(last, 1),
        y = (/** @type {number} */ v) => base - ((base - 14) * v) / most;
      const points = values.map((v, k) => `${x(k).toFixed(1)},${y(v).toFixed(1)}`);
      return h(
        "svg:svg",
        {viewBox: `0 0 ${width} ${height}`, class: "curve", role: "img", "aria-label": plan.curve},
        h("svg:path", {d: `M${left} ${base}H${right}`, stroke: "var(--line-strong)"}),
        h("svg:path", {
          d: `M${points.slice(0, n + 1).join("L")}L${x(n)},${base}L${left},${base}Z`,
          fill: "var(--mark-3)",
        }),
        h("svg:path", {d: `M${points.join("L")}`, fill: "none", stroke: "var(--mark-1)", "stroke-width": 2}),
        h("svg:path", {d: `M${x(n)} ${y(values[n])}V${base}`, stroke: "var(--ink-1)", "stroke-width": 1.5}),
        h("svg:circle", {cx: x(n), cy: y(values[n]), r: 4, fill: "var(--ink-1)"}),
        h(
          "svg:text",
          {
            x: x(n) + (n > last * 0.7 ? -8 : 8),
            y: Math.max(y(values[n]) - 6, 12),
            "font-size": 14,
            "font-weight": 700,
            fill: "var(--ink-1)",
            "text-anchor": n > last * 0.7 ? "end" : "start",
          },
          format.percent(values[n]),
        ),
        h(
          "svg:text",
          {x: right + 6, y: y(values[last]) + 5, "font-size": 12, fill: "var(--ink-3)"},
          format.percent(values[last]),
        ),
        [0, n, last]
          .filter((k, i, all) => all.indexOf(k) === i)
          .map(k =>
            h(
              "svg:text",
              {
                x: x(k),
                y: 116,
                "font-size": 12,
                fill: k === n ? "var(--ink-1)" : "var(--ink-3)",
                "text-anchor": k === 0 ? "start" : "middle",
              },
              String(k),
            ),
          ),
      );
    },

    /**
     * @param {import("../types/wire.d.ts").SitePlan} p
     * @param {number} n
     * @param {{areas: number, roads: number, places: number}} listed  how many of each there are
     * @param {string} lang  of the address
     */
    plan(p, n, listed, lang) {
      const total = (/** @type {number} */ k) => format.percent(p.curve[k]),
        model = (/** @type {import("../types/wire.d.ts").PlannedSite} */ s) => plan.models[s.model] || s.model;
      /** @type {[name: string, before: number, after: number, of: number|null][]} */
      const becomes = [
        [plan.rows[0], p.district[0], p.district[n], null],
        [plan.rows[1], p.areas[0], p.areas[n], listed.areas],
        [plan.rows[2], p.roads[0], p.roads[n], listed.roads],
        [plan.rows[3], p.places[0], p.places[n], listed.places],
      ];
      const value = (/** @type {number} */ v, /** @type {number|null} */ of) =>
        of === null ? format.percent(v) : `${v}/${of}`;
      return [
        h(
          "p",
          {class: "dim"},
          fill(plan.source[p.pole_source] || plan.source.poles, {poles: number(p.poles), n: number(p.candidates)}),
          ` · ${fill(plan.made, {time: format.hm(p.at)})}`,
        ),
        h("p", {class: "gain"}, fill(plan.gain, {n, total: total(n)})),
        h("div", null, h("div", {class: "dim"}, plan.curve), faces.curve(p.curve, n)),
        h(
          "div",
          {class: "becomes"},
          h("b", {class: "head"}, fill(plan.becomes, {n})),
          becomes.map(([name, before, after, of]) => [
            h("span", null, name),
            h("span", {class: "r dim"}, value(before, of)),
            h("span", {class: "dim"}, "→"),
            h("b", {class: "r"}, value(after, of)),
          ]),
        ),
        h(
          "p",
          {class: "exports"},
          h("span", {class: "dim"}, fill(plan.exported, {n})),
          h("a", {class: "touch", href: `/api/v1/coverage/plan.csv?n=${n}${lang}`, download: ""}, plan.csv),
          h("a", {class: "touch", href: `/api/v1/coverage/plan.geojson?n=${n}`, download: ""}, plan.geojson),
        ),
        h(
          "div",
          {class: "sites"},
          p.sites
            .slice(0, n)
            .map(s =>
              h(
                "article",
                {class: "site", "data-site": s.rank, tabindex: 0},
                h("span", {class: "no"}, String(s.rank)),
                h(
                  "p",
                  {class: "what"},
                  h("b", null, fill(plan.site, {street: street(s.street), name: s.name || s.pole}).trim()),
                  h("span", {class: "dim"}, s.pole),
                ),
                h(
                  "p",
                  {class: "dim"},
                  fill(s.hfov >= 360 ? plan.site_round : plan.site_terms, {
                    model: model(s),
                    azimuth: Math.round(s.azimuth),
                    m2: number(s.covered_m2),
                    cases: s.cases,
                    total: total(s.rank),
                  }),
                ),
              ),
            ),
        ),
      ];
    },
  };
  return faces;
};
