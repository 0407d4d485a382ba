// @ts-check
// The page /coverage: joins, asks for what it lacks, and draws what changes.
import {clockNote} from "../core/clock-note.js";
import {$, h, plain} from "../core/dom.js";
import {panelFocus, redraw, roving, watchKeys} from "../core/focus.js";
import {makeFormat} from "../core/format.js";
import {AT as A} from "../core/reducer.js";
import {watchDownloads} from "../core/reauth.js";
import {connect} from "../core/socket.js";
import {fetchTexts} from "../core/texts.js";
import {themeButton} from "../core/theme.js";
import {makeTiles} from "../core/tiles.js";
import {CaseLayer} from "../map/case-layer.js";
import {CaseStore} from "../map/case-store.js";
import {makeCoverageInk} from "../map/coverage-ink.js";
import {CoverageLayer} from "../map/coverage-layer.js";
import {layGround} from "../map/ground.js";
import {withMap} from "../map/maps.js";
import {project} from "../map/project.js";
import {makeSigns, plainGround, watchUnit} from "../map/signs.js";
import {makeCoverageFaces} from "./faces.js";
import {CoverageState} from "./state.js";
import {coverageTip} from "./tip.js";

/**
 * @param {HTMLElement} root
 * @param {import("../core/scope.js").Scope} scope
 */
