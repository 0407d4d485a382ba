// @ts-check
// A desk: map, figures, queue and panel around one live state. Each part stands in a file of its own; here they are
// made, fed by the socket, and told of clicks.
import {clockNote} from "../core/clock-note.js";
import {$, h, plain} from "../core/dom.js";
import {roving, watchKeys} from "../core/focus.js";
import {makeFormat} from "../core/format.js";
import {emptyState} from "../core/reducer.js";
import {watchDownloads} from "../core/reauth.js";
import {sayHere} from "../core/session.js";
import {connect} from "../core/socket.js";
import {fetchTexts} from "../core/texts.js";
import {chooseTheme, themeButton} from "../core/theme.js";
import {makeTiles} from "../core/tiles.js";
import {watchUnit} from "../map/signs.js";
import {makeDeskAlarms} from "./alarms.js";
import {makeCommands} from "./commands.js";
import {makeDeskMap} from "./desk-map.js";
import {makeDuty} from "./duty.js";
import {makeFigures} from "./figures.js";
import {watchDeskKeys} from "./keys.js";
import {makeNearest} from "./nearest.js";
import {makeNotices} from "./notices.js";
import {sayOpening} from "./opening.js";
import {makePanelActs} from "./panel-acts.js";
import {makePicked} from "./picked.js";
import {makeQueue} from "./queue.js";
import {watchDeskSearch} from "./search.js";

/**
 * What the parts of the desk share; each part is made with those that stand before it here.
 * @typedef {Object} Desk
 * @property {Scope} scope
 * @property {HTMLElement} root
 * @property {DeskAbout} about
 * @property {Texts} texts
 * @property {Format} format
 * @property {Tiles} tiles
 * @property {Places} places
 * @property {Texts} words   those of the desk
 * @property {Omit<Live, "state"> & DeskLive} live
 * @property {LeafletMap} map   null before it is there
 * @property {LeafletLayer} layer   as the map
 * @property {any} names   the names on the map
 * @property {(id: string, byKey?: boolean) => void} pick
 * @property {(name: string) => void} showTab
 * @property {ReturnType<typeof makeCommands>} commands
 * @property {ReturnType<typeof makeQueue>} queue
 * @property {ReturnType<typeof makeNearest>} nearest
 * @property {ReturnType<typeof makePicked>} picked
 * @property {ReturnType<typeof makePanelActs>} acts
 * @property {ReturnType<typeof makeDeskMap>} onMap
 * @property {ReturnType<typeof makeDeskAlarms>} alarms
 * @property {ReturnType<typeof makeDuty>} duty
 * @property {{open: () => void}} help
 */

/** What is known before the connection is made: nothing. */
const NOT_LIVE = /** @type {any} */ ({
  state: emptyState(),
  now: () => null,
  age: () => Infinity,
  word: () => "offline",
  beat: null,
  socket: null,
});

/**
 * @param {HTMLElement} root
 * @param {import("../core/scope.js").Scope} scope
 */
