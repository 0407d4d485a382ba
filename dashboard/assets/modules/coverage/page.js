// @ts-check
// The page /coverage: joins, asks for what it lacks, and draws what changes.
import {clockNote} from "../core/clock-note.js";
import {$, h, plain} from "../core/dom.js";
import {panelFocus, watchKeys} from "../core/focus.js";
import {makeFormat} from "../core/format.js";
import {makePanel} from "../core/panel.js";
import {watchDownloads} from "../core/reauth.js";
import {connect} from "../core/socket.js";
import {fetchTexts} from "../core/texts.js";
import {chooseTheme, themeButton} from "../core/theme.js";
import {makeTiles} from "../core/tiles.js";
import {CaseLayer} from "../map/case-layer.js";
import {CaseStore} from "../map/case-store.js";
import {makeCoverageInk} from "../map/coverage-ink.js";
import {CoverageLayer} from "../map/coverage-layer.js";
import {layGround} from "../map/ground.js";
import {withMap} from "../map/maps.js";
import {streetLabels} from "../map/project.js";
import {makeSigns, plainGround, watchUnit} from "../map/signs.js";
import {makeCoverageFaces} from "./faces.js";
import {makeLayers} from "./layers.js";
import {isKey, makeLists, ranked} from "./lists.js";
import {makePicks} from "./picks.js";
import {makePlanFaces} from "./plan-faces.js";
import {CoverageState} from "./state.js";
import {coverageTip} from "./tip.js";
import {makeRemember, readView} from "./view.js";

/**
 * What the parts of the page share.
 * @typedef {Object} CoveragePage
 * @property {HTMLElement} root
 * @property {Texts} texts
 * @property {Format} format
 * @property {Places} places
 * @property {ReturnType<typeof makeCoverageFaces>} faces
 * @property {ReturnType<typeof makePlanFaces>} planFaces
 * @property {CoverageState} state
 * @property {LeafletLayer} layer
 * @property {LeafletLayer} cases
 * @property {URLSearchParams} query
 * @property {import("./view.js").View} view
 * @property {HTMLElement} partial   the button that shows the whole district again
 * @property {(spot: import("../types/wire.d.ts").WatchedSpot) => string} spotName
 * @property {ReturnType<typeof makePanel>} panel
 * @property {Live} live
 * @property {LeafletMap} map   null before it is there
 * @property {import("../types/wire.d.ts").SitePlan|null} plan
 * @property {boolean} loaded
 * @property {boolean} failed
 */

/**
 * @param {HTMLElement} root
 * @param {import("../core/scope.js").Scope} scope
 */