export const start = async (root, scope) => {
  const texts = await fetchTexts(root, scope);
  if (!texts) return null;
  const places = plain(root.dataset.district),
    words = texts.coverage;
  const format = makeFormat(texts, places.zone, () => live && live.now()),
    tiles = makeTiles(texts, format, places),
    faces = makeCoverageFaces(texts, format, places);
  const html = document.documentElement;
  const state = new CoverageState(),
    store = new CaseStore(),
    layer = new CoverageLayer(places.plane),
    cases = new CaseLayer(store);
  const SPOTS_SHOWN = 100,
    query = new URLSearchParams(location.search);
  const pickOf = (name, list) => (list.includes(query.get(name)) ? query.get(name) : list[0]);
  const view = {
    light: pickOf("light", ["now", "day", "night"]),
    planned: query.get("view") === "planned",
    isNight: false,
    tab: pickOf("tab", ["spots", "grids", "plan"]),
    n: Math.min(50, Math.max(1, +query.get("n") || 20)),
    off: new Set(
      (query.get("off") || (query.get("tab") === "plan" ? "cases" : "cases,sites"))
        .split(",")
        .filter(name => name && name !== "none"),
    ),
  };
  let map = null,
    live = null,
    plan = null,
    failed = false,
    loaded = false;
  watchKeys(scope);
  watchUnit(scope);
  watchDownloads(scope);
  html.lang = texts.language;
  document.title = words.page_title;
  html.dataset.theme =
    query.get("theme") === "light" || (!query.get("theme") && localStorage.getItem("theme") === "light")
      ? "light"
      : "dark";

  /** Every state of the page has a link that a colleague can open. */
  const remember = () => {
    const set = (name, value, usual) => (value === usual ? query.delete(name) : query.set(name, value));
    set("light", view.light, "now");
    set("view", view.planned ? "planned" : "live", "live");
    set("tab", view.tab, "spots");
    set("n", String(view.n), "20");
    set("off", [...view.off].sort().join(",") || "none", view.tab === "plan" ? "cases" : "cases,sites");
    set("camera", layer.picked.camera || "", "");
    set("spot", layer.picked.spot || "", "");
    const text = query.toString();
    history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
  };

  const sights = () => {
    let n = 0;
    for (const _ of state.all("sights")) n++;
    return n;
  };
  const nameOf = id => {
    const body = state.get("sights", id);
    return body ? body.name || id : id;
  };
  const spotName = spot => (places.spots && places.spots[spot.id]) || spot.name;
  const isKey = spot => spot.kind !== "grid";
  const ranked = keep =>
    [...state.all("spots")].filter(keep).sort((a, b) => (b.need || 0) - (a.need || 0) || (a.id < b.id ? -1 : 1));

  const drawFigures = () => {
    const box = $("coverage-figures");
    if (!loaded) {
      box.replaceChildren(h("p", {class: failed ? "warn" : "dim"}, failed ? `▲ ${words.failed}` : words.loading));
      return;
    }
    const content =
      !state.coverage || !state.coverage.cameras
        ? [faces.empty(), ...(state.coverage ? faces.figures(state, view).slice(-1) : [])]
        : faces.figures(state, view);
    if (failed) content.unshift(h("p", {class: "warn"}, `▲ ${words.failed}`));
    box.replaceChildren(...content);
  };
  const drawRanking = () => {
    const box = $("coverage-ranking"),
      top = box.scrollTop;
    const tab = (name, i) =>
      h(
        "button",
        {
          class: "tab",
          role: "tab",
          "aria-selected": String(view.tab === name),
          tabindex: roving(view.tab === name),
          "data-tab": name,
        },
        words.tabs[i],
      );
    const content = [h("div", {class: "tabs", role: "tablist"}, ["spots", "grids", "plan"].map(tab))];
    if (view.tab === "plan") content.push(...planFace());
    else {
      const all = ranked(
          view.tab === "grids"
            ? s => !isKey(s) && s.need > 0
            : s => isKey(s) && (s.need > 0 || s.live === undefined || s.live === null),
        ),
        shown = all.slice(0, SPOTS_SHOWN);
      content.push(
        h(
          "p",
          {class: "dim"},
          fill(words.ranked_by, {n: all.length}),
          all.length > shown.length ? ` · ${fill(words.shown_of, {n: shown.length})}` : "",
        ),
      );
      content.push(
        ...(shown.length
          ? shown.map((s, i) =>
              faces.spot(
                s,
                view.tab === "spots" && i < 3 && s.need > 0 ? "ABC"[i] : String(i + 1),
                view,
                nameOf,
                spotName(s),
              ),
            )
          : [
              h(
                "p",
                {class: "none"},
                loaded ? (state.coverage && state.coverage.cameras ? words.no_gap : words.none_loaded) : words.loading,
              ),
            ]),
      );
    }
    redraw(box, ...content);
    box.scrollTop = top;
    markPicked();
  };
  const fill = format.fill;
  const planFace = () => {
    if (!plan || !plan.sites.length) return [h("p", {class: "none"}, texts.plan.none)];
    const n = Math.min(view.n, plan.sites.length),
      c = state.coverage || {areas: {}, roads: {}, places: {}};
    const stepper = h(
      "div",
      {class: "stepper"},
      h("label", {for: "plan-n"}, texts.plan.n),
      h("input", {id: "plan-n", type: "range", min: 1, max: plan.sites.length, value: n}),
      h("output", null, String(n)),
    );
    const rest = h(
      "div",
      {class: "plan-body"},
      faces.plan(
        plan,
        n,
        {areas: c.areas.n, roads: c.roads.n, places: c.places.n},
        texts.language === "en" ? "&lang=en" : "",
      ),
    );
    stepper.querySelector("input").addEventListener("input", e => {
      view.n = +e.target.value;
      stepper.querySelector("output").textContent = e.target.value;
      rest.replaceChildren(
        ...faces.plan(
          plan,
          view.n,
          {areas: c.areas.n, roads: c.roads.n, places: c.places.n},
          texts.language === "en" ? "&lang=en" : "",
        ),
      );
      showSites();
      remember();
    });
    return [stepper, rest];
  };
  const showSites = () => layer.setSites(plan && layer.show.sites ? plan.sites.slice(0, view.n) : []);
  const markPicked = () => {
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-spot]")))
      row.classList.toggle("picked", row.dataset.spot === layer.picked.spot);
  };

  const LAYERS = ["blind", "sectors", "cameras", "keys", "cases", "sites"];
  const counts = () => {
    let blind = 0,
      keys = 0,
      unseen = 0;
    for (const s of state.all("spots"))
      if (isKey(s)) {
        keys++;
        blind += Number((s.blind || []).length > 0);
      }
    for (const row of live.state.rows.values()) unseen += Number(row[A.unseen] === 1);
    const n = sights();
    return {
      blind,
      sectors: state.coverage ? state.coverage.counted : 0,
      cameras: n,
      keys,
      cases: live.state.rows.size,
      sites: plan ? Math.min(view.n, plan.sites.length) : 0,
      unseen,
    };
  };
  const drawLayers = () => {
    const n = counts(),
      button = (name, i) =>
        h(
          "button",
          {class: "toggle", "aria-pressed": String(!view.off.has(name)), "data-layer": name},
          h("i", {class: `swatch ${name}`, "aria-hidden": "true"}),
          words.layers[i],
          h("b", null, format.count(n[name])),
        );
    const choice = (name, options, labels, value) =>
      h(
        "span",
        {class: "switch", role: "radiogroup"},
        options.map((o, i) =>
          h(
            "button",
            {role: "radio", "aria-checked": String(o === value), tabindex: roving(o === value), [`data-${name}`]: o},
            labels[i],
          ),
        ),
      );
    redraw(
      $("coverage-layers"),
      ...LAYERS.map(button),
      h("span", {class: "grow"}),
      choice("light", ["now", "day", "night"], words.light_switch, view.light),
      choice("view", ["live", "planned"], words.plan_switch, view.planned ? "planned" : "live"),
    );
    const key = (kind, word) => h("span", null, h("i", {class: `swatch ${kind}`, "aria-hidden": "true"}), word);
    const isFar = map && layer._map && layer._frameOf().dx * 10 < layer.options.nearPxM;
    $("map-legend").replaceChildren(
      key("works", words.key_working),
      key("fails", words.key_failed),
      key("unstable", words.key_unstable),
      key("unknown", `${words.key_unknown} ${format.count(state.coverage ? state.coverage.direction_unknown : 0)}`),
      key("reach", words.key_reach),
      layer.isDark() ? key("idle", words.key_dark) : "",
      n.unseen
        ? h(
            "span",
            {class: "strong"},
            h("i", {class: "swatch unseen", "aria-hidden": "true"}),
            words.unseen_open,
            h("b", null, ` ${format.count(n.unseen)}`),
          )
        : "",
      h(
        "span",
        {class: "dim"},
        [
          isFar && !view.off.has("sectors") ? words.near_only : "",
          view.planned || view.light !== "now" ? words.blind_live_only : "",
        ]
          .filter(Boolean)
          .join(" · "),
      ),
      partial,
    );
  };
  const partial = h("button", {class: "partial", hidden: ""}, texts.word.partial);

  const show = () => {
    for (const name of LAYERS) if (name !== "cases") layer.show[name] = !view.off.has(name);
    layer.show.grids = view.tab === "grids";
    layer.light = view.light;
    layer.planned = view.planned;
    layer.isNight = view.isNight;
    if (map) view.off.has("cases") ? cases.remove() : map.hasLayer(cases) || cases.addTo(map);
    showSites();
    layer.touch();
  };
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
        ranked(s => isKey(s) && s.need > 0)
          .slice(0, 3)
          .map((s, i) => [s.id, "ABC"[i]]),
      );
    layer.touch();
    html.dataset.coverage = state.revision;
    if (asked && asked.camera && moved.sights.has(asked.camera) && !$("case-panel").hidden) ask(asked);
    lists();
  };
  const askPlan = async () => {
    try {
      plan = (await (await fetch("/api/v1/coverage/plan")).json()).plan;
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
      const first = !loaded;
      failed = false;
      loaded = true;
      put(moved);
      if (moved.plan || !plan) askPlan();
      if (first) {
        drawAll();
        openLinked();
      }
    } catch (error) {
      if (scope.isClosed) return;
      failed = true;
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

  let asked = null;
  const ask = what => {
    asked = what;
    dash_clientside.set_props("picked-case", {data: {...what, at: Date.now()}});
  };
  const pick = id => ask({id});
  const fly = (lon, lat, metres) => {
    const span = Math.max(metres, 60) / places.plane.ky,
      wide = Math.max(metres, 60) / places.plane.kx;
    map.fitBounds(
      [
        [lat - span, lon - wide],
        [lat + span, lon + wide],
      ],
      {animate: false, maxZoom: 18},
    );
    partial.hidden = false;
  };
  const openCamera = (id, flies) => {
    const body = state.get("sights", id);
    layer.picked = {camera: id};
    ask({camera: id});
    remember();
    if (body && flies) fly(body.lon, body.lat, Math.max(90, 1.5 * (body.range_m || 0)));
    layer.touch();
    markPicked();
  };
  const openSpot = (id, flies) => {
    const body = state.get("spots", id),
      entry = layer.spots.get(id);
    if (!body) return;
    layer.picked = {spot: id};
    remember();
    if (flies) fly(body.lon, body.lat, 1.4 * (entry ? entry.reach : 100));
    layer.touch();
    markPicked();
    const row = root.querySelector(`[data-spot="${CSS.escape(id)}"]`);
    if (row && !flies) row.scrollIntoView({block: "nearest"});
  };
  const openSite = (rank, flies) => {
    const site = plan && plan.sites[rank - 1];
    if (!site) return;
    layer.picked = {site: rank};
    if (flies) fly(site.lon, site.lat, 2 * site.range_m);
    layer.touch();
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-site]"))) {
      row.classList.toggle("picked", +row.dataset.site === rank);
      if (+row.dataset.site === rank && !flies) row.scrollIntoView({block: "nearest"});
    }
  };
  const openLinked = () => {
    if (!map || !loaded) return;
    if (query.get("camera")) openCamera(query.get("camera"), true);
    else if (query.get("spot")) openSpot(query.get("spot"), true);
  };

  live = connect(
    scope,
    change => {
      if (change.rows === null) store.load(live.state.rows);
      else
        for (const id of change.rows) {
          const row = live.state.rows.get(id);
          row ? store.put(row) : store.drop(id);
        }
      if (map && map.hasLayer(cases)) cases.touch();
      if (change.rows === null || change.rows.size) countCases();
      html.dataset.open = live.state.rows.size;
    },
    () => everySecond(),
  );
  live.socket.on("connect", () => live.socket.emit("watch_coverage"));
  live.socket.on("disconnect", () => state.lost());
  live.socket.on("coverage", message => {
    if (message.ask) {
      catchUp();
      return;
    }
    const moved = state.apply(JSON.parse(new TextDecoder().decode(message)));
    if (loaded) put(moved);
    if (moved.plan) askPlan();
  });
  const everySecond = () => {
    const now = live.now();
    if (now === null) {
      $("sources").replaceChildren(h("span", {class: "warn"}, texts.word.connecting));
      return;
    }
    $("clock").textContent = format.hms(now);
    $("date").textContent = format.date(now);
    const s = live.state.tiles,
      refused = s.unknown ? Object.values(s.unknown.refused).reduce((a, n) => a + n, 0) : 0;
    $("sources").replaceChildren(...tiles.sources(s.sources, s, refused, live.word(), live.age(), now));
    if (live.word() === "stale" || live.word() === "offline")
      $("sources").prepend(
        h(
          "b",
          {class: "warn"},
          fill(texts.word.stale, {time: format.hm(now - Math.max(live.age() - 2000, 0) * (live.beat.speed || 1))}),
        ),
      );
    const speed = live.beat.speed;
    $("note").textContent = clockNote(texts.word, format, {speed, now, note: root.dataset.note || ""});
  };

  withMap(scope, found => {
    found.getContainer().setAttribute("role", "application"); // the arrows move it
    found.getContainer().setAttribute("aria-label", texts.tile.map);
    map = found;
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
    cases.labels = Object.values(places.streets)
      .filter(s => s.at)
      .map(s => ({...project(...s.at), text: s.name}));
    map.on("click", e => {
      const hit = layer.hit(e.containerPoint),
        other = map.hasLayer(cases) ? cases.hit(e.containerPoint) : null;
      if (other && other.id) pick(other.id);
      else if (hit && hit.site) openSite(hit.site, false);
      else if (hit && hit.camera) openCamera(hit.camera, false);
      else if (hit && hit.spot) openSpot(hit.spot, false);
    });
    coverageTip(map, layer, state, faces, {texts, format, view, spotName});
    show();
    openLinked();
  });

  const enterPanel = panelFocus(scope, $("case-panel"));
  const act = (target, byKey = false) => {
    const at = name => {
      const el = target.closest(`[data-${name}]`);
      return el && el.dataset[name];
    };
    if (byKey && (at("camera") || at("case"))) enterPanel();
    if (at("camera")) openCamera(at("camera"), true);
    else if (at("case")) pick(at("case"));
    else if (at("site")) openSite(+at("site"), true);
    else if (at("spot")) openSpot(at("spot"), true);
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
  root.addEventListener("click", e => act(e.target, e.detail === 0));
  themeButton($("theme"), () => {
    layer.ink = makeCoverageInk();
    cases.signs = makeSigns();
    map.eachLayer(l => {
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
          asked = null;
          layer.touch();
          remember();
        }
      }),
    )
    .observe($("case-panel"), {attributes: true, attributeFilter: ["hidden"]});
  drawAll();
  return {live, layer, state, view};
};
