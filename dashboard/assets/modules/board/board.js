// @ts-check
// The district on one screen: map, tiles, queue. The wall fills it with the present, the replay with a moment of the past.
import {clockNote} from "../core/clock-note.js";
import {$, find, h, plain} from "../core/dom.js";
import {panelFocus, redraw, watchKeys} from "../core/focus.js";
import {makeFormat} from "../core/format.js";
import {makePanel} from "../core/panel.js";
import {watchDownloads} from "../core/reauth.js";
import {CaseLayer} from "../map/case-layer.js";
import {CaseStore} from "../map/case-store.js";
import {CoverageLayer} from "../map/coverage-layer.js";
import {layGround} from "../map/ground.js";
import {mapHands} from "../map/hands.js";
import {withMap} from "../map/maps.js";
import {project, streetLabels} from "../map/project.js";
import {groundStyle, watchUnit} from "../map/signs.js";
import {makeAlarmLine} from "./alarm-line.js";
import {makeInsets} from "./insets.js";
import {makeMapKey} from "./map-key.js";
import {makePastNames} from "./past-names.js";
import {makeQueueTile} from "./queue-tile.js";
import {makeRoll} from "./rolling.js";
import {makeBoardTiles} from "./tiles.js";

/**
 * What the parts of a board share.
 * @typedef {Object} Board
 * @property {HTMLElement} root
 * @property {Texts} texts
 * @property {Format} format
 * @property {ReturnType<typeof makeBoardTiles>} tiles
 * @property {CaseStore} store
 * @property {ReturnType<typeof makeInsets>} insets
 * @property {Shown} live
 * @property {LeafletLayer} layer   null before the map is there
 */

/** The tiles by their names, as a change has them.  @param {Shown} live  @returns {{[name: string]: any}} */
const tilesOf = live => live.state.tiles;

/**
 * @param {HTMLElement} root
 * @param {import("../core/scope.js").Scope} scope
 * @param {Texts} texts
 * @param {{isPast?: boolean, feed: (render: (change: import("../core/socket.js").Change) => void, everySecond: () => void, format: Format, pick: (id: string) => void) => Shown}} how
 *   feed: what gives the state; isPast: of a moment of the past only cases can be opened
 */
