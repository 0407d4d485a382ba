// @ts-check
// The district on one screen: map, tiles, queue. The wall fills it with the present, the replay with a moment of the past.
import {alarmWords} from "../core/alarm-words.js";
import {clockNote} from "../core/clock-note.js";
import {$, h, plain} from "../core/dom.js";
import {panelFocus, redraw, watchKeys} from "../core/focus.js";
import {makeFormat} from "../core/format.js";
import {AT as A} from "../core/reducer.js";
import {watchDownloads} from "../core/reauth.js";
import {makeSound} from "../core/sound.js";
import {makeTiles} from "../core/tiles.js";
import {CaseLayer} from "../map/case-layer.js";
import {CaseStore} from "../map/case-store.js";
import {CoverageLayer} from "../map/coverage-layer.js";
import {layGround} from "../map/ground.js";
import {mapHands} from "../map/hands.js";
import {withMap} from "../map/maps.js";
import {project} from "../map/project.js";
import {groundStyle, wallUnit, watchUnit} from "../map/signs.js";
import {makeInsets} from "./insets.js";

/**
 * @param {HTMLElement} root
 * @param {import("../core/scope.js").Scope} scope
 * @param {any} texts
 * @param {{isPast?: boolean, feed: (render: (change: {rows: Set<string>|null, tiles: string[]}) => void, everySecond: () => void, format: any, pick: (id: string) => void) => any}} how
 *   feed: what gives the state; isPast: of a moment of the past only cases can be opened
 */
