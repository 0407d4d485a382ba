// A desk: map, figures, queue and panel around one live state. Waits for Dash to draw the frame, then keeps it filled.
"use strict";

lianqin.startDesk = root => {
  const texts = lianqin.plain(root.dataset.texts), places = lianqin.plain(root.dataset.district), about = lianqin.plain(root.dataset.desk);
  const format = lianqin.makeFormat(texts, places.zone), tiles = lianqin.makeTiles(texts, format, places), words = texts.desk;
  const $ = id => document.getElementById(id), html = document.documentElement, A = lianqin.AT, h = lianqin.h, store = new lianqin.CaseStore();
  about.district = places.code;
  lianqin.deskTexts = texts;
  html.lang = texts.language;
  document.title = about.street ? `${tiles.street(about.street)} · ${words.street_title}` : words.page_title;
  const query = new URLSearchParams(location.search);
  html.dataset.theme = query.get("theme") === "light" || (!query.get("theme") && localStorage.getItem("theme") === "light") ? "light" : "dark";
  let layer = null, map = null, asked = null, askedAt = 0, nearAsked = "";
  const project = lianqin.world;

  const live = {state: lianqin.emptyState(), now: () => null};
  const commands = lianqin.makeCommands({about, texts, format, places, live: {get state() { return lianqin.live ? lianqin.live.state : live.state; }}, tiles, onChange: ids => { queue.redraw(ids); if (asked && ids.includes(asked.id)) drawCommand(); }});
  const queue = lianqin.makeQueue({
    root, about, texts, format, places, tiles, commands, pick: (id, byKey) => pick(id, byKey), changed: () => filterMap(),
    live: {get state() { return lianqin.live ? lianqin.live.state : live.state; }, now: () => lianqin.live ? lianqin.live.now() : null},
  });
  commands.clear = () => queue.clear();

  // — the picked case —
  const ask = what => { asked = what; askedAt = performance.now(); dash_clientside.set_props("picked-case", {data: {...what, desk: true, at: Date.now()}}); };
  let lastPicked = null;
  const enterPanel = lianqin.panelFocus($("case-panel"), () => queue.focus(lastPicked));
  const pick = (id, byKey = false) => {
    lastPicked = id;
    if (byKey) enterPanel();
    if (!asked || asked.id !== id) { lianqin.socket.emit("at_case", {case_id: id}); nearAsked = ""; }
    ask({id});
    queue.current(id);
    showOnMap(id);
    near(id);
  };
  const unpick = () => { if (!asked) return; asked = null; lianqin.socket.emit("at_case", {case_id: null}); queue.current(null); showOnMap(null); near(null); };
  const follow = rows => {
    if (!asked || !asked.id || (rows !== null && !rows.has(asked.id))) return;
    if (performance.now() - askedAt < 700) { clearTimeout(follow.timer); follow.timer = setTimeout(() => follow(null), 700); return; }
    ask(asked);
  };
  const showOnMap = id => {
    if (!layer) return;
    const row = id && lianqin.live.state.rows.get(id);
    const at = row && row[A.lon] !== null ? project(row[A.lon], row[A.lat]) : null;
    layer.chosen = at;
    layer.flags = [...layer.flags]; layer.touch();
    if (row && row[A.lon] !== null && map && !map.getBounds().pad(-0.05).contains([row[A.lat], lianqin.near(row[A.lon])])) map.panTo([row[A.lat], lianqin.near(row[A.lon])], {animate: false});
  };
  /** What became of the command on the picked case, and who else looks at it: above the panel's buttons. */
  const drawCommand = () => {
    const line = $("panel-command");
    if (!line || !asked) return;
    const item = commands.of(asked.id), others = ((lianqin.live.state.tiles.present || {})[asked.id] || []).filter(([id]) => id !== about.me);
    const told = JSON.stringify([item && commands.say(item), others]);
    if (line.dataset.told === told) return; // the observer below sees our own writing too
    line.dataset.told = told;
    line.replaceChildren(...(item ? [h("p", {class: `sent ${item.state}`}, commands.say(item))] : []), ...(others.length ? [h("p", {class: "others"}, format.fill(words.now_looking, {names: others.map(([, name]) => name).join("、")}))] : []));
  };
  new MutationObserver(drawCommand).observe($("case-panel-body"), {childList: true, subtree: true});

  // — the nearest people —
  const near = async id => {
    const host = $("desk-units");
    if (!id) { host.replaceChildren(h("h2", null, words.near), h("p", {class: "dim"}, words.near_pick)); return; }
    if (nearAsked === id) return;
    nearAsked = id;
    const answer = await fetch(`/api/v1/units/near?case=${encodeURIComponent(id)}${about.street ? `&street=${encodeURIComponent(about.street)}` : ""}`).catch(() => null);
    if (nearAsked !== id) return;
    const found = answer && answer.ok ? (await answer.json()).units : [];
    host.replaceChildren(h("div", {class: "section-head"}, h("h2", null, words.near), h("span", {class: "when"}, format.hms(lianqin.live.now() || Date.now()))),
      ...(found.length ? found.map(u => unitRow(u, id)) : [h("p", {class: "dim"}, words.near_none)]));
  };
  const unitRow = (u, id) => {
    const send = h("button", {class: "touch", "data-unit": u.unit_id}, words.send_unit);
    send.onclick = () => { const row = lianqin.live.state.rows.get(id); if (row) commands.open("case.assign_unit", [[id, row[A.version]]], {unit_id: u.unit_id}); };
    const far = u.metres < 1000 ? `${Math.round(u.metres)} ${texts.unit.metre}` : `${(u.metres / 1000).toFixed(1)} ${texts.unit.kilometre}`;
    const state = u.freshness === "fresh" ? texts.unit_status[u.status] || "" : format.fill(words.stale_unit, {t: format.duration(Math.max((lianqin.live.now() || 0) - u.at, 0))});
    const how = [u.is_by_road ? words.by_road : words.by_line, format.fill(words.eta, {t: format.duration(Math.max(u.eta_s, 60) * 1000)}), state];
    return h("div", {class: `unit-row ${u.freshness}`}, h("i", {class: `sign ${u.kind === "car" || u.kind === "enforcement" ? "capsule" : "ring-sign"}`}),
      h("div", null, h("p", null, h("b", null, u.unit_id), h("span", {class: "dim kind"}, texts.unit_kind[u.kind] || ""), h("span", null, far)), h("p", {class: "dim"}, how.filter(Boolean).join(" · "))),
      about.rights.includes("case.assign_unit") ? send : null);
  };

  // — figures —
  const figure = (n, label, {bad = false, sign = null, more = "", only = ""} = {}) => h("div", {class: `fig ${bad && n ? "bad" : ""}`, ...(only ? {"data-chip": only, role: "button", tabindex: 0, "aria-pressed": String(queue.state.only.has(only))} : {})}, h("b", null, n), more ? h("span", {class: "mid"}, more) : null, h("p", null, sign ? tiles.sign(sign) : null, label));
  const drawFigures = () => {
    const t = lianqin.live.state.tiles.figures, now = lianqin.live.now();
    if (!t || now === null) return;
    let soon = 0, next = Infinity;
    for (const row of lianqin.live.state.rows.values()) {
      const at = row[A.takeoverAt];
      if (at !== null && at !== undefined && at > now && at - now < 1800000) { soon += 1; next = Math.min(next, at - now); }
    }
    const rate = t.rate === null ? texts.word.no_rate : format.percent(t.rate), low = t.rate !== null && t.rate < t.target;
    const alarms = lianqin.live.state.tiles.alarms, budget = alarms && alarms.budget;
    lianqin.redraw($("desk-strip"),
      figure(format.count(t.overdue), words.overdue, {bad: true, sign: "overdue bad", only: "overdue"}), figure(format.count(t.due_soon), words.due_soon, {sign: "soon warn", only: "soon"}), figure(format.count(t.open), words.open),
      h("i", {class: "split"}),
      figure(String(soon), words.takes_soon, {bad: true, more: soon ? format.fill(words.soonest, {t: format.duration(next)}) : ""}), figure(format.count(t.escalated), words.taken_by_district),
      h("i", {class: "split"}),
      h("div", {class: `fig ${low ? "warn" : ""}`}, h("b", null, rate), h("span", {class: "mid"}, format.fill(words.of_target, {a: t.on_time, b: t.should_close, t: format.percent(t.target)})), h("p", null, words.on_time_today)),
      ...(about.street && t.rank ? [h("div", {class: "fig"}, h("b", null, t.rank), h("span", {class: "mid"}, format.fill(words.of_ranked, {n: t.ranked})), h("p", null, words.rank))] : []),
      ...(budget ? [h("i", {class: "split"}), h("div", {class: `fig ${budget.raised > budget.most ? "bad" : budget.raised > budget.acceptable ? "warn" : ""}`}, h("b", null, budget.raised), h("span", {class: "mid"}, format.fill(words.budget, {a: budget.acceptable, b: budget.most})), h("p", null, words.alarms_hour))] : []),
      h("div", {class: "as-of-box"}, h("p", null, format.fill(words.as_of, {t: format.hms(now)})), h("p", null, format.fill(words.basis, {t: "00:00"}))));
  };

  const drawTruth = () => {
    const s = lianqin.live.state.tiles, now = lianqin.live.now();
    if (now === null) return;
    $("sources").replaceChildren(...tiles.sources(s.sources, s, s.refused || 0, lianqin.live.word(), lianqin.live.age(), now));
  };
  const drawTile = {
    figures: drawFigures, sources: drawTruth, feed: drawTruth, processes: drawTruth, around: drawTruth, refused: drawTruth,
    shift: t => { $("shift").textContent = t ? texts.shift[t] || t : ""; },
    units: t => {
      if (!layer) return;
      // A position fades as it ages, by the district's clock; ten reports missed are «old» however fast that clock runs.
      const now = lianqin.live.now(), speed = Math.max((lianqin.live.beat && lianqin.live.beat.speed) || 1, 1);
      const alpha = at => now - at < 30000 * speed ? 1 : now - at < 300000 * speed ? 0.6 : 0.3;
      layer.units = t.filter(u => u.status !== "off").map(u => ({...project(u.lon, u.lat), kind: u.kind, alpha: alpha(Date.parse(u.at))}));
      layer.touch();
    },
    present: t => { queue.present(t); drawCommand(); },
    alarms: t => { lianqin.deskAlarms && lianqin.deskAlarms.draw(t); drawFigures(); },
  };
  /** The map shows what the table lets through. */
  const filterMap = () => {
    clearTimeout(filterMap.timer);
    filterMap.timer = setTimeout(() => {
      for (const row of lianqin.live.state.rows.values()) queue.passes(row) ? store.put(row) : store.drop(row[A.id]);
      layer && layer.touch();
    }, 80);
  };
  const render = change => {
    follow(change.rows);
    if (change.rows === null) { store.load(lianqin.live.state.rows); queue.put(null); }
    else if (change.rows.size) {
      for (const id of change.rows) { const row = lianqin.live.state.rows.get(id); row && queue.passes(row) ? store.put(row) : store.drop(id); }
      queue.put(change.rows);
    }
    if (change.rows === null || change.rows.size) { layer && layer.touch(); if (performance.now() - (drawFigures.at || 0) > 500) { drawFigures.at = performance.now(); drawFigures(); } }
    for (const name of change.tiles) drawTile[name] && drawTile[name](lianqin.live.state.tiles[name]);
    html.dataset.open = lianqin.live.state.rows.size;
    if (change.rows === null && !lianqin.deskBegun) { lianqin.deskBegun = true; const id = query.get("case"); if (id) pick(id); else near(null); }
  };
  let second = -1;
  const everySecond = () => {
    const now = lianqin.live && lianqin.live.now();
    if (!lianqin.live || now === null || now === undefined) { $("sources").replaceChildren(h("span", {class: "warn"}, texts.word.connecting)); return; }
    if (lianqin.live.beat && lianqin.live.beat.epoch === lianqin.live.state.epoch && lianqin.live.beat.seq === lianqin.live.state.seq) html.dataset.lastEntry = lianqin.live.beat.last_entry;
    const at = Math.floor(now / 1000);
    if (at === second && lianqin.live.word() === html.dataset.word) return;
    second = at;
    html.dataset.word = lianqin.live.word();
    $("clock").textContent = format.hms(now);
    $("date").textContent = format.date(now);
    drawTruth();
    drawFigures();
    if (at % 10 === 0 && lianqin.live.state.tiles.units) drawTile.units(lianqin.live.state.tiles.units);
    const word = lianqin.live.word(), asOf = format.hm(now - Math.max(lianqin.live.age() - 2000, 0));
    root.querySelectorAll("time.as-of").forEach(el => { el.textContent = word === "stale" || word === "offline" ? format.fill(texts.word.stale, {time: asOf}) : asOf; });
    const speed = lianqin.live.beat.speed, filling = lianqin.live.state.tiles.filling;
    $("note").textContent = typeof filling === "number" ? format.fill(texts.word.filling, {n: Math.round(100 * filling)}) : speed === 0 ? texts.word.stopped_clock : speed !== 1 ? format.fill(texts.word.virtual_speed, {n: speed}) : root.dataset.note || "";
    lianqin.deskAlarms && lianqin.deskAlarms.tick(now);
  };

  lianqin.connect(render, everySecond, {zone: about.zone, texts});
  lianqin.socket.on("commands", rows => commands.settle(rows));
  lianqin.socket.on("connect", () => { commands.catchUp(); if (asked && asked.id) lianqin.socket.emit("at_case", {case_id: asked.id}); });
  lianqin.withMap(found => {
    map = found;
    layer = new lianqin.CaseLayer(store);
    layer.labels = about.street ? [] : Object.values(places.streets).filter(s => s.at).map(s => ({...project(...s.at), text: s.name}));
    layer.addTo(map);
    lianqin.layer = layer;
    if (about.street && places.streets[about.street] && places.streets[about.street].box) {
      const [west, south, east, north] = places.streets[about.street].box;
      root.querySelector(".map-box").dataset.bounds = JSON.stringify([south, west, north, east]);
    }
    lianqin.mapHands(map, layer, lianqin.live, {texts, format, tiles, pick});
    map.on("moveend", () => queue.inBounds(map.getBounds()));
    queue.inBounds(map.getBounds());
    if (lianqin.live.state.tiles.units) drawTile.units(lianqin.live.state.tiles.units);
    layer.touch();
  });

  // — buttons of the panel, tabs, keys —
  const version = id => { const row = lianqin.live.state.rows.get(id); return row ? row[A.version] : 0; };
  root.addEventListener("click", event => {
    const button = event.target.closest("[data-command]"), answer = event.target.closest("[data-answer]"), secret = event.target.closest("[data-reveal]"), card = event.target.closest("[data-case]"), camera = event.target.closest("[data-camera]"), tab = event.target.closest("[role=tab]"), chip = event.target.closest("[data-chip]");
    if (button && asked && !button.disabled) begin(button.dataset.command, asked.id);
    else if (secret && asked) reveal(secret, asked.id);
    else if (answer && asked) answer.dataset.answer === "confirm" ? commands.answer("confirm", asked.id) : commands.decline(asked.id);
    else if (tab) showTab(tab.id.slice(4));
    else if (chip) { const only = queue.state.only; only.has(chip.dataset.chip) ? only.delete(chip.dataset.chip) : only.add(chip.dataset.chip); queue.refilter(); }
    else if (card) { showTab("queue"); pick(card.dataset.case, event.detail === 0); }
    else if (camera) { if (event.detail === 0) enterPanel(); ask({camera: camera.dataset.camera}); }
  });
  /** One field unmasked for half a minute; why is on the record. */
  const reveal = (button, id) => lianqin.ask(texts, texts.personal.reveal, [
    ["purpose", texts.personal.purpose, h("select", {name: "purpose"}, Object.entries(texts.personal.purposes).map(([code, label]) => h("option", {value: code === "handling" ? "" : code}, label)))],
    ["reason", texts.personal.reason, h("input", {name: "reason", required: "", minlength: 5, maxlength: 500})],
  ], async ({reason, purpose}) => {
    const said = await lianqin.post(`/api/v1/cases/${encodeURIComponent(id)}/reveal`, {field: button.dataset.reveal, reason, purpose: purpose || ""});
    if (said.error) return texts.personal.refused[said.code] || said.error;
    const shown = h("b", {class: "revealed"}, said.text), line = button.parentElement;
    button.hidden = true;
    line.append(shown);
    setTimeout(() => { shown.remove(); button.hidden = false; }, 30000);
    return undefined;
  });
  const begin = (type, id) => type === "case.locate" ? locate(id) : commands.open(type, [[id, version(id)]]);
  /** A case without a place: one click on the map says where it is. */
  const locate = id => {
    if (!map) return;
    lianqin.toast(words.place);
    map.getContainer().classList.add("placing");
    map.once("click", event => {
      map.getContainer().classList.remove("placing");
      const {lng, lat} = event.latlng, at = {lon: +lng.toFixed(6), lat: +lat.toFixed(6)};
      commands.open("case.locate", [[id, version(id)]], {...at, coord_sys: "WGS84"}, [["where", format.fill(words.placed, at), h("input", {name: "where", readonly: "", value: `${at.lon}, ${at.lat}`})]]);
    });
  };
  const showTab = name => {
    for (const tab of root.querySelectorAll("[role=tab]")) { const on = tab.id === `tab-${name}`; tab.classList.toggle("on", on); tab.setAttribute("aria-selected", String(on)); tab.tabIndex = lianqin.roving(on); $(`body-${tab.id.slice(4)}`).hidden = !on; }
    lianqin.deskTabs && lianqin.deskTabs.show(name);
  };
  lianqin.showDeskTab = showTab;
  $("case-panel-close").addEventListener("click", unpick);
  $("theme").addEventListener("click", () => {
    html.dataset.theme = html.dataset.theme === "light" ? "dark" : "light";
    localStorage.setItem("theme", html.dataset.theme);
    for (const l of [layer]) if (l && l.signs) { l.signs = lianqin.makeSigns(); l.spoilAll(); l.touch(); }
    if (map) map.eachLayer(l => l.resetStyle && l.resetStyle());
  });
  document.addEventListener("keydown", event => {
    const typing = event.target.closest("input, textarea, select, dialog");
    if (event.key === "/" && !typing) { event.preventDefault(); $("desk-find").focus(); return; }
    if (event.key === "Escape" && event.target.id === "desk-find") { $("desk-find").blur(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") queue.move(1);
    else if (event.key === "k") queue.move(-1);
    else if (event.key === "Escape" && asked) $("case-panel-close").click();
    else if (asked && event.key.length === 1) { const button = root.querySelector(`#case-panel-body [data-key="${event.key.toUpperCase()}"]`); if (button && !button.disabled) { event.preventDefault(); button.click(); } }
  });
  lianqin.sayHere(texts);
  lianqin.desk = {queue, commands, pick, about, texts, format, tiles, places, words};
  lianqin.startDeskParts && lianqin.startDeskParts(root, lianqin.desk);
};

new MutationObserver((_, observer) => {
  const root = document.getElementById("desk");
  if (!root || !document.getElementById("case-panel-body") || !document.getElementById("queue-grid") || !document.getElementById("desk-toasts")) return;
  observer.disconnect();
  lianqin.startDesk(root);
}).observe(document.documentElement, {childList: true, subtree: true});