export const start = async (root, scope) => {
  const texts = await fetchTexts(root, scope);
  if (!texts) return null;
  const places = /** @type {Places} */ (plain(root.dataset.district || "{}")),
    words = texts.coverage;
  const format = makeFormat(texts, places.zone, () => (live ? live.now() : null)),
    tiles = makeTiles(texts, format, places),
    faces = makeCoverageFaces(texts, format, places);
  const html = document.documentElement;
  const state = new CoverageState(),
    store = new CaseStore(),
    layer = new CoverageLayer(places.plane),
    cases = new CaseLayer(store);
  const query = new URLSearchParams(location.search),
    view = readView(query);
  watchKeys(scope);
  watchUnit(scope);
  watchDownloads(scope);
  html.lang = texts.language;
  document.title = words.page_title;
  chooseTheme(query);

  const partial = h("button", {class: "partial", hidden: ""}, texts.word.partial),
    spotName = (/** @type {import("../types/wire.d.ts").WatchedSpot} */ spot) =>
      (places.spots && places.spots[spot.id]) || spot.name;
  /** @type {Live} */
  let live;
  /** What the parts of the page share.  @type {CoveragePage} */
  const page = {
    root,
    texts,
    format,
    places,
    faces,
    planFaces: makePlanFaces(texts, format, faces.street),
    state,
    layer,
    cases,
    query,
    view,
    partial,
    spotName,
    panel: makePanel(scope),
    get live() {
      return live;
    },
    map: null,
    plan: null,
    loaded: false,
    failed: false,
  };
  const remember = makeRemember(query, view, layer),
    picks = makePicks(page, remember),
    {drawLayers, show, showSites} = makeLayers(page);
  const onPlan = () => {
    showSites();
    remember();
  };
  const {drawFigures, drawRanking} = makeLists(page, {markPicked: picks.markPicked, onPlan});

  const drawAll = () => {
    show();
    drawFigures();
    drawRanking();
    drawLayers();
  };
  let soon = 0;
  /** A stream of changes is drawn a few times a second: the map at once, the lists with it. */
  const lists = () => {
    if (!soon)
      soon = scope.after(120, () => {
        soon = 0;
        drawFigures();
        drawRanking();
        drawLayers();
      });
  };
  let counted = 0;
  /** Of the cases only their number is shown. */
  const countCases = () => {
    if (!counted)
      counted = scope.after(1000, () => {
        counted = 0;
        drawLayers();
      });
  };

  /** @param {ReturnType<CoverageState["apply"]>} moved */
  const put = moved => {
    for (const id of moved.sights) {
      const body = state.get("sights", id);
      body ? layer.putSight(body) : layer.dropSight(id);
    }
    for (const id of moved.spots) {
      const body = state.get("spots", id);
      body ? layer.putSpot(body) : layer.dropSpot(id);
    }
    if (state.coverage) view.isNight = layer.isNight = state.coverage.is_night;
    if (moved.spots.size)
      layer.letters = new Map(
        ranked(state, s => isKey(s) && (s.need || 0) > 0)
          .slice(0, 3)
          .map((s, i) => [s.id, "ABC"[i]]),
      );
    layer.touch();
    html.dataset.coverage = String(state.revision);
    const asked = picks.asked;
    if (asked && asked.camera && moved.sights.has(asked.camera) && !$("case-panel").hidden) picks.ask(asked);
    lists();
  };
  const askPlan = async () => {
    try {
      page.plan = (await (await fetch("/api/v1/coverage/plan")).json()).plan;
      showSites();
      lists();
    } catch {
      /* the next change asks again */
    }
  };
  let asking = false,
    again = 0;
  /** What changed since the revision that we have; again after a while when nobody answers. */
  const catchUp = async () => {
    if (asking) {
      again = 1;
      return;
    }
    asking = true;
    const since = state.revision;
    try {
      const answer = await fetch(`/api/v1/coverage/changes?since=${since}`, {signal: scope.signal});
      if (!answer.ok) throw new Error(String(answer.status));
      const moved = state.apply(await answer.json(), since);
      const first = !page.loaded;
      page.failed = false;
      page.loaded = true;
      put(moved);
      if (moved.plan || !page.plan) askPlan();
      if (first) {
        drawAll();
        picks.openLinked();
      }
    } catch (error) {
      if (scope.isClosed) return;
      page.failed = true;
      scope.after(2000, catchUp);
      drawFigures();
    } finally {
      asking = false;
      if (again) {
        again = 0;
        catchUp();
      }
    }
  };

  live = connect(
    scope,
    change => {
      if (change.rows === null) store.load(page.live.state.rows);
      else
        for (const id of change.rows) {
          const row = page.live.state.rows.get(id);
          row ? store.put(row) : store.drop(id);
        }
      if (page.map && page.map.hasLayer(cases)) cases.touch();
      if (change.rows === null || change.rows.size) countCases();
      html.dataset.open = String(live.state.rows.size);
    },
    () => everySecond(),
  );
  page.live.socket.on("connect", () => page.live.socket.emit("watch_coverage"));
  page.live.socket.on("disconnect", () => state.lost());
  page.live.socket.on("coverage", (/** @type {ArrayBuffer & {ask?: boolean}} */ message) => {
    if (message.ask) {
      catchUp();
      return;
    }
    const moved = state.apply(JSON.parse(new TextDecoder().decode(message)));
    if (page.loaded) put(moved);
    if (moved.plan) askPlan();
  });
  const everySecond = () => {
    const now = page.live.now();
    if (now === null) {
      $("sources").replaceChildren(h("span", {class: "warn"}, texts.word.connecting));
      return;
    }
    $("clock").textContent = format.hms(now);
    $("date").textContent = format.date(now);
    const s = page.live.state.tiles,
      refused = s.unknown ? Object.values(s.unknown.refused).reduce((a, n) => a + n, 0) : 0;
    $("sources").replaceChildren(...tiles.sources(s.sources, s, refused, page.live.word(), page.live.age(), now));
    if (page.live.word() === "stale" || page.live.word() === "offline")
      $("sources").prepend(
        h(
          "b",
          {class: "warn"},
          format.fill(texts.word.stale, {
            time: format.hm(now - Math.max(page.live.age() - 2000, 0) * (page.live.beat.speed || 1)),
          }),
        ),
      );
    const speed = page.live.beat.speed;
    $("note").textContent = clockNote(texts.word, format, {speed, now, note: root.dataset.note || ""});
  };

  withMap(scope, map => {
    map.getContainer().setAttribute("role", "application"); // the arrows move it
    map.getContainer().setAttribute("aria-label", texts.tile.map);
    page.map = map;
    layGround(scope, map, plainGround);
    layer.addTo(map);
    const [south, west, north, east] = JSON.parse(map.getContainer().closest(".map-box").dataset.bounds);
    const fit = () =>
      map.fitBounds(
        [
          [south, west],
          [north, east],
        ],
        {animate: false, padding: [6, 6]},
      );
    partial.addEventListener("click", () => {
      partial.hidden = true;
      fit();
    });
    map.on("dragstart boxzoomend", () => {
      partial.hidden = false;
    });
    map.getContainer().addEventListener(
      "wheel",
      () => {
        partial.hidden = false;
      },
      {passive: true},
    );
    map.on("zoomend", drawLayers);
    scope
      .observe(
        new ResizeObserver(() => {
          map.invalidateSize({animate: false});
          if (partial.hidden) fit();
        }),
      )
      .observe(map.getContainer());
    fit();
    cases.labels = streetLabels(places);
    map.on("click", (/** @type {{containerPoint: {x: number, y: number}}} */ e) => {
      const hit = layer.hit(e.containerPoint),
        other = map.hasLayer(cases) ? cases.hit(e.containerPoint) : null;
      if (other && other.id) picks.pick(other.id);
      else if (hit && hit.site) picks.openSite(hit.site, false);
      else if (hit && hit.camera) picks.openCamera(hit.camera, false);
      else if (hit && hit.spot) picks.openSpot(hit.spot, false);
    });
    coverageTip(map, layer, state, faces, {texts, format, view, spotName});
    show();
    picks.openLinked();
  });

  const enterPanel = panelFocus(scope, $("case-panel"));
  /** @param {HTMLElement} target  @param {boolean} [byKey] */
  const act = (target, byKey = false) => {
    const at = (/** @type {string} */ name) => {
      const el = target.closest(`[data-${name}]`);
      return (el && el.dataset[name]) || "";
    };
    if (byKey && (at("camera") || at("case"))) enterPanel();
    if (at("camera")) picks.openCamera(at("camera"), true);
    else if (at("case")) picks.pick(at("case"));
    else if (at("site")) picks.openSite(+at("site"), true);
    else if (at("spot")) picks.openSpot(at("spot"), true);
    else if (at("tab")) {
      view.tab = at("tab");
      $("coverage-ranking").scrollTop = 0;
      if (view.tab === "plan") view.off.delete("sites");
      show();
      drawRanking();
      drawLayers();
      remember();
    } else if (at("layer")) {
      const name = at("layer");
      view.off.has(name) ? view.off.delete(name) : view.off.add(name);
      show();
      drawLayers();
      remember();
    } else if (at("light")) {
      view.light = at("light");
      drawAll();
      remember();
    } else if (at("view")) {
      view.planned = at("view") === "planned";
      drawAll();
      remember();
    }
  };
  root.addEventListener("click", e => act(/** @type {HTMLElement} */ (e.target), e.detail === 0));
  themeButton($("theme"), () => {
    layer.ink = makeCoverageInk();
    cases.signs = makeSigns();
    page.map.eachLayer((/** @type {LeafletLayer} */ l) => {
      if (l.feature && l.setStyle) l.setStyle(plainGround(l.feature));
    });
    layer.touch();
    cases.spoilAll();
    cases.touch();
  });
  scope.listen(document, "keydown", e => {
    if (
      (e.key === "Enter" || e.key === " ") &&
      !e.defaultPrevented &&
      e.target.closest &&
      e.target.closest("[tabindex]") &&
      root.contains(e.target) &&
      !e.target.closest(".map, button, a, input")
    ) {
      e.preventDefault();
      act(e.target, true);
    }
    if (e.key === "Escape") $("case-panel-close").click();
  });
  scope
    .observe(
      new MutationObserver(() => {
        if ($("case-panel").hidden && layer.picked.camera) {
          layer.picked = {};
          picks.forget();
          layer.touch();
          remember();
        }
      }),
    )
    .observe($("case-panel"), {attributes: true, attributeFilter: ["hidden"]});
  drawAll();
  return {live: page.live, panel: page.panel, layer, state, view};
};
