// @ts-check
// A desk: map, figures, queue and panel around one live state.
import {openDialog, toast} from "../core/dialog.js";
import {$, find, h, plain} from "../core/dom.js";
import {panelFocus, redraw, roving, watchKeys} from "../core/focus.js";
import {makeFormat} from "../core/format.js";
import {AT as A, emptyState} from "../core/reducer.js";
import {watchDownloads} from "../core/reauth.js";
import {post, sayHere} from "../core/session.js";
import {connect} from "../core/socket.js";
import {fetchTexts} from "../core/texts.js";
import {makeTiles} from "../core/tiles.js";
import {CaseLayer} from "../map/case-layer.js";
import {CaseStore} from "../map/case-store.js";
import {layGround} from "../map/ground.js";
import {mapHands} from "../map/hands.js";
import {withMap} from "../map/maps.js";
import {near as nearest, project} from "../map/project.js";
import {makeSigns, plainGround, watchUnit} from "../map/signs.js";
import {makeDeskAlarms} from "./alarms.js";
import {makeCommands} from "./commands.js";
import {makeDuty} from "./duty.js";
import {makeQueue} from "./queue.js";

/**
 * @param {HTMLElement} root
 * @param {import("../core/scope.js").Scope} scope
 */
export const start = async (root, scope) => {
  const texts = await fetchTexts(root, scope);
  if (!texts) return null;
  const places = plain(root.dataset.district),
    about = plain(root.dataset.desk);
  const format = makeFormat(texts, places.zone, () => live.now()),
    tiles = makeTiles(texts, format, places),
    words = texts.desk;
  const html = document.documentElement,
    store = new CaseStore();
  about.district = places.code;
  watchKeys(scope);
  watchUnit(scope);
  watchDownloads(scope);
  html.lang = texts.language;
  document.title = about.street ? `${tiles.street(about.street)} · ${words.street_title}` : words.page_title;
  const query = new URLSearchParams(location.search);
  html.dataset.theme =
    query.get("theme") === "light" || (!query.get("theme") && localStorage.getItem("theme") === "light")
      ? "light"
      : "dark";
  let layer = null,
    map = null,
    asked = null,
    askedAt = 0,
    nearAsked = "";

  // What is known before the connection is made: nothing.
  let live = /** @type {any} */ ({
    state: emptyState(),
    now: () => null,
    age: () => Infinity,
    word: () => "offline",
    beat: null,
    socket: null,
  });
  let hasBegun = false;
  const present = {
    get state() {
      return live.state;
    },
    now: () => live.now(),
  };
  const commands = makeCommands({
    scope,
    about,
    texts,
    format,
    places,
    live: present,
    tiles,
    onChange: ids => {
      queue.redraw(ids);
      if (asked && ids.includes(asked.id)) drawCommand();
    },
  });
  const queue = makeQueue({
    scope,
    root,
    about,
    texts,
    format,
    places,
    tiles,
    commands,
    pick: (id, byKey) => pick(id, byKey),
    changed: () => filterMap(),
    live: present,
  });
  commands.clear = () => queue.clear();

  // — the picked case —
  const ask = what => {
    asked = what;
    askedAt = performance.now();
    dash_clientside.set_props("picked-case", {data: {...what, desk: true, at: Date.now()}});
  };
  let lastPicked = null;
  const enterPanel = panelFocus(scope, $("case-panel"), () => queue.focus(lastPicked));
  const pick = (id, byKey = false) => {
    lastPicked = id;
    if (byKey) enterPanel();
    if (!asked || asked.id !== id) {
      live.socket.emit("at_case", {case_id: id});
      nearAsked = "";
    }
    ask({id});
    queue.current(id);
    showOnMap(id);
    near(id);
  };
  const unpick = () => {
    if (!asked) return;
    asked = null;
    live.socket.emit("at_case", {case_id: null});
    queue.current(null);
    showOnMap(null);
    near(null);
  };
  let followTimer = 0;
  const follow = rows => {
    if (!asked || !asked.id || (rows !== null && !rows.has(asked.id))) return;
    if (performance.now() - askedAt < 700) {
      scope.cancel(followTimer);
      followTimer = scope.after(700, () => follow(null));
      return;
    }
    ask(asked);
  };
  const showOnMap = id => {
    if (!layer) return;
    const row = id && live.state.rows.get(id);
    const at = row && row[A.lon] !== null ? project(row[A.lon], row[A.lat]) : null;
    layer.chosen = at;
    layer.flags = [...layer.flags];
    layer.touch();
    if (
      row &&
      row[A.lon] !== null &&
      map &&
      !map
        .getBounds()
        .pad(-0.05)
        .contains([row[A.lat], nearest(row[A.lon])])
    )
      map.panTo([row[A.lat], nearest(row[A.lon])], {animate: false});
  };
  /** What became of the command on the picked case, and who else looks at it: above the panel's buttons. */
  const drawCommand = () => {
    const line = $("panel-command");
    if (!line || !asked) return;
    const item = commands.of(asked.id),
      others = ((live.state.tiles.present || {})[asked.id] || []).filter(([id]) => id !== about.me);
    const told = JSON.stringify([item && commands.say(item), others]);
    if (line.dataset.told === told) return; // the observer below sees our own writing too
    line.dataset.told = told;
    line.replaceChildren(
      ...(item ? [h("p", {class: `sent ${item.state}`}, commands.say(item))] : []),
      ...(others.length
        ? [
            h(
              "p",
              {class: "others"},
              format.fill(words.now_looking, {names: others.map(([, name]) => name).join("、")}),
            ),
          ]
        : []),
    );
  };
  scope.observe(new MutationObserver(drawCommand)).observe($("case-panel-body"), {childList: true, subtree: true});

  // — the nearest people —
  const near = async id => {
    const host = $("desk-units");
    if (!id) {
      host.replaceChildren(h("h2", null, words.near), h("p", {class: "dim"}, words.near_pick));
      return;
    }
    if (nearAsked === id) return;
    nearAsked = id;
    const answer = await fetch(
      `/api/v1/units/near?case=${encodeURIComponent(id)}${about.street ? `&street=${encodeURIComponent(about.street)}` : ""}`,
    ).catch(() => null);
    if (nearAsked !== id) return;
    const found = answer && answer.ok ? (await answer.json()).units : [];
    host.replaceChildren(
      h(
        "div",
        {class: "section-head"},
        h("h2", null, words.near),
        h("span", {class: "when"}, format.hms(live.now() || Date.now())),
      ),
      ...(found.length ? found.map(u => unitRow(u, id)) : [h("p", {class: "dim"}, words.near_none)]),
    );
  };
  const unitRow = (u, id) => {
    const send = h("button", {class: "touch", "data-unit": u.unit_id}, words.send_unit);
    send.onclick = () => {
      const row = live.state.rows.get(id);
      if (row) commands.open("case.assign_unit", [[id, row[A.version]]], {unit_id: u.unit_id});
    };
    const far =
      u.metres < 1000
        ? `${Math.round(u.metres)} ${texts.unit.metre}`
        : `${(u.metres / 1000).toFixed(1)} ${texts.unit.kilometre}`;
    const state =
      u.freshness === "fresh"
        ? texts.unit_status[u.status] || ""
        : format.fill(words.stale_unit, {t: format.duration(Math.max((live.now() || 0) - u.at, 0))});
    const how = [
      u.is_by_road ? words.by_road : words.by_line,
      format.fill(words.eta, {t: format.duration(Math.max(u.eta_s, 60) * 1000)}),
      state,
    ];
    return h(
      "div",
      {class: `unit-row ${u.freshness}`},
      h("i", {class: `sign ${u.kind === "car" || u.kind === "enforcement" ? "capsule" : "ring-sign"}`}),
      h(
        "div",
        null,
        h(
          "p",
          null,
          h("b", null, u.unit_id),
          h("span", {class: "dim kind"}, texts.unit_kind[u.kind] || ""),
          h("span", null, far),
        ),
        h("p", {class: "dim"}, how.filter(Boolean).join(" · ")),
      ),
      about.rights.includes("case.assign_unit") ? send : null,
    );
  };

  // — figures —
  const figure = (n, label, {bad = false, sign = null, more = "", only = ""} = {}) =>
    h(
      "div",
      {
        class: `fig ${bad && n ? "bad" : ""}`,
        ...(only
          ? {"data-chip": only, role: "button", tabindex: 0, "aria-pressed": String(queue.state.only.has(only))}
          : {}),
      },
      h("b", null, n),
      more ? h("span", {class: "mid"}, more) : null,
      h("p", null, sign ? tiles.sign(sign) : null, label),
    );
  const drawFigures = () => {
    const t = live.state.tiles.figures,
      now = live.now();
    if (!t || now === null) return;
    let soon = 0,
      next = Infinity;
    for (const row of live.state.rows.values()) {
      const at = row[A.takeoverAt];
      if (at !== null && at !== undefined && at > now && at - now < 1800000) {
        soon += 1;
        next = Math.min(next, at - now);
      }
    }
    const rate = t.rate === null ? texts.word.no_rate : format.percent(t.rate),
      low = t.rate !== null && t.rate < t.target;
    const alarms = live.state.tiles.alarms,
      budget = alarms && alarms.budget;
    redraw(
      $("desk-strip"),
      figure(format.count(t.overdue), words.overdue, {bad: true, sign: "overdue bad", only: "overdue"}),
      figure(format.count(t.due_soon), words.due_soon, {sign: "soon warn", only: "soon"}),
      figure(format.count(t.open), words.open),
      h("i", {class: "split"}),
      figure(String(soon), words.takes_soon, {
        bad: true,
        more: soon ? format.fill(words.soonest, {t: format.duration(next)}) : "",
      }),
      figure(format.count(t.escalated), words.taken_by_district),
      h("i", {class: "split"}),
      h(
        "div",
        {class: `fig ${low ? "warn" : ""}`},
        h("b", null, rate),
        h(
          "span",
          {class: "mid"},
          format.fill(words.of_target, {a: t.on_time, b: t.should_close, t: format.percent(t.target)}),
        ),
        h("p", null, words.on_time_today),
      ),
      ...(about.street && t.rank
        ? [
            h(
              "div",
              {class: "fig"},
              h("b", null, t.rank),
              h("span", {class: "mid"}, format.fill(words.of_ranked, {n: t.ranked})),
              h("p", null, words.rank),
            ),
          ]
        : []),
      ...(budget
        ? [
            h("i", {class: "split"}),
            h(
              "div",
              {class: `fig ${budget.raised > budget.most ? "bad" : budget.raised > budget.acceptable ? "warn" : ""}`},
              h("b", null, budget.raised),
              h("span", {class: "mid"}, format.fill(words.budget, {a: budget.acceptable, b: budget.most})),
              h("p", null, words.alarms_hour),
            ),
          ]
        : []),
      h(
        "div",
        {class: "as-of-box"},
        h("p", null, format.fill(words.as_of, {t: format.hms(now)})),
        h("p", null, format.fill(words.basis, {t: "00:00"})),
      ),
    );
  };

  const drawTruth = () => {
    const s = live.state.tiles,
      now = live.now();
    if (now === null) return;
    $("sources").replaceChildren(...tiles.sources(s.sources, s, s.refused || 0, live.word(), live.age(), now));
  };
  const drawTile = {
    figures: drawFigures,
    sources: drawTruth,
    feed: drawTruth,
    processes: drawTruth,
    around: drawTruth,
    refused: drawTruth,
    shift: t => {
      $("shift").textContent = t ? texts.shift[t] || t : "";
    },
    units: t => {
      if (!layer) return;
      // A position fades as it ages, by the district's clock; ten reports missed are «old» however fast that clock runs.
      const now = live.now(),
        speed = Math.max((live.beat && live.beat.speed) || 1, 1);
      const alpha = at => (now - at < 30000 * speed ? 1 : now - at < 300000 * speed ? 0.6 : 0.3);
      layer.units = t
        .filter(u => u.status !== "off")
        .map(u => ({...project(u.lon, u.lat), kind: u.kind, alpha: alpha(Date.parse(u.at))}));
      layer.touch();
    },
    present: t => {
      queue.present(t);
      drawCommand();
    },
    alarms: t => {
      desk.alarms.draw(t);
      drawFigures();
    },
  };
  let filterTimer = 0;
  /** The map shows what the table lets through. */
  const filterMap = () => {
    scope.cancel(filterTimer);
    filterTimer = scope.after(80, () => {
      for (const row of live.state.rows.values()) queue.passes(row) ? store.put(row) : store.drop(row[A.id]);
      layer && layer.touch();
    });
  };
  let figuresAt = 0;
  const render = change => {
    follow(change.rows);
    if (change.rows === null) {
      store.load(live.state.rows);
      queue.put(null);
    } else if (change.rows.size) {
      for (const id of change.rows) {
        const row = live.state.rows.get(id);
        row && queue.passes(row) ? store.put(row) : store.drop(id);
      }
      queue.put(change.rows);
    }
    if (change.rows === null || change.rows.size) {
      layer && layer.touch();
      if (performance.now() - figuresAt > 500) {
        figuresAt = performance.now();
        drawFigures();
      }
    }
    for (const name of change.tiles) drawTile[name] && drawTile[name](live.state.tiles[name]);
    html.dataset.open = String(live.state.rows.size);
    if (change.rows === null && !hasBegun) {
      hasBegun = true;
      const id = query.get("case");
      if (id) pick(id);
      else near(null);
    }
  };
  let second = -1;
  const everySecond = () => {
    const now = live.now();
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
    if (at % 10 === 0 && live.state.tiles.units) drawTile.units(live.state.tiles.units);
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
        : speed === 0
          ? texts.word.stopped_clock
          : speed !== 1
            ? format.fill(texts.word.virtual_speed, {n: speed})
            : root.dataset.note || "";
    desk.alarms.tick();
  };

  /** What the parts of the desk share. */
  const desk = {
    scope,
    about,
    texts,
    format,
    tiles,
    places,
    words,
    queue,
    commands,
    live,
    pick,
    showTab: name => showTab(name),
    layer: null,
    alarms: null,
    duty: null,
  };
  desk.alarms = makeDeskAlarms(desk);
  desk.duty = makeDuty(desk);
  live = connect(scope, render, everySecond, about.zone);
  desk.live = live;
  live.socket.on("commands", rows => commands.settle(rows));
  live.socket.on("connect", () => {
    commands.catchUp();
    if (asked && asked.id) live.socket.emit("at_case", {case_id: asked.id});
  });
  withMap(scope, found => {
    map = found;
    layGround(scope, map, plainGround);
    layer = new CaseLayer(store);
    layer.labels = about.street
      ? []
      : Object.values(places.streets)
          .filter(s => s.at)
          .map(s => ({...project(...s.at), text: s.name}));
    layer.addTo(map);
    desk.layer = layer;
    if (about.street && places.streets[about.street] && places.streets[about.street].box) {
      const [west, south, east, north] = places.streets[about.street].box;
      find(root, ".map-box").dataset.bounds = JSON.stringify([south, west, north, east]);
    }
    mapHands(scope, map, layer, live, {texts, format, tiles, pick});
    map.on("moveend", () => queue.inBounds(map.getBounds()));
    queue.inBounds(map.getBounds());
    if (live.state.tiles.units) drawTile.units(live.state.tiles.units);
    layer.touch();
  });

  // — buttons of the panel, tabs, keys —
  const version = id => {
    const row = live.state.rows.get(id);
    return row ? row[A.version] : 0;
  };
  root.addEventListener("click", event => {
    const target = /** @type {HTMLElement} */ (event.target);
    /** @returns {any} */
    const closest = selector => target.closest(selector);
    const button = closest("[data-command]"),
      answer = closest("[data-answer]"),
      secret = closest("[data-reveal]"),
      card = closest("[data-case]"),
      camera = closest("[data-camera]"),
      tab = closest("[role=tab]"),
      chip = closest("[data-chip]");
    if (button && asked && !button.disabled) begin(button.dataset.command, asked.id);
    else if (secret && asked) reveal(secret, asked.id);
    else if (answer && asked)
      answer.dataset.answer === "confirm" ? commands.answer("confirm", asked.id) : commands.decline(asked.id);
    else if (tab) showTab(tab.id.slice(4));
    else if (chip) {
      const only = queue.state.only;
      only.has(chip.dataset.chip) ? only.delete(chip.dataset.chip) : only.add(chip.dataset.chip);
      queue.refilter();
    } else if (card) {
      showTab("queue");
      pick(card.dataset.case, event.detail === 0);
    } else if (camera) {
      if (event.detail === 0) enterPanel();
      ask({camera: camera.dataset.camera});
    }
  });
  /** One field unmasked for half a minute; why is on the record. */
  const reveal = (button, id) =>
    openDialog(
      texts,
      texts.personal.reveal,
      [
        [
          "purpose",
          texts.personal.purpose,
          h(
            "select",
            {name: "purpose"},
            Object.entries(texts.personal.purposes).map(([code, label]) =>
              h("option", {value: code === "handling" ? "" : code}, label),
            ),
          ),
        ],
        ["reason", texts.personal.reason, h("input", {name: "reason", required: "", minlength: 5, maxlength: 500})],
      ],
      async ({reason, purpose}) => {
        const said = await post(`/api/v1/cases/${encodeURIComponent(id)}/reveal`, {
          field: button.dataset.reveal,
          reason,
          purpose: purpose || "",
        });
        if (said.error) return texts.personal.refused[said.code] || said.error;
        const shown = h("b", {class: "revealed"}, said.text),
          line = button.parentElement;
        button.hidden = true;
        line.append(shown);
        scope.after(30000, () => {
          shown.remove();
          button.hidden = false;
        });
        return undefined;
      },
    );
  const begin = (type, id) => (type === "case.locate" ? locate(id) : commands.open(type, [[id, version(id)]]));
  /** A case without a place: one click on the map says where it is. */
  const locate = id => {
    if (!map) return;
    toast(words.place);
    map.getContainer().classList.add("placing");
    map.once("click", event => {
      map.getContainer().classList.remove("placing");
      const {lng, lat} = event.latlng,
        at = {lon: +lng.toFixed(6), lat: +lat.toFixed(6)};
      commands.open("case.locate", [[id, version(id)]], {...at, coord_sys: "WGS84"}, [
        [
          "where",
          format.fill(words.placed, at),
          h("input", {name: "where", readonly: "", value: `${at.lon}, ${at.lat}`}),
        ],
      ]);
    });
  };
  const showTab = name => {
    for (const tab of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[role=tab]"))) {
      const on = tab.id === `tab-${name}`;
      tab.classList.toggle("on", on);
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = roving(on);
      $(`body-${tab.id.slice(4)}`).hidden = !on;
    }
    desk.duty.show(name);
  };
  $("case-panel-close").addEventListener("click", unpick);
  $("theme").addEventListener("click", () => {
    html.dataset.theme = html.dataset.theme === "light" ? "dark" : "light";
    localStorage.setItem("theme", html.dataset.theme);
    for (const l of [layer])
      if (l && l.signs) {
        l.signs = makeSigns();
        l.spoilAll();
        l.touch();
      }
    if (map) map.eachLayer(l => l.resetStyle && l.resetStyle());
  });
  scope.listen(document, "keydown", event => {
    const typing = event.target.closest("input, textarea, select, dialog");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      $("desk-find").focus();
      return;
    }
    if (event.key === "Escape" && event.target.id === "desk-find") {
      $("desk-find").blur();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") queue.move(1);
    else if (event.key === "k") queue.move(-1);
    else if (event.key === "Escape" && asked) $("case-panel-close").click();
    else if (asked && event.key.length === 1) {
      const button = find(root, `#case-panel-body [data-key="${event.key.toUpperCase()}"]`);
      if (button && !button.disabled) {
        event.preventDefault();
        button.click();
      }
    }
  });
  sayHere(scope);
  return desk;
};