export const start = async (root, scope) => {
  const texts = await fetchTexts(root, scope);
  if (!texts) return null;
  const places = plain(root.dataset.district || "{}"),
    about = plain(root.dataset.desk || "{}");
  const format = makeFormat(texts, places.zone, () => desk.live.now()),
    tiles = makeTiles(texts, format, places),
    words = texts.desk;
  const html = document.documentElement,
    query = new URLSearchParams(location.search);
  about.district = places.code;
  watchKeys(scope);
  watchUnit(scope);
  watchDownloads(scope);
  html.lang = texts.language;
  document.title = about.title;
  chooseTheme(query);

  /** What the parts of the desk share. */
  const desk = /** @type {Desk} */ (
    /** @type {any} */ ({
      scope,
      root,
      about,
      texts,
      format,
      tiles,
      places,
      words,
      live: NOT_LIVE,
      map: null,
      layer: null,
      pick: (/** @type {string} */ id, /** @type {boolean} */ byKey) => desk.picked.pick(id, byKey),
      showTab: (/** @type {string} */ name) => showTab(name),
    })
  );
  const live = {
    get state() {
      return desk.live.state;
    },
    now: () => desk.live.now(),
  };
  desk.commands = makeCommands({
    scope,
    about,
    texts,
    format,
    places,
    live,
    tiles,
    onChange: (/** @type {string[]} */ ids) => {
      desk.queue.redraw(ids);
      const {asked} = desk.picked;
      if (asked && asked.id && ids.includes(asked.id)) desk.picked.drawCommand();
    },
  });
  desk.queue = makeQueue({
    scope,
    root,
    about,
    texts,
    format,
    tiles,
    commands: desk.commands,
    pick: desk.pick,
    ahead: id => desk.picked.ahead(id),
    wentBack: id => (id ? desk.pick(id) : desk.picked.asked && $("case-panel-close").click()),
    changed: () => desk.onMap.filter(),
    live,
  });
  desk.commands.clear = () => desk.queue.clear();
  desk.nearest = makeNearest(desk);
  desk.picked = makePicked(desk);
  desk.acts = makePanelActs(desk);
  desk.onMap = makeDeskMap(desk);
  desk.alarms = makeDeskAlarms(desk);
  desk.duty = makeDuty(desk);
  // Fetched when it is asked for first.
  desk.help = {open: () => void import("./help.js").then(({openHelp}) => openHelp(desk))};
  scope.listen($("help"), "click", desk.help.open);
  watchDeskSearch(desk);
  const drawFigures = makeFigures(desk);

  // — what the socket says —
  const drawTruth = () => {
    const s = desk.live.state.tiles,
      now = desk.live.now();
    if (now === null) return;
    $("sources").replaceChildren(
      ...tiles.sources(s.sources, s, s.refused || 0, desk.live.word(), desk.live.age(), now),
    );
  };
  /** @type {{[name: string]: (tile: any) => void}} the tiles that the server sends, by their names */
  const drawTile = {
    figures: drawFigures,
    sources: drawTruth,
    feed: drawTruth,
    processes: drawTruth,
    around: drawTruth,
    refused: drawTruth,
    shift: (/** @type {string} */ t) => {
      $("shift").textContent = t ? texts.shift[t] || t : "";
    },
    notices: makeNotices(texts, format),
    units: (/** @type {import("../types/wire.d.ts").UnitMoved[]} */ t) => desk.onMap.units(t),
    present: (/** @type {import("../types/wire.d.ts").DeskTiles["present"]} */ t) => {
      desk.queue.present(t);
      desk.picked.drawCommand();
    },
    alarms: (/** @type {import("../types/wire.d.ts").AlarmsTile} */ t) => {
      desk.alarms.draw(t);
      drawFigures();
    },
  };
  let hasBegun = false,
    figuresAt = 0;
  /** @param {import("../core/socket.js").Change} change */
  const render = change => {
    desk.picked.follow(change.rows);
    if (change.rows === null || change.rows.size) {
      desk.onMap.put(change.rows);
      desk.queue.put(change.rows);
      if (performance.now() - figuresAt > 500) {
        figuresAt = performance.now();
        drawFigures();
      }
    }
    /** @type {{[name: string]: any}} */
    const known = desk.live.state.tiles;
    for (const name of change.tiles) drawTile[name] && drawTile[name](known[name]);
    html.dataset.open = String(desk.live.state.rows.size);
    if (change.rows === null && !hasBegun) {
      hasBegun = true;
      const id = query.get("case");
      if (id) desk.pick(id);
      else desk.nearest.show(null);
    }
  };
  let second = -1;
  const everySecond = () => {
    const {live} = desk,
      now = live.now();
    sayOpening(desk);
    if (now === null) {
      $("sources").replaceChildren(h("span", {class: "warn"}, texts.word.connecting));
      return;
    }
    if (live.beat && live.beat.epoch === live.state.epoch && live.beat.seq === live.state.seq)
      html.dataset.lastEntry = live.beat.last_entry;
    const at = Math.floor(now / 1000);
    if (at === second && live.word() === html.dataset.word) return;
    second = at;
    html.dataset.word = live.word();
    $("clock").textContent = format.hms(now);
    $("date").textContent = format.date(now);
    drawTruth();
    drawFigures();
    if (at % 10 === 0 && live.state.tiles.units) desk.onMap.units(live.state.tiles.units);
    const word = live.word(),
      asOf = format.hm(now - Math.max(live.age() - 2000, 0));
    root.querySelectorAll("time.as-of").forEach(el => {
      el.textContent = word === "stale" || word === "offline" ? format.fill(texts.word.stale, {time: asOf}) : asOf;
    });
    const speed = live.beat.speed,
      filling = live.state.tiles.filling;
    $("note").textContent =
      typeof filling === "number"
        ? format.fill(texts.word.filling, {n: Math.round(100 * filling)})
        : clockNote(texts.word, format, {speed, now: desk.live.now(), note: root.dataset.note || ""});
    desk.alarms.tick();
  };

  // A desk's zone sends rows with a desk's fields.
  desk.live = /** @type {any} */ (connect(scope, render, everySecond, about.zone));
  desk.live.socket.on("commands", (/** @type {[string, string, string, string][]} */ rows) =>
    desk.commands.settle(rows),
  );
  desk.live.socket.on("connect", () => {
    desk.commands.catchUp();
    const {asked} = desk.picked;
    if (asked && asked.id) desk.live.socket.emit("at_case", {case_id: asked.id});
  });
  desk.onMap.begin();

  // — what a click says —
  root.addEventListener("click", event => {
    const target = /** @type {HTMLElement} */ (event.target);
    /** @param {string} selector  @returns {any} */
    const closest = selector => target.closest(selector);
    const button = closest("[data-command]"),
      answer = closest("[data-answer]"),
      secret = closest("[data-reveal]"),
      card = closest("[data-case]"),
      camera = closest("[data-camera]"),
      tab = closest("[role=tab]"),
      chip = closest("[data-chip]");
    if (button || secret || answer) desk.acts.pressed(button, secret, answer);
    else if (tab) showTab(tab.id.slice(4));
    else if (chip) {
      showTab("queue");
      desk.queue.toggle(chip.dataset.chip);
    } else if (card) {
      showTab("queue");
      desk.pick(card.dataset.case, event.detail === 0);
    } else if (camera && about.rights.includes("see_coverage")) {
      if (event.detail === 0) desk.picked.enterPanel();
      desk.picked.ask({camera: camera.dataset.camera});
    }
  });
  /** @param {string} name */
  const showTab = name => {
    for (const tab of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[role=tab]"))) {
      const on = tab.id === `tab-${name}`;
      tab.classList.toggle("on", on);
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = roving(on);
      if (tab.id !== "tab-map") $(`body-${tab.id.slice(4)}`).hidden = !on; // the map keeps its size: desk_small.css
    }
    root.dataset.tab = name;
    desk.duty.show(name);
  };
  $("case-panel-close").addEventListener("click", desk.picked.unpick);
  themeButton($("theme"), () => desk.onMap.repaint());
  watchDeskKeys(desk);
  sayHere(scope);
  return desk;
};