export const startBoard = (root, scope, texts, {isPast = false, feed}) => {
  const places = /** @type {Places} */ (plain(root.dataset.district || "{}"));
  const format = makeFormat(texts, places.zone, () => (live ? live.now() : null)),
    tiles = makeBoardTiles(texts, format, places, !isPast);
  const store = new CaseStore();
  const html = document.documentElement;
  watchKeys(scope);
  watchUnit(scope);
  watchDownloads(scope);
  html.lang = texts.language;
  document.title = texts.title;
  const cover = new CoverageLayer(places.plane),
    insets = makeInsets(scope, store, cover, places, {texts, format});
  /** @type {LeafletLayer} */
  let layer = null;
  /** @type {Shown} */
  let live;

  /** @param {string} id  @param {any} content  elements and texts  @param {string} [basis] */
  const body = (id, content, basis) => {
    const tile = $(id),
      box = tile.querySelector(".body");
    box.className = "body";
    redraw(box, ...[content].flat());
    if (basis !== undefined) tile.querySelector(".basis").textContent = basis;
  };
  /** What the parts of the board share; ``live`` and ``layer`` come later. */
  const board = {
    root,
    texts,
    format,
    tiles,
    store,
    insets,
    get live() {
      return live;
    },
    get layer() {
      return layer;
    },
  };
  const {drawKey, drawLegend, drawLetters} = makeMapKey(board),
    {drawQueue, drawNext, resize} = makeQueueTile(board, body),
    drawAlarms = makeAlarmLine(scope, board, isPast),
    roll = makeRoll(root, format);
  /** @type {{[name: string]: (tile: any) => void}} the tiles that the server sends, by their names */
  const drawTile = {
    /** @param {import("../types/wire.d.ts").TodayTile} t */
    today: t => {
      body("tile-today", tiles.today(t), tiles.against(t.against, texts.tile.today_basis));
      const line = tiles.against(t.against, texts.tile.hours_basis);
      for (const id of ["tile-hours", "tile-channels", "tile-domains"])
        $(id).querySelector(".basis").textContent = line;
      roll();
      drawKey();
    },
    /** @param {import("../types/wire.d.ts").FunnelTile} t */
    funnel: t => body("tile-funnel", tiles.funnel(t), tiles.funnelBasis(t)),
    /** @param {import("../types/wire.d.ts").HoursTile} t */
    hours: t => body("tile-hours", tiles.hours(t, live.now() || 0)),
    /** @param {import("../types/wire.d.ts").CountAgainst[]} t */
    channels: t => body("tile-channels", tiles.channels(t)),
    /** @param {import("../types/wire.d.ts").CountAgainst[]} t */
    domains: t =>
      body("tile-domains", tiles.domains(t, live.state.tiles.streets ? live.state.tiles.streets.rows.length : 15)),
    /** @param {import("../types/wire.d.ts").StreetsTile} t */
    streets: t => {
      body("tile-streets", tiles.streets(t));
      insets.show(t.rows);
    },
    queue: () => drawQueue(),
    next: () => drawNext(),
    /** @param {import("../types/wire.d.ts").Watching} t */
    watch: t => {
      const [areas, spots] = t;
      const key = $("watch-key");
      key.textContent = areas || spots ? format.fill(texts.watch.key, {areas, spots}) : "";
      key.dataset.figure = JSON.stringify({figure: "watch"});
      key.tabIndex = key.textContent ? 0 : -1;
    },
    /** @param {import("../types/wire.d.ts").UnknownTile} t */
    unknown: t => body("tile-unknown", tiles.unknown(t)),
    /** @param {import("../types/wire.d.ts").CoverageTile|import("../types/wire.d.ts").PastCoverage|null} t */
    coverage: t => {
      body(
        "tile-blind",
        tiles.blind(t),
        t && "kept_at" in t && t.kept_at ? format.fill(texts.replay.blind_at, {time: format.hm(t.kept_at)}) : undefined,
      );
      body("tile-cameras", tiles.cameras(t));
      cover.isNight = !!t && t.is_night;
      cover.touch();
      drawLegend();
      drawLetters();
    },
    /** @param {string} t */
    shift: t => {
      $("shift").textContent = t ? texts.shift[t] || (texts.language === "en" ? "" : t) : "";
    },
    alarms: drawAlarms,
    /** @param {import("../types/wire.d.ts").TickerLine[]} t */
    ticker: t => $("ticker").replaceChildren(...tiles.ticker(t)),
    /** @param {import("../types/wire.d.ts").UnitMoved[]} t */
    units: t => {
      if (!layer) return;
      layer.units = t.filter(u => u.status !== "off").map(u => ({...project(u.lon, u.lat), kind: u.kind}));
      layer.touch();
      drawKey();
    },
  };
  const drawTruth = () => {
    const now = live.now(),
      s = live.state.tiles;
    if (now === null) return;
    const refused = s.unknown ? Object.values(s.unknown.refused).reduce((a, n) => a + n, 0) : 0;
    $("sources").replaceChildren(...tiles.sources(s.sources, s, refused, live.word(), live.age(), now));
  };
  /** One spot is one tile: the others are not decoded again.  @param {string} name  @param {import("../types/wire.d.ts").WatchedSpot|null} t */
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
  /** An open panel follows its case: asked for again when the case has changed, at most once a second.  @type {import("../core/panel.js").Picked|null} */
  let asked = null;
  let askedAt = 0;
  /** @param {Set<string>|null} rows */
  const follow = rows => {
    if (!asked || !asked.id || $("case-panel").hidden || (rows !== null && !rows.has(asked.id))) return;
    if (performance.now() - askedAt < 1000) {
      scope.after(1000, () => follow(null));
      return;
    }
    askedAt = performance.now();
    ask(asked);
  };
  const pastNames = makePastNames(places, texts.language === "en");
  /** The streets' names on the map. */
  const label = () => {
    layer.labels = streetLabels(places);
  };
  /** @param {import("../core/socket.js").Change} given */
  const render = given => {
    let change = given;
    if (change.tiles.includes("names") && pastNames(live.state.tiles.names)) {
      change = {rows: null, tiles: Object.keys(live.state.tiles)};
      if (layer) label();
    }
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
      for (const [name, spot] of Object.entries(tilesOf(live)))
        if (name.startsWith("spot:") && spot) cover.putSpot(spot);
    }
    for (const name of change.tiles)
      if (name.startsWith("spot:")) drawSpot(name, tilesOf(live)[name]);
      else drawTile[name] && drawTile[name](tilesOf(live)[name]);
    if (["sources", "feed", "processes", "around", "unknown"].some(name => change.tiles.includes(name))) drawTruth();
    html.dataset.open = String(live.state.rows.size);
  };

  $("map-legend").replaceChildren(
    h("div", null, h("i", {class: "sign ring"}), h("span", null, texts.word.cluster)),
    h("div", null, h("i", {class: "sign overdue bad grave"}), h("span", null, texts.word.grave)),
  );
  const panel = makePanel(scope);
  /** Of a past room a case is asked for as it was; figures and cameras are not kept one by one.  @param {import("../core/panel.js").Picked} what */
  const ask = what => {
    if (isPast && !what.id) return;
    asked = what;
    panel.show(isPast ? {...what, moment: Math.round(live.now() || 0)} : what);
  };
  /** @param {string} id */
  const pick = id => ask({id});
  live = feed(render, everySecond, format, pick);
  if (!Object.values(places.streets).some(s => s.box))
    find(root, ".map-box").prepend(h("p", {class: "none"}, texts.word.no_outlines));
  withMap(scope, map => {
    layGround(scope, map, groundStyle);
    layer = new CaseLayer(store);
    label();
    layer.addTo(map);
    cover.addTo(map);
    mapHands(scope, map, layer, live, {texts, format, tiles, pick});
    for (const name of ["units", "queue", "coverage"]) if (tilesOf(live)[name]) drawTile[name](tilesOf(live)[name]);
    layer.touch();
  });
  const enterPanel = panelFocus(scope, $("case-panel"));
  /** @param {HTMLElement} target  @param {boolean} [byKey] */
  const open = (target, byKey = false) => {
    const card = target.closest("[data-case]"),
      camera = target.closest("[data-camera]"),
      figure = target.closest("[data-figure]");
    if (byKey && (card || camera || figure)) enterPanel();
    if (camera) ask({camera: camera.dataset.camera});
    else if (card) pick(card.dataset.case || "");
    else if (figure) ask(JSON.parse(figure.dataset.figure || "{}"));
  };
  root.addEventListener("click", e => open(/** @type {HTMLElement} */ (e.target), e.detail === 0));
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
  scope.listen(window, "resize", resize);
  return {
    live,
    store,
    cover,
    panel,
    get layer() {
      return layer;
    },
  };
};
