// @ts-check
// One function a tile: from its figures to its face. Text goes in as text, never as HTML.
import {h} from "./dom.js";
import {AT as A} from "./reducer.js";

/** ``opening``: whether a figure opens to its definition and cases; those of a past moment do not. */
export const makeTiles = (texts, format, places, opening = true) => {
  const word = texts.word;
  const sign = kind => h("i", {class: `sign ${kind}`, "aria-hidden": "true"});
  /** What opens when it is clicked: a figure by its name, the heading that it is of, and its span. */
  const opens = (name, scope = {}, span = "today") =>
    !opening ? {} : {"data-figure": JSON.stringify({figure: name, scope, span}), role: "button", tabindex: 0};
  const figure = (n, more = "") =>
    h(
      "b",
      {class: `figure ${more} ${n >= 1000 ? "long" : ""}`, title: n === null ? null : n.toLocaleString("en-US")},
      n === null ? word.no_rate : format.count(n),
    );
  const street = code => (code ? (places.streets[code] || {name: code}).name : word.unplaced);
  const unit = code => places.units[code] || code;
  // The names of classes come with the cases, in Chinese: the English page shows the unified class instead.
  const className = row =>
    (texts.language !== "en" && row[A.name]) || texts.domain[row[A.domain]] || texts.domain["99"];

  /** Red only for a rise of 5 % and more of something bad; other changes are grey (DESIGN.md, don't: an arrow in colour for noise). */
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

  /** Rows that share one grammar: name, bar, value; the thin line is the same minute of the comparable day. */
  const bars = (rows, names, restName, limit = 5, heading = "") => {
    const shown = rows.length > limit ? rows.slice(0, limit - 1) : rows;
    const rest = rows.slice(shown.length);
    const lines = shown.map(([code, n, before]) => [names[code] || code, n, before, false, code]);
    if (rest.length) {
      const known = rest.every(r => r[2] !== null);
      lines.push([
        format.fill(restName, {n: rest.length}),
        rest.reduce((a, r) => a + r[1], 0),
        known ? rest.reduce((a, r) => a + r[2], 0) : null,
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
    street,
    unit,
    className,
    sign,

    /** With what today is compared, [day, weeks before, why not]: «上周一», a date, or why nothing. */
    against(found, basis) {
      if (!found) return "";
      const [day, weeks, why] = found,
        said = texts.compare;
      if (!day) return said.why[why] || "";
      const [m, d] = [Math.floor(day / 100) % 100, day % 100],
        weekday = texts.unit.weekdays[new Date(Date.UTC(Math.floor(day / 10000), m - 1, d)).getUTCDay()];
      return format.fill(basis, {day: format.fill(weeks === 1 ? said.last_week : said.earlier, {m, d, weekday})});
    },

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

    funnel(t) {
      const [gridTarget, streetTarget, districtTarget] = t.targets,
        n = t.n || 0;
      const levels = [
        ["grid", 0, t.grid, `≥${Math.round(100 * gridTarget)}`],
        ["street", t.grid, t.street, `${Math.round(100 * (1 - gridTarget) * streetTarget)}`],
        ["district", t.grid + t.street, t.district, `≤${Math.round(100 * districtTarget)}`],
      ];
      const share = x => (n ? x / n : null);
      const missed = {
        grid: n && share(t.grid) < gridTarget,
        street: false,
        district: n && share(t.district) > districtTarget,
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
    funnelBasis: t => `n ${format.count(t.n)}`,

    /** Today's hours as bars, the comparable day's as a line, the present moment as a stroke. */
    hours(t, now) {
      const width = 368,
        base = 96,
        top = 8,
        most = Math.max(1, ...t.today, ...t.before);
      const x = hour => (width * hour) / 24,
        y = n => base - ((base - top) * n) / most,
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

    channels: t => bars(t, texts.channel, word.rest_kinds, 5, "channel"),
    /** As many classes as the streets above leave room for. */
    domains: (t, streets) => bars(t, texts.domain, word.rest_kinds, Math.max(5, Math.min(9, 20 - streets)), "domain"),

    /** A bar on one common scale from the target, and n beside every rate. */
    streets(t) {
      const rates = t.rows.map(r => r[1]).filter(v => v !== null);
      const low = Math.min(2 * t.target - 1, Math.floor(10 * Math.min(1, ...rates)) / 10),
        at = v => (100 * (Math.max(v, low) - low)) / (1 - low);
      const line = at(t.target),
        missed = v => v !== null && v < t.target;
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
      /** The cases of no street: counted, and no competitor, so without rank, bar and judgement, behind a line. */
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

    /** The light of an escalated case: taken, waiting, urgent (within 5 minutes), broken. */
    queueLight(row, now) {
      const e = row[A.escalation],
        ends = (e && e[3]) || row[A.deadlineAt],
        left = ends === null ? Infinity : ends - now;
      const taken = e && e[4] !== null;
      return {
        ends,
        left,
        taken,
        light: taken ? (left <= 0 ? "broken" : "taken") : left < 300000 ? "urgent" : "waiting",
      };
    },
    countdown(left) {
      if (left === Infinity) return h("b", {class: "dim"}, word.no_deadline);
      const space = texts.unit.tight || word.remaining ? " " : "";
      return left <= 0
        ? h("b", {class: "bad"}, `${word.over} ${format.duration(left)}`)
        : h("b", null, `${word.remaining}${space}${format.duration(left)}`.trim());
    },
    queue(t, rows, now, fits) {
      if (!t.n) return h("div", {class: "queue"}, h("p", {class: "none"}, word.none_escalated));
      const shown = t.rows.filter(id => rows.has(id)).slice(0, fits);
      let solid = false;
      const cards = shown.map((id, i) => {
        const row = rows.get(id),
          e = row[A.escalation],
          state = this.queueLight(row, now);
        const first = !state.taken && !solid;
        solid = solid || first;
        const badge = state.taken
          ? h(
              "span",
              null,
              `${texts.language === "en" ? "" : e[6]} ${format.fill(word.taken, {time: format.hm(e[4])})}`.trim(),
            )
          : h("span", {class: `badge ${first || state.left < 300000 ? "red" : "amber"}`}, word.untaken);
        const reason = texts.reason[(e && e[1]) || "unknown"] || e[1];
        return h(
          "div",
          {class: first ? "case open-loop" : "case", "data-case": id, role: "button", tabindex: 0},
          h("span", {class: "no"}, String(i + 1)),
          h("p", {class: "what"}, this.whatOf(row), this.countdown(state.left)),
          h(
            "p",
            {class: "who"},
            h(
              "span",
              {class: "whole"},
              h("span", null, reason),
              e && e[2] !== null ? h("span", null, format.fill(word.since, {time: format.hm(e[2])})) : null,
            ),
            badge,
          ),
          h(
            "p",
            {class: "way"},
            this.way(row, e),
            row[A.unseen] === 1
              ? h("span", {class: "mid"}, h("i", {class: "swatch unseen"}), ` ${texts.coverage.unseen_short}`)
              : null,
          ),
        );
      });
      const more = t.n - shown.length,
        shownUntaken = shown.filter(id => !this.queueLight(rows.get(id), now).taken).length;
      const restUntaken = t.untaken - shownUntaken;
      return h(
        "div",
        {class: "queue"},
        cards,
        more > 0
          ? h(
              "div",
              {class: "more"},
              h(
                "span",
                null,
                format.fill(word.rest_queue, {n: more}),
                restUntaken > 0
                  ? h("span", {class: "warn"}, " · " + format.fill(word.untaken_n, {n: restUntaken}))
                  : ` ${word.rest_taken}`,
              ),
              this.restSoonest(t, rows, now, fits),
            )
          : null,
      );
    },
    /** Where and what; where both do not fit the street's name is cut, for the map has its place. */
    whatOf: row => h("span", {class: "where"}, h("span", null, street(row[A.street])), h("span", null, className(row))),
    /** From whom to whom; the street's name, which the row says already, is not said twice. Where both do not fit
        the one to whom is said: it has to act. */
    way(row, e) {
      if (!e || !e[0]) return h("span", {class: "route"});
      const name = street(row[A.street]),
        from = e[5] ? unit(e[5]) : name,
        short = from.length > name.length && from.startsWith(name) ? from.slice(name.length).trim() : from,
        to = `→ ${unit(e[0])}`;
      return h("span", {class: "route", title: `${short} ${to}`}, h("span", null, short), h("span", null, to));
    },
    /** What the district will hold next: proposals that wait for a person first, then what the clock brings. */
    next(t, rows, now, fits) {
      const line = (id, how, text) => {
        const row = rows.get(id);
        return h(
          "div",
          {class: "case coming", "data-case": id, role: "button", tabindex: 0},
          this.whatOf(row),
          h("b", {class: how}, text),
        );
      };
      const space = texts.unit.tight ? "" : " ";
      const proposed = t.rows
        .filter(r => rows.has(r[0]))
        .map(([id, rule]) => line(id, "warn", `${texts.rule[rule]}${space} ${word.proposal}`));
      const coming = t.coming
        .filter(r => rows.has(r[0]) && r[2] > now)
        .map(([id, , at]) => line(id, "", format.fill(word.takes_in, {in: format.duration(at - now)})));
      const half = Math.max(1, fits - Math.min(coming.length, Math.ceil(fits / 2)));
      const shown = [...proposed.slice(0, half), ...coming].slice(0, fits);
      return h("div", {class: "next"}, shown.length ? shown : h("p", {class: "none"}, word.none_coming));
    },
    /** What breaks next among those that have no row: the server's tenth and on, and those of its ten that do not fit. */
    restSoonest(t, rows, now, fits) {
      const ends = t.rows
        .slice(fits)
        .filter(id => rows.has(id))
        .map(id => this.queueLight(rows.get(id), now).ends)
        .concat(t.rest_ends)
        .filter(at => at !== null);
      return h(
        "span",
        {class: "soonest"},
        ...(ends.length ? [`${word.rest_soonest} `, this.countdown(Math.min(...ends) - now)] : []),
      );
    },
    /** A second later: only what counts down is written again. */
    tickQueue(tile, t, rows, now, fits) {
      for (const card of tile.querySelectorAll(".case")) {
        const row = rows.get(card.dataset.case);
        if (row) card.querySelector(".what > b").replaceWith(this.countdown(this.queueLight(row, now).left));
      }
      const soonest = tile.querySelector(".soonest");
      if (soonest) soonest.replaceWith(this.restSoonest(t, rows, now, fits));
    },

    unknown(t) {
      const row = (name, n, how = "", open = "") =>
        h(
          "div",
          {class: how, ...(open ? opens(open) : {})},
          h("span", null, name),
          h("b", null, typeof n === "number" ? format.count(n) : n),
        );
      // Cameras have a tile of their own, which says so.
      const absent = t.absent
        .filter(file => !file.startsWith("cameras"))
        .map(file => texts.absent[file.split(".")[0]])
        .filter(Boolean);
      const rows = [
        t.lost
          ? h(
              "div",
              {class: "bad", title: t.lost_at ? format.hm(t.lost_at) : null},
              h("b", {class: "list"}, format.fill(word.lost_n, {n: format.count(t.lost)})),
            )
          : null,
        t.emptied_at
          ? h("div", {class: "warn"}, h("b", {class: "list"}, `${word.emptied} ${format.hm(t.emptied_at)}`))
          : null,
        row(word.unplaced, t.unplaced, "", "unplaced"),
        row(word.estimated, t.estimated, "", "computed"),
        row(word.irregular, t.irregular, "", "irregular"),
        t.clock_skew ? row(word.clock_skew, t.clock_skew) : null,
        absent.length
          ? h("div", null, h("span", null, word.absent), h("span", {class: "list"}, absent.join(texts.unit.list)))
          : null,
      ].filter(Boolean);
      const shown =
        rows.length > 4
          ? [
              ...rows.slice(0, 3),
              h(
                "div",
                {
                  class: "dim",
                  title: rows
                    .slice(3)
                    .map(r => r.textContent)
                    .join("\n"),
                },
                format.fill(word.more_unknown, {n: rows.length - 3}),
              ),
            ]
          : rows;
      return h("div", {class: "pairs"}, shown);
    },

    /** Where cases happen that nobody sees: the three key spots in most need, the letters of the map. */
    blind(t) {
      const words = texts.coverage;
      if (!t || !t.cameras) return h("div", {class: "blind"}, h("p", {class: "none"}, words.none_loaded));
      if (!t.top.length)
        return h(
          "div",
          {class: "blind"},
          h(
            "p",
            {class: "none"},
            t.notes.includes("not_kept")
              ? words.notes.not_kept
              : t.notes.includes("no_key_spots")
                ? words.notes.no_key_spots
                : words.no_gap,
          ),
        );
      return h(
        "div",
        {class: "blind"},
        t.top.map(s => [
          h("b", null, s.letter),
          h("span", {class: "name"}, (places.spots && places.spots[s.id]) || s.name),
          h("span", {class: "dim"}, words.gap[s.gap]),
          h("b", {class: "r"}, `${format.count(s.unseen)} ${word.items}`.trim()),
        ]),
      );
    },
    cameras(t) {
      const words = texts.coverage;
      if (!t || !t.cameras) return h("div", {class: "cameras"}, h("p", {class: "none"}, words.none_loaded));
      const share = t.online / t.cameras,
        missed = share < t.target_online,
        lost = t.outages.find(o => o.still);
      return h(
        "div",
        {class: "cameras"},
        h("b", {class: missed ? "figure-2 warn" : "figure-2"}, missed ? sign("soon") : null, format.percent(share)),
        h(
          "span",
          null,
          format.fill(words.online_line, {n: t.online.toLocaleString("en-US"), all: t.cameras.toLocaleString("en-US")}),
        ),
        h(
          "span",
          {class: missed ? "warn" : "dim"},
          format.fill(words.target, {n: `${Math.round(100 * t.target_online)}%`}),
        ),
        lost
          ? h(
              "span",
              {
                class: "warn list",
                title: format.fill(words.outage, {
                  time: format.hm(lost.at),
                  n: lost.cameras,
                  back: lost.cameras - lost.still,
                }),
              },
              format.fill(words.outage_short, {time: format.hm(lost.at), n: format.count(lost.still)}),
            )
          : null,
      );
    },

    ticker(t) {
      return [...t]
        .reverse()
        .map(([at, type, where, domain, name, who], i) =>
          h(
            "span",
            {class: i ? "dim" : ""},
            h("b", null, format.hms(at)),
            ` ${street(where)} ${(texts.language !== "en" && name) || texts.domain[domain] || ""} ${texts.event[type] || ""} ${who ? unit(who) : ""}`,
          ),
        );
    },

    /** Words, not only dots: what is abnormal by name, the rest as one count. */
    sources(rows, {feed, processes, around}, refused, state, age, now) {
      const parts = [],
        since = ms => format.hm(ms);
      if (state === "offline") parts.push(h("span", {class: "bad"}, sign("overdue"), word.offline));
      else {
        [
          ["redis", "bad"],
          ["store", "bad"],
          ["behind", "warn"],
          ["refuses", "bad"],
        ].forEach(([name, how], i) => {
          if (feed && (feed[i] ?? null) !== null)
            parts.push(
              h(
                "span",
                {class: how},
                sign(how === "bad" ? "overdue" : "soon"),
                format.fill(texts.feed[name], {time: since(feed[i])}),
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
      const order = {stopped: 0, late: 1, no_heartbeat: 2, never: 3};
      odd.sort((a, b) => order[a[2]] - order[b[2]]);
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
            fine <= 2 && odd.length === 0 ? rows.map(r => r[1]).join(" ") + " " : `${fine} `,
            h("b", null, texts.source.live),
          ),
        );
      parts.push(h("span", null, `${word.refused} `, h("b", null, format.count(refused))));
      return parts;
    },
  };
};