export const startBoard = (root, scope, texts, {isPast = false, feed}) => {
  const NEXT_ROWS = 2;
  const places = plain(root.dataset.district);
  const format = makeFormat(texts, places.zone, () => live && live.now()),
    tiles = makeTiles(texts, format, places, !isPast);
  const store = new CaseStore();
  const html = document.documentElement;
  watchKeys(scope);
  watchUnit(scope);
  watchDownloads(scope);
  html.lang = texts.language;
  document.title = texts.title;
  let flagsTold = "",
    cardsTold = "";
  const cover = new CoverageLayer(places.plane),
    insets = makeInsets(scope, store, cover, places, {texts, format, tiles});
  let layer = null,
    live = null,
    fits = 0,
    queueShown = "";

  const body = (id, content, basis) => {
    const tile = $(id),
      box = tile.querySelector(".body");
    box.className = "body";
    redraw(box, ...[content].flat());
    if (basis !== undefined) tile.querySelector(".basis").textContent = basis;
  };
  const rolled = new Map();
  let rolledAt = 0;
  /** A figure rolls to its new value (400 ms); in a stream of changes, a hidden tab or with reduced motion it just stands there. */
  const roll = () => {
    const calm = performance.now() - rolledAt > 1000;
    rolledAt = performance.now();
    root.querySelectorAll(".figure[title]").forEach(el => rollOne(el, calm));
  };
  const rollOne = (el, calm) => {
    const key = el.closest(".tile").id + [...el.closest(".body").querySelectorAll(".figure")].indexOf(el);
    const to = +el.title.replaceAll(",", ""),
      from = rolled.get(key);
    rolled.set(key, to);
    if (
      !calm ||
      from === undefined ||
      from === to ||
      document.hidden ||
      matchMedia("(prefers-reduced-motion: reduce)").matches
    )
      return;
    const start = performance.now(),
      step = now => {
        if (!el.isConnected) return;
        const k = Math.min((now - start) / 400, 1);
        el.textContent = format.count(Math.round(from + (to - from) * (1 - (1 - k) ** 3)));
        if (k < 1) requestAnimationFrame(step);
      };
    requestAnimationFrame(step);
  };

  const drawTile = {
    today: t => {
      body("tile-today", tiles.today(t), tiles.against(t.against, texts.tile.today_basis));
      const line = tiles.against(t.against, texts.tile.hours_basis);
      for (const id of ["tile-hours", "tile-channels", "tile-domains"])
        $(id).querySelector(".basis").textContent = line;
      roll();
      drawKey();
    },
    funnel: t => body("tile-funnel", tiles.funnel(t), tiles.funnelBasis(t)),
    hours: t => body("tile-hours", tiles.hours(t, live.now())),
    channels: t => body("tile-channels", tiles.channels(t)),
    domains: t =>
      body("tile-domains", tiles.domains(t, live.state.tiles.streets ? live.state.tiles.streets.rows.length : 15)),
    streets: t => {
      body("tile-streets", tiles.streets(t));
      insets.show(t.rows);
    },
    queue: () => drawQueue(),
    next: () => drawNext(),
    watch: ([areas, spots]) => {
      const key = $("watch-key");
      key.textContent = areas || spots ? format.fill(texts.watch.key, {areas, spots}) : "";
      key.dataset.figure = JSON.stringify({figure: "watch"});
      key.tabIndex = key.textContent ? 0 : -1;
    },
    unknown: t => body("tile-unknown", tiles.unknown(t)),
    coverage: t => {
      body(
        "tile-blind",
        tiles.blind(t),
        t && t.kept_at ? format.fill(texts.replay.blind_at, {time: format.hm(t.kept_at)}) : undefined,
      );
      body("tile-cameras", tiles.cameras(t));
      cover.isNight = !!t && t.is_night;
      cover.touch();
      drawLegend();
      drawLetters();
    },
    shift: t => {
      $("shift").textContent = t ? texts.shift[t] || (texts.language === "en" ? "" : t) : "";
    },
    alarms: t => drawAlarms(t),
    ticker: t => $("ticker").replaceChildren(...tiles.ticker(t)),
    units: t => {
      if (!layer) return;
      layer.units = t.filter(u => u.status !== "off").map(u => ({...project(u.lon, u.lat), kind: u.kind}));
      layer.touch();
      drawKey();
    },
  };
  /** How many rows the column holds; measured once a resize. */
  const fullQueue = () => {
    if (fits) return fits;
    const column = $("tile-queue").parentElement,
      rem = 16 * wallUnit();
    if (!$("tile-unknown").querySelector(".pairs")) return 4;
    // Below: two tiles and a pair whose heights are fixed; of the queue itself the header, and the line of the rest.
    const others = [...column.children]
      .filter(tile => tile.id !== "tile-queue")
      .reduce((sum, tile) => sum + tile.offsetHeight, 0);
    return (fits = Math.max(3, Math.min(10, Math.floor((column.clientHeight - others - 6.6 * rem) / (5.88 * rem)))));
  };
  const drawQueue = () => {
    const t = live.state.tiles.queue,
      now = live.now();
    if (!t || now === null) return;
    fullQueue();
    const name = $("tile-queue").querySelector("h2"),
      untaken = t.untaken ? h("span", {class: "bad"}, format.fill(texts.word.untaken_n, {n: t.untaken})) : null;
    name.replaceChildren(
      `${texts.tile.queue} ${format.count(t.n)} ${texts.word.items}`.trim(),
      ...(untaken ? [" · ", untaken] : []),
    );
    const shown = t.rows.slice(0, fullQueue());
    drawCards(t, shown, now);
    if (!layer) return;
    const flags = shown.flatMap((id, i) => {
      const row = live.state.rows.get(id);
      if (!row || row[A.lon] === null) return [];
      return [
        {
          ...project(row[A.lon], row[A.lat]),
          id,
          number: i + 1,
          light: tiles.queueLight(row, now).light,
          word: row[A.severity] <= 2 ? texts.word.severity[row[A.severity]] : "",
        },
      ];
    });
    // Every second comes by here: what has not changed is not drawn again.
    const told = JSON.stringify(flags);
    if (told === flagsTold) return;
    flagsTold = told;
    layer.flags = flags;
    layer.touch();
    insets.flags(flags);
  };
  /** The cards are made anew only when they change: between two seconds a focus and a pressed button stay where they are. */
  const drawCards = (t, shown, now) => {
    const states = shown.map(id =>
      live.state.rows.has(id)
        ? [id, live.state.rows.get(id)[A.version], tiles.queueLight(live.state.rows.get(id), now).light]
        : id,
    );
    const told = JSON.stringify([states, t.n, t.untaken, t.rest_ends, live.state.epoch]);
    if (told === cardsTold) {
      tiles.tickQueue($("tile-queue"), t, live.state.rows, now, fullQueue());
      return;
    }
    cardsTold = told;
    const before = new Set(queueShown.split(" "));
    body("tile-queue", tiles.queue(t, live.state.rows, now, fullQueue()), t.untaken ? "" : texts.tile.queue_basis);
    if (queueShown)
      for (const card of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".queue .case")))
        if (!before.has(card.dataset.case)) card.classList.add("new");
    queueShown = shown.join(" ");
  };
  /** Counted down every second like the queue; made anew only when its rows change, or its words. */
  let nextTold = "";
  const drawNext = () => {
    const t = live.state.tiles.next,
      now = live.now();
    if (!t || now === null) return;
    $("tile-next").querySelector(".basis").textContent = t.proposed
      ? format.fill(texts.word.proposed_n, {n: format.count(t.proposed)})
      : "";
    const content = tiles.next(t, live.state.rows, now, NEXT_ROWS),
      told = content.textContent;
    if (told === nextTold) return;
    nextTold = told;
    body("tile-next", content);
  };
  const drawKey = () => {
    const t = live.state.tiles.today;
    if (!t) return;
    const other = t.open - t.overdue - t.due_soon,
      units = (live.state.tiles.units || []).filter(u => u.status !== "off").length;
    const names = texts.word.key,
      line = (mark, n, name, how = "") =>
        h("div", null, mark, h("b", {class: how}, format.count(n)), h("span", null, name));
    $("map-key").replaceChildren(
      line(tiles.sign("overdue bad"), t.overdue, names[0], t.overdue ? "bad" : ""),
      line(tiles.sign("soon warn"), t.due_soon, names[1]),
      line(h("i", {class: "sign dot"}), other, names[2]),
      ...(units ? [line(h("i", {class: "sign capsule"}), units, names[3])] : []),
    );
    drawLegend();
  };
  const sound = makeSound(scope, {isUnattended: !isPast}),
    sayAlarm = alarmWords(texts, format, tiles);
  let alarmsTold = "";
  /** The gravest untaken alarm, how many there are, the budget of the hour; a wall shows, a desk takes. */
  const drawAlarms = t => {
    if (!isPast) sound.set(t.sound);
    const open = t.alarms.filter(a => a.state === "unacknowledged"),
      first = open[0],
      said = JSON.stringify([t, sound.ready()]);
    if (said === alarmsTold) return;
    alarmsTold = said;
    const b = t.budget,
      w = texts.alarm,
      late = b.raised > b.most ? "bad" : b.raised > b.acceptable ? "warn" : "";
    $("wall-alarms").replaceChildren(
      ...(first
        ? [
            h(
              "b",
              {class: first.severity === 1 ? "bad" : "warn"},
              tiles.sign(first.severity === 1 ? "overdue" : "soon"),
              sayAlarm(first),
            ),
            ...(t.untaken > 1 ? [h("span", {class: "mid"}, format.fill(w.more_untaken, {n: t.untaken - 1}))] : []),
          ]
        : []),
      h("span", {class: late || "dim"}, format.fill(w.hour, {n: b.raised, acceptable: b.acceptable})),
      ...(first && !isPast && !sound.ready() ? [h("span", {class: "warn"}, w.acts.silent_wall)] : []),
    );
  };
  const drawTruth = () => {
    const now = live.now(),
      s = live.state.tiles;
    if (now === null) return;
    const refused = s.unknown ? Object.values(s.unknown.refused).reduce((a, n) => a + n, 0) : 0;
    $("sources").replaceChildren(...tiles.sources(s.sources, s, refused, live.word(), live.age(), now));
  };
  const drawLegend = () => {
    const t = live.state.tiles.coverage,
      spots = Object.keys(live.state.tiles).filter(name => name.startsWith("spot:") && live.state.tiles[name]);
    const blind = t ? t.gaps : 0;
    $("map-legend")
      .querySelectorAll(".of-coverage")
      .forEach(el => el.remove());
    const key = (kind, n, name) =>
      h(
        "div",
        {class: "of-coverage"},
        h("i", {class: `swatch ${kind}`}),
        n === null ? null : h("b", null, format.count(n)),
        h("span", null, name),
      );
    let unseen = 0;
    for (let i = 0; i < store.n; i++) unseen += store.unseen[i];
    if (unseen) $("map-legend").append(key("unseen", unseen, texts.coverage.unseen_case));
    if (spots.length || blind)
      $("map-legend").prepend(
        key("blind", blind, texts.coverage.key_blind),
        key("keys", null, texts.coverage.key_spot),
      );
  };
  /** The letters stand above the signs of the cases, for they lead from the list to the place. */
  const drawLetters = () => {
    const t = live.state.tiles.coverage;
    if (!layer) return;
    layer.letters = (t ? t.top : []).flatMap(s => {
      const spot = live.state.tiles[`spot:${s.id}`];
      return spot ? [{...project(spot.lon, spot.lat), text: s.letter}] : [];
    });
    layer.touch();
    insets.blind(layer.letters);
  };
  /** One spot is one tile: the others are not decoded again. */
  const drawSpot = (name, t) => {
    t ? cover.putSpot(t) : cover.dropSpot(name.slice(5));
    drawLegend();
    drawLetters();
  };
  const touch = () => {
    layer && layer.touch();
    insets.touch();
  };
  let second = -1,
    drawnMinute = "";
  const everySecond = () => {
    const now = live && live.now();
    if (!live || now === null) {
      if (live) $("sources").replaceChildren(h("span", {class: "warn"}, texts.word.connecting));
      return;
    }
    const at = Math.floor(now / 1000);
    if (at === second && live.word() === html.dataset.word) return;
    second = at;
    html.dataset.word = live.word();
    $("clock").textContent = format.hms(now);
    $("date").textContent = format.date(now);
    drawTruth();
    drawQueue();
    drawNext();
    const fresh = now - Math.max(live.age() - 2000, 0) * (live.beat.speed || 1),
      asOf = format.hm(fresh);
    const late = live.word() === "late" ? ` ${texts.word.late}` : "";
    const text =
      live.word() === "stale" || live.word() === "offline" ? format.fill(texts.word.stale, {time: asOf}) : asOf + late;
    if (drawnMinute !== text) {
      drawnMinute = text;
      root.querySelectorAll(".as-of").forEach(el => {
        el.textContent = text;
      });
      if (live.state.tiles.hours) drawTile.hours(live.state.tiles.hours);
    }
    const speed = live.beat.speed,
      filling = live.state.tiles.filling;
    html.classList.toggle("filling", typeof filling === "number");
    $("note").classList.toggle("warn", typeof filling === "number");
    if (typeof filling === "number") {
      $("note").textContent = format.fill(texts.word.filling, {n: Math.round(100 * filling)});
      return;
    }
    // A past moment has a clock of its own, and says so by its bar.
    const clock = {speed, now: isPast ? null : live.now(), note: root.dataset.note || ""};
    $("note").textContent = clockNote(texts.word, format, clock);
  };
  /** An open panel follows its case: asked for again when the case has changed, at most once a second. */
  let asked = null,
    askedAt = 0;
  const follow = rows => {
    if (!asked || !asked.id || $("case-panel").hidden || (rows !== null && !rows.has(asked.id))) return;
    if (performance.now() - askedAt < 1000) {
      scope.after(1000, () => follow(null));
      return;
    }
    askedAt = performance.now();
    ask(asked);
  };
  const render = change => {
    follow(change.rows);
    if (change.rows === null) {
      store.load(live.state.rows);
      touch();
    } else if (change.rows.size) {
      for (const id of change.rows) {
        const row = live.state.rows.get(id);
        row ? store.put(row) : store.drop(id);
      }
      touch();
    }
    if (change.rows === null) {
      cover.clear();
      for (const name of Object.keys(live.state.tiles))
        if (name.startsWith("spot:") && live.state.tiles[name]) cover.putSpot(live.state.tiles[name]);
    }
    for (const name of change.tiles)
      if (name.startsWith("spot:")) drawSpot(name, live.state.tiles[name]);
      else drawTile[name] && drawTile[name](live.state.tiles[name]);
    if (["sources", "feed", "processes", "around", "unknown"].some(name => change.tiles.includes(name))) drawTruth();
    html.dataset.open = live.state.rows.size;
  };

  $("map-legend").replaceChildren(
    h("div", null, h("i", {class: "sign ring"}), h("span", null, texts.word.cluster)),
    h("div", null, h("i", {class: "sign overdue bad grave"}), h("span", null, texts.word.grave)),
  );
  /** Of a past room a case is asked for as it was; figures and cameras are not kept one by one. */
  const ask = what => {
    if (isPast && !what.id) return;
    asked = what;
    dash_clientside.set_props("picked-case", {
      data: {...what, ...(isPast ? {moment: Math.round(live.now())} : {}), at: Date.now()},
    });
  };
  const pick = id => ask({id});
  live = feed(render, everySecond, format, pick);
  if (!Object.values(places.streets).some(s => s.box))
    root.querySelector(".map-box").prepend(h("p", {class: "none"}, texts.word.no_outlines));
  withMap(scope, map => {
    layGround(scope, map, groundStyle);
    layer = new CaseLayer(store);
    layer.labels = Object.values(places.streets)
      .filter(s => s.at)
      .map(s => ({...project(...s.at), text: s.name}));
    layer.addTo(map);
    cover.addTo(map);
    mapHands(scope, map, layer, live, {texts, format, tiles, pick});
    for (const name of ["units", "queue", "coverage"])
      if (live.state.tiles[name]) drawTile[name](live.state.tiles[name]);
    layer.touch();
  });
  const enterPanel = panelFocus(scope, $("case-panel"));
  const open = (target, byKey = false) => {
    const card = target.closest("[data-case]"),
      camera = target.closest("[data-camera]"),
      figure = target.closest("[data-figure]");
    if (byKey && (card || camera || figure)) enterPanel();
    if (camera) ask({camera: camera.dataset.camera});
    else if (card) pick(card.dataset.case);
    else if (figure) ask(JSON.parse(figure.dataset.figure));
  };
  root.addEventListener("click", e => open(e.target, e.detail === 0));
  for (const [id, name] of isPast
    ? []
    : [
        ["tile-queue", "at_district"],
        ["tile-next", "proposed"],
      ]) {
    const head = $(id).querySelector("h2");
    head.tabIndex = 0;
    head.dataset.figure = JSON.stringify({figure: name});
  }
  scope.listen(document, "keydown", e => {
    if (e.key === "Enter" && !e.defaultPrevented && e.target.matches && e.target.matches("[tabindex]:not(button)"))
      open(e.target, true);
    if (e.key === "Escape") $("case-panel-close").click();
  });
  scope.listen(window, "resize", () => {
    fits = 0;
    drawQueue();
  });
  return {
    live,
    store,
    cover,
    get layer() {
      return layer;
    },
  };
};
