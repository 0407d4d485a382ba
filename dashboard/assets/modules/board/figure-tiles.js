// @ts-check
// The tiles of figures: today, the funnel, the hours, channels and classes, the streets. From figures to faces.
import {h} from "../core/dom.js";

/** ``opens``: what a figure opens when it is clicked.  @param {Texts} texts  @param {Format} format  @param {Tiles} tiles  @param {Opens} opens */
export const makeFigureTiles = (texts, format, {street, sign}, opens) => {
  const word = texts.word;
  /** @param {number|null} n  @param {string} [more]  a class */
  const figure = (n, more = "") =>
    h(
      "b",
      {
        class: `figure ${more} ${n !== null && n >= 1000 ? "long" : ""}`,
        title: n === null ? null : n.toLocaleString("en-US"),
      },
      n === null ? word.no_rate : format.count(n),
    );

  /**
   * Red only for a rise of 5 % and more of something bad; other changes are grey (DESIGN.md, don't: an arrow in colour for noise).
   * @param {number} now
   * @param {number|null|undefined} before
   * @param {boolean} bad
   * @param {boolean} [asShare]
   */
  const change = (now, before, bad, asShare) => {
    if (before === null || before === undefined) return h("span", {class: "change dim"}, word.no_rate);
    const d = now - before,
      share = before ? d / before : null,
      worse = bad && d > 0 && (share === null || share >= 0.05);
    const arrow = h("span", {class: worse ? "bad" : ""}, d > 0 ? "↑" : d < 0 ? "↓" : "");
    const text =
      d === 0
        ? "="
        : asShare
          ? share === null
            ? word.no_rate
            : `${Math.abs(100 * share).toFixed(1)}%`
          : format.count(Math.abs(d));
    return h("span", {class: "change"}, arrow, text);
  };

  /**
   * Rows that share one grammar: name, bar, value; the thin line is the same minute of the comparable day.
   * @param {import("../types/wire.d.ts").CountAgainst[]} rows
   * @param {{[code: string]: string}} names
   * @param {string} restName
   * @param {number} [limit]
   * @param {string} [heading]
   */
  const bars = (rows, names, restName, limit = 5, heading = "") => {
    const shown = rows.length > limit ? rows.slice(0, limit - 1) : rows;
    const rest = rows.slice(shown.length);
    /** @type {[name: string, n: number, before: number|null, dim: boolean, code?: string][]} */
    const lines = shown.map(([code, n, before]) => [names[code] || code, n, before, false, code]);
    if (rest.length) {
      const known = rest.every(r => r[2] !== null);
      lines.push([
        format.fill(restName, {n: rest.length}),
        rest.reduce((a, r) => a + r[1], 0),
        known ? rest.reduce((a, r) => a + (r[2] ?? 0), 0) : null,
        true,
      ]);
    }
    const most = Math.max(1, ...lines.flatMap(l => [l[1], l[2] || 0]));
    return h(
      "div",
      {class: "bars"},
      lines.map(([name, n, before, dim, code]) => [
        h("span", {class: dim ? "dim" : "", ...(code ? opens("intake", {[heading]: code}) : {})}, name),
        h("i", {
          style: `--n:${((100 * n) / most).toFixed(1)}%;--before:${before === null ? "-9" : ((100 * before) / most).toFixed(1)}%`,
        }),
        h("span", {class: "r", title: n.toLocaleString("en-US")}, format.count(n)),
      ]),
    );
  };

  return {
    /**
     * With what today is compared, [day, weeks before, why not]: «上周一», a date, or why nothing.
     * @param {import("../types/wire.d.ts").AgainstDay|null|undefined} found
     * @param {string} basis
     */
    against(found, basis) {
      if (!found) return "";
      const [day, weeks, why] = found,
        said = texts.compare;
      if (!day) return said.why[why] || "";
      const [m, d] = [Math.floor(day / 100) % 100, day % 100],
        weekday = texts.unit.weekdays[new Date(Date.UTC(Math.floor(day / 10000), m - 1, d)).getUTCDay()];
      return format.fill(basis, {day: format.fill(weeks === 1 ? said.last_week : said.earlier, {m, d, weekday})});
    },

    /** @param {import("../types/wire.d.ts").TodayTile} t */
    today(t) {
      const b = t.before;
      return h(
        "div",
        null,
        h(
          "div",
          {class: "hero"},
          h(
            "div",
            opens("overdue"),
            h("div", {class: "label"}, sign("overdue bad"), word.overdue),
            h("div", null, figure(t.overdue, t.overdue ? "bad" : ""), change(t.overdue, b.overdue, true)),
          ),
          h(
            "div",
            opens("due_soon"),
            h("div", {class: "label"}, sign("soon warn"), word.due_soon),
            h("div", null, figure(t.due_soon)),
          ),
        ),
        h(
          "div",
          {class: "three"},
          h(
            "div",
            opens("intake"),
            h("div", {class: "dim"}, word.intake),
            figure(t.intake),
            change(t.intake, b.reported, true, true),
          ),
          h(
            "div",
            opens("closed"),
            h("div", {class: "dim"}, word.closed),
            figure(t.closed),
            change(t.closed, b.closed, false, true),
          ),
          h(
            "div",
            opens("open"),
            h("div", {class: "dim"}, word.open),
            figure(t.open),
            change(t.open, b.open, true, true),
          ),
        ),
      );
    },

    /** @param {import("../types/wire.d.ts").FunnelTile} t */
    funnel(t) {
      const [gridTarget, streetTarget, districtTarget] = t.targets,
        n = t.n || 0;
      /** @type {[level: "grid"|"street"|"district", from: number, count: number, target: string][]} */
      const levels = [
        ["grid", 0, t.grid, `≥${Math.round(100 * gridTarget)}`],
        ["street", t.grid, t.street, `${Math.round(100 * (1 - gridTarget) * streetTarget)}`],
        ["district", t.grid + t.street, t.district, `≤${Math.round(100 * districtTarget)}`],
      ];
      /** @param {number} x */
      const share = x => (n ? x / n : null);
      const missed = {
        grid: n && t.grid / n < gridTarget,
        street: false,
        district: n && t.district / n > districtTarget,
      };
      const reached = t.street + t.district,
        atStreet = reached ? t.street / reached : null,
        low = atStreet !== null && atStreet < streetTarget;
      const beside = {grid: gridTarget, street: null, district: districtTarget};
      return h(
        "div",
        {class: "funnel"},
        h(
          "div",
          {class: "rows"},
          levels.map(([level, from, count, target]) =>
            h(
              "div",
              {
                class: "row",
                ...opens(
                  {grid: "grid_solved_rate", street: "street_solved_rate", district: "district_share"}[level],
                  {},
                  "month",
                ),
              },
              h("span", null, texts.level[level]),
              h("i", {
                class: missed[level] ? "missed" : n ? "" : "nothing",
                style: `--from:${n ? (100 * from) / n : 0}%;--n:${n ? (100 * count) / n : 0}%`,
              }),
              h(
                "b",
                {
                  class: missed[level] ? "r warn" : "r",
                  title: `${count.toLocaleString("en-US")} / ${n.toLocaleString("en-US")}`,
                },
                format.percentBeside(share(count), beside[level]),
              ),
              h("span", {class: "r dim"}, target),
            ),
          ),
          h(
            "div",
            {class: "targets", style: `--a:${100 * gridTarget}%;--b:${100 * (1 - districtTarget)}%`},
            h("i"),
            h("i"),
          ),
        ),
        atStreet === null
          ? h("div", {class: "dim"}, word.no_funnel)
          : h(
              "div",
              {class: low ? "warn" : "dim"},
              format.fill(word.street_rate, {
                rate: format.percent(atStreet),
                side: low ? word.below : word.above,
                target: `${Math.round(100 * streetTarget)}%`,
              }),
            ),
      );
    },
    /** @param {import("../types/wire.d.ts").FunnelTile} t */
    funnelBasis: t => `n ${format.count(t.n)}`,

    /** Today's hours as bars, the comparable day's as a line, the present moment as a stroke.  @param {import("../types/wire.d.ts").HoursTile} t  @param {number} now */
    hours(t, now) {
      const width = 368,
        base = 96,
        top = 8,
        most = Math.max(1, ...t.today, ...t.before);
      const x = (/** @type {number} */ hour) => (width * hour) / 24,
        y = (/** @type {number} */ n) => base - ((base - top) * n) / most,
        at = format.dayHour(now);
      const steps = t.before.length
        ? t.before.map((n, i) => `${i ? `H${x(i).toFixed(1)}V` : "M0 "}${y(n).toFixed(1)}`).join("") + `H${width}`
        : "";
      return h(
        "svg:svg",
        {viewBox: `0 0 ${width} 128`, class: "curve", role: "img", "aria-label": texts.tile.hours},
        t.today
          .map(
            (n, i) =>
              n && h("svg:rect", {x: x(i) + 1, y: y(n), width: x(1) - 2, height: base - y(n), fill: "var(--mark-2)"}),
          )
          .filter(Boolean),
        steps ? h("svg:path", {d: steps, fill: "none", stroke: "var(--ink-2)", "stroke-width": 2}) : null,
        h("svg:path", {d: `M0 ${base}H${width}`, stroke: "var(--line-strong)"}),
        h("svg:path", {d: `M${x(at).toFixed(1)} 0V${base}`, stroke: "var(--ink-1)", "stroke-width": 2}),
        [0, 6, 12, 18, 24].map(i =>
          h(
            "svg:text",
            {
              x: x(i),
              y: 124,
              "font-size": 24,
              fill: "var(--ink-3)",
              "text-anchor": i === 0 ? "start" : i === 24 ? "end" : "middle",
            },
            String(i),
          ),
        ),
      );
    },

    /** @param {import("../types/wire.d.ts").CountAgainst[]} t */
    channels: t => bars(t, texts.channel, word.rest_kinds, 5, "channel"),
    /**
     * As many classes as the streets above leave room for.
     * @param {import("../types/wire.d.ts").CountAgainst[]} t
     * @param {number} streets  how many rows the streets take
     */
    domains: (t, streets) => bars(t, texts.domain, word.rest_kinds, Math.max(5, Math.min(9, 20 - streets)), "domain"),

    /** A bar on one common scale from the target, and n beside every rate.  @param {import("../types/wire.d.ts").StreetsTile} t */
    streets(t) {
      const rates = t.rows.flatMap(r => (r[1] === null ? [] : [r[1]]));
      const low = Math.min(2 * t.target - 1, Math.floor(10 * Math.min(1, ...rates)) / 10),
        at = (/** @type {number} */ v) => (100 * (Math.max(v, low) - low)) / (1 - low);
      const line = at(t.target),
        missed = (/** @type {number|null} */ v) => v !== null && v < t.target;
      /** @param {string} rank  @param {string} name  @param {number|null} value  @param {number} due  @param {{[heading: string]: string}} [scope] */
      const row = (rank, name, value, due, scope = {}) => [
        h("span", {class: "dim"}, rank),
        h("span", {class: "name", ...opens("on_time_close_rate", scope)}, name),
        h("i", {
          style: `--line:${line}%;--a:${value === null ? line : Math.min(at(value), line)}%;--b:${value === null ? line : Math.max(at(value), line)}%`,
          class: missed(value) ? "missed" : "",
        }),
        h(
          "b",
          {class: missed(value) ? "r warn" : "r", ...opens("on_time_close_rate", scope), role: null, tabindex: null},
          format.percent(value),
        ),
        h("span", {class: "r dim", title: due.toLocaleString("en-US")}, format.count(due)),
      ];
      /**
       * The cases of no street: counted, and no competitor, so without rank, bar and judgement, behind a line.
       * @param {string} name
       * @param {number|null} value
       * @param {number} due
       * @param {{[heading: string]: string}} scope
       */
      const apart = (name, value, due, scope) => [
        h("span", {class: "apart"}),
        h("span", {class: "name apart dim", ...opens("on_time_close_rate", scope)}, name),
        h("span", {class: "apart"}),
        h("b", {class: "r apart mid"}, format.percent(value)),
        h("span", {class: "r apart dim", title: due.toLocaleString("en-US")}, format.count(due)),
      ];
      // Fifteen rows fit. Of more streets the first four and the last ten: the middle is nobody's question.
      const all = t.rows.map((r, i) =>
        r[0]
          ? row(r[1] === null ? "" : String(i + 1), street(r[0]), r[1], r[2], {street: r[0]})
          : apart(word.unplaced, r[1], r[2], {street: ""}),
      );
      const folded =
        all.length > 15
          ? [
              ...all.slice(0, 4),
              [
                h("span"),
                h("span", {class: "dim"}, format.fill(word.rest_streets, {n: all.length - 14})),
                h("span"),
                h("span"),
                h("span"),
              ],
              ...all.slice(-10),
            ]
          : all;
      return h(
        "div",
        {class: "streets"},
        h("span"),
        h("span"),
        h("span", {class: "head", style: `--line:${line}%`}, h("span", null, `${Math.round(100 * t.target)}%`)),
        h("span", {class: "head r"}, word.on_time),
        h("span", {class: "head r"}, word.n),
        row("", word.district_all, t.all[0], t.all[1]),
        folded,
      );
    },
  };
};
