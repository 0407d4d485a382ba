// @ts-check
// The working queue: dash-ag-grid's table, fed by the socket. Sorting, filters, groups and saved views live here; a row
// that changes keeps its selection, the scroll and whatever panel is open.
import {openDialog, toast} from "../core/dialog.js";
import {$, h} from "../core/dom.js";
import {redraw as redrawHost} from "../core/focus.js";
import {AT as A} from "../core/reducer.js";
import {post} from "../core/session.js";
import {near} from "../map/project.js";

/** A cell as a plain element: AG Grid's JavaScript component, made from a function that draws it. */
export const cell = draw =>
  class {
    init(p) {
      this.el = document.createElement("span");
      this.el.className = "cell";
      draw(this.el, p);
    }
    getGui() {
      return this.el;
    }
    refresh(p) {
      this.el.replaceChildren();
      this.el.className = "cell";
      draw(this.el, p);
      return true;
    }
  };

export const makeQueue = ({scope, root, about, texts, format, places, tiles, live, pick, changed, commands}) => {
  const words = texts.desk,
    NEVER = 2 ** 52;
  const isStreet = !!about.street,
    GROUPS = Object.keys(words.groups).filter(name => name !== (isStreet ? "street" : ""));
  const state = {
    group: isStreet ? "clock" : "clock",
    text: "",
    only: new Set(),
    inMap: false,
    folded: new Set(isStreet ? ["district"] : []),
    current: null,
  };
  const data = new Map(),
    heads = new Map();
  let api = null,
    bounds = null,
    present = {},
    queued = null;

  const finder = h("input", {
    id: "desk-find",
    type: "search",
    "aria-label": words.find,
    placeholder: `${words.find}  /`,
  });
  $("find-box").replaceChildren(finder);
  const now = () => live.now() || Date.now();
  const grid = code => about.grids[code] || code;
  /** A grid's name says its community in most packages; where it does not, both are said. */
  const place = row => {
    const community = about.communities[row[A.community]] || "",
      name = grid(row[A.grid]);
    return name.startsWith(community) ? name : [community, name].filter(Boolean).join(" ");
  };
  const what = row => tiles.className(row);

  // — groups: a key of each case, the order of the keys, the words of a head —
  const CLOCK = ["district", "overdue", "soon", "normal", "suspended", "none"];
  const keys = {
    clock: row =>
      isStreet && row[A.level] === "district"
        ? "district"
        : row[A.light] === 2
          ? "overdue"
          : row[A.light] === 1
            ? "soon"
            : row[A.light] === 3
              ? "suspended"
              : row[A.deadlineAt] === null
                ? "none"
                : "normal",
    street: row => row[A.street],
    grid: row => row[A.grid],
    domain: row => row[A.domain],
    unit: row => row[A.leadUnit],
    channel: row => row[A.channel],
    status: row => row[A.status],
    none: () => "",
  };
  const named = {
    clock: key => key,
    street: tiles.street,
    grid,
    unit: key => tiles.unit(key) || "—",
    none: () => "",
    domain: key => texts.domain[key] || key,
    channel: key => texts.channel[key] || key,
    status: key => texts.status[key] || key,
  };
  const headText = (key, n) =>
    state.group === "clock"
      ? format.fill(words[`group_${key}`], {n})
      : format.fill(words.group_other, {name: named[state.group](key) || "—", n});

  // — filters —
  const passes = row => {
    if (state.inMap && bounds) {
      if (row[A.lon] === null || !bounds.contains([row[A.lat], near(row[A.lon])])) return false;
    }
    for (const name of state.only) if (!ONLY[name](row)) return false;
    return !state.text || haystack(row).includes(state.text);
  };
  const ONLY = {
    overdue: row => row[A.light] === 2,
    soon: row => row[A.light] === 1,
    suspended: row => row[A.light] === 3,
    proposed: row => !!row[A.proposal],
    unplaced: row => row[A.lon] === null,
    border: row => !!row[A.neighbour],
    unseen: row => row[A.unseen] === 1,
  };
  const ONLY_WORDS = {
    overdue: words.light[2],
    soon: words.light[1],
    suspended: words.light[3],
    proposed: words.proposed,
    unplaced: words.unplaced,
    border: words.border,
    unseen: words.unseen,
  };
  const ONLY_NAMES = Object.keys(ONLY);
  const haystacks = new Map();
  const haystack = row => {
    const known = haystacks.get(row[A.id]);
    if (known && known[0] === row) return known[1];
    const text = [
      row[A.id],
      what(row),
      texts.domain[row[A.domain]],
      place(row),
      tiles.street(row[A.street]),
      tiles.unit(row[A.leadUnit]),
      texts.status[row[A.status]],
      texts.channel[row[A.channel]],
    ]
      .join(" ")
      .toLowerCase();
    haystacks.set(row[A.id], [row, text]);
    return text;
  };

  // — columns —
  const deadline = row => (row[A.light] === 3 ? NEVER : row[A.deadlineAt] === null ? NEVER + 1 : row[A.deadlineAt]);
  const byNumber = of => (a, b, x, y) =>
    x.data.head || y.data.head ? 0 : of(x.data.row) - of(y.data.row) || (x.data.id < y.data.id ? -1 : 1);
  const byText = of => (a, b, x, y) =>
    x.data.head || y.data.head
      ? 0
      : of(x.data.row).localeCompare(of(y.data.row), texts.language) || byNumber(deadline)(0, 0, x, y);
  const leftCell = cell((el, {data: {row}}) => {
    const light = row[A.light],
      left = row[A.deadlineAt] === null ? null : row[A.deadlineAt] - now();
    el.classList.add(light === 2 ? "bad" : light === 1 ? "warn" : "mid");
    el.append(
      ...(light === 2
        ? [tiles.sign("overdue")]
        : light === 1
          ? [tiles.sign("soon")]
          : light === 3
            ? [h("i", {class: "sign pause"})]
            : [h("i", {class: "sign blank"})]),
    );
    el.append(
      light === 3
        ? texts.word.suspended
        : left === null
          ? texts.word.no_deadline
          : format.fill(left <= 0 ? words.left_over : words.left_still, {t: format.duration(left)}),
    );
  });
  const takeoverCell = cell((el, {data: {row}}) => {
    if (row[A.level] === "district") {
      el.classList.add("dim");
      el.append(words.at_district);
      return;
    }
    if (row[A.proposal]) {
      el.classList.add("warn");
      el.title = texts.rule[row[A.proposal]] || "";
      el.append(words.takeover_past);
      return;
    }
    const at = row[A.takeoverAt];
    if (at === null || at === undefined) {
      el.classList.add("dim");
      el.append(words.no_takeover);
      return;
    }
    const left = at - now();
    if (left < 1800000) el.classList.add("bad");
    el.append(left <= 0 ? words.takeover_past : format.fill(words.takeover_in, {t: format.duration(left)}));
  });
  const caseCell = cell((el, {data: {row}}) => {
    if (row[A.severity] <= 2) el.append(h("b", {class: "grave"}, texts.word.severity[row[A.severity]]));
    el.append(what(row));
    if (row[A.unseen] === 1) el.append(h("i", {class: "swatch unseen", title: texts.coverage.unseen_case}));
    if (row[A.lon] === null) el.append(h("em", null, words.unplaced));
    if (row[A.neighbour]) el.append(h("em", {title: tiles.street(row[A.neighbour])}, words.border));
    const mine = commands.of(row[A.id]);
    if (mine) el.append(h("em", {class: `sent ${mine.state}`}, commands.say(mine)));
    const others = (present[row[A.id]] || []).filter(([id]) => id !== about.me);
    if (others.length) el.append(h("em", {class: "others"}, others.map(([, name]) => name).join(" ")));
  });
  const text = of => cell((el, {data: {row}}) => el.append(of(row)));
  /**
   * Groups in their order, each behind its head, whichever way the column is sorted. In the comparators, not afterwards
   * (`postSortRows`): only so does the table sort what has changed and not ten thousand rows at each delta.
   */
  let ranks = new Map();
  const grouped = comparator => (a, b, x, y, isDescending) => {
    const between = ranks.get(x.data.key) - ranks.get(y.data.key) || Number(!!y.data.head) - Number(!!x.data.head);
    return between ? (isDescending ? -between : between) : comparator(a, b, x, y);
  };
  const column = (id, width, renderer, comparator, of, more = {}) => ({
    colId: id,
    headerName: words.columns[id],
    width,
    cellRenderer: renderer,
    comparator: grouped(comparator),
    valueGetter: p => (p.data.head ? "" : of(p.data.row)),
    sortable: true,
    resizable: true,
    filter: "agTextColumnFilter",
    suppressHeaderMenuButton: false,
    ...more,
  });
  const simple = (id, width, of, more) => column(id, width, text(of), byText(of), of, more);
  const columns = () => [
    column("left", 138, leftCell, byNumber(deadline), row => row[A.deadlineAt] || 0, {sort: "asc", filter: false}),
    column(
      "takeover",
      92,
      takeoverCell,
      byNumber(row => row[A.takeoverAt] ?? NEVER),
      row => row[A.takeoverAt] || 0,
      {filter: false},
    ),
    column("case", 200, caseCell, byText(what), row => `${what(row)} ${row[A.id]}`, {flex: 3, minWidth: 120}),
    ...(isStreet ? [] : [simple("street", 80, row => tiles.street(row[A.street]), {flex: 1, minWidth: 94})]),
    simple("grid", 100, place, {flex: 2, minWidth: 96}),
    simple("unit", 92, row => tiles.unit(row[A.leadUnit]) || "—", {flex: 2, minWidth: 84}),
    simple("status", 64, row => texts.status[row[A.status]] || row[A.status]),
    column(
      "back",
      60,
      cell((el, {data: {row}}) => {
        if (row[A.returns] || row[A.reworks]) el.classList.add("strong");
        el.append(`${row[A.returns]} · ${row[A.reworks]}`);
      }),
      byNumber(row => -(row[A.returns] + row[A.reworks])),
      row => row[A.returns] + row[A.reworks],
      {filter: false, hide: innerWidth < 1500},
    ),
    simple("channel", 84, row => texts.channel[row[A.channel]] || row[A.channel], {hide: true}),
    simple("id", 150, row => row[A.id], {hide: true}),
    column(
      "reported",
      104,
      text(row => format.hm(row[A.reportedAt])),
      byNumber(row => row[A.reportedAt]),
      row => row[A.reportedAt],
      {hide: true, filter: false},
    ),
  ];

  const fold = head => {
    state.folded.has(head.key) ? state.folded.delete(head.key) : state.folded.add(head.key);
    refilter();
  };
  /** The head of a group is a row of its own across the whole table. */
  const headCell = class {
    init(p) {
      this.el = h("div", {class: "group-head", role: "gridcell"});
      this.draw(p);
    }
    draw({data: head}) {
      const isFolded = state.folded.has(head.key);
      this.el.replaceChildren(
        h("span", null, headText(head.key, head.n)),
        h("button", {"aria-expanded": String(!isFolded), tabindex: -1}, isFolded ? words.unfold : words.fold),
      );
      this.el.querySelector("button").onclick = () => fold(head);
    }
    getGui() {
      return this.el;
    }
    refresh(p) {
      this.draw(p);
      return true;
    }
  };

  const ordered = list =>
    state.group === "clock"
      ? list.sort((a, b) => CLOCK.indexOf(a) - CLOCK.indexOf(b))
      : list.sort((a, b) => (heads.get(b)?.n || 0) - (heads.get(a)?.n || 0) || (a < b ? -1 : 1));
  /** Where each group stands; whether that is another order than before. */
  const rerank = () => {
    const order = state.group === "none" ? [] : ordered([...heads.keys()]);
    if (order.length === ranks.size && order.every((key, i) => ranks.get(key) === i)) return false;
    ranks = new Map(order.map((key, i) => [key, i]));
    return true;
  };
  const visible = node =>
    node.data.head ? node.data.n > 0 : node.data.passes && !(state.group !== "none" && state.folded.has(node.data.key));

  /** What one case adds: to its group, and to the counts of the chips. */
  const counts = new Map(),
    totals = new Map(),
    onlyCounts = Object.fromEntries(Object.keys(ONLY).map(name => [name, 0]));
  const judge = item => {
    item.key = keys[state.group](item.row);
    item.passes = passes(item.row);
    item.marks = ONLY_NAMES.filter(name => ONLY[name](item.row));
  };
  const add = (item, by) => {
    for (const name of item.marks) onlyCounts[name] += by;
    const one = map => {
      const n = (map.get(item.key) || 0) + by;
      n ? map.set(item.key, n) : map.delete(item.key);
    };
    one(totals);
    if (item.passes) {
      shown += by;
      one(counts);
    }
  };
  /** Everything is judged anew: another filter, another grouping. */
  const judgeAll = () => {
    counts.clear();
    totals.clear();
    shown = 0;
    for (const name of ONLY_NAMES) onlyCounts[name] = 0;
    for (const item of data.values()) {
      judge(item);
      add(item, 1);
    }
  };
  /** One head a group, whether any of its cases passes or not: a filter then moves no rows in or out of the table. */
  const regroup = () => {
    const change = {add: [], remove: []};
    for (const [key, head] of heads)
      if (!totals.has(key) || state.group === "none") {
        heads.delete(key);
        change.remove.push(head);
      }
    if (state.group !== "none")
      for (const key of totals.keys())
        if (!heads.has(key)) {
          const head = {id: `\u0000${state.group}:${key}`, head: true, key, n: 0};
          heads.set(key, head);
          change.add.push(head);
        }
    return change;
  };
  /** Heads say their number anew where it has changed. */
  const recount = () => {
    const moved = [];
    for (const [key, head] of heads) {
      const n = counts.get(key) || 0;
      if (head.n !== n) {
        head.n = n;
        moved.push(head.id);
      }
    }
    return moved;
  };
  const redrawHeads = moved => {
    const nodes = moved.map(id => api.getRowNode(id)).filter(node => node && node.displayed);
    if (nodes.length) api.redrawRows({rowNodes: nodes});
  };
  let shown = 0;
  const refilter = () => {
    if (!api) return;
    judgeAll();
    const change = regroup(),
      moved = recount();
    rerank();
    if (change.add.length || change.remove.length) api.applyTransaction(change);
    api.onFilterChanged();
    redrawHeads(moved);
    drawTools();
    changed();
  };

  let putTimer = 0;
  /** Takes over what a delta has changed; several within a moment are one pass. */
  const put = ids => {
    if (ids === null || queued === null) {
      queued = ids === null ? null : new Set(ids);
      if (ids === null) queued = "all";
    } else if (queued !== "all") for (const id of ids) queued.add(id);
    if (!putTimer) putTimer = scope.after(100, take);
  };
  const take = () => {
    putTimer = 0;
    const ids = queued;
    queued = null;
    if (!api || ids === null) return;
    const change = {add: [], update: [], remove: []},
      rows = live.state.rows;
    if (ids === "all") {
      for (const [id, item] of data)
        if (!rows.has(id)) {
          data.delete(id);
          haystacks.delete(id);
          add(item, -1);
          change.remove.push(item);
        }
    }
    for (const id of ids === "all" ? rows.keys() : ids) {
      const row = rows.get(id),
        item = data.get(id);
      if (!row) {
        if (item) {
          data.delete(id);
          haystacks.delete(id);
          add(item, -1);
          change.remove.push(item);
        }
        continue;
      }
      if (item && item.row === row) continue;
      const next = {id, row, key: "", passes: true, marks: []};
      judge(next);
      if (item) add(item, -1);
      add(next, 1);
      data.set(id, next);
      (item ? change.update : change.add).push(next);
    }
    const more = regroup(),
      moved = recount(),
      isTurned = rerank();
    api.applyTransaction({
      add: change.add.concat(more.add),
      update: change.update,
      remove: change.remove.concat(more.remove),
    });
    if (isTurned) api.refreshClientSideRowModel("sort");
    redrawHeads(moved);
    if (change.update.length)
      api.refreshCells({rowNodes: change.update.map(item => api.getRowNode(item.id)).filter(Boolean), force: true});
    drawTools();
  };
  const redraw = ids => {
    if (api)
      api.refreshCells({rowNodes: ids.map(id => api.getRowNode(id)).filter(Boolean), columns: ["case"], force: true});
  };

  // — tools above the table —
  const chip = (name, label, n, on, click) => {
    const b = h(
      "button",
      {class: `chip ${on ? "on" : ""}`, "aria-pressed": String(on), "data-only": name},
      label,
      n === null ? "" : h("b", null, format.count(n)),
    );
    b.onclick = click;
    return b;
  };
  let toolsShown = "";
  const drawTools = () => {
    const told = JSON.stringify([onlyCounts, shown, data.size, [...state.only], state.group, state.inMap, views]);
    if (told === toolsShown) return;
    toolsShown = told;
    const toggle = name => () => {
      state.only.has(name) ? state.only.delete(name) : state.only.add(name);
      toUrl();
      refilter();
    };
    const group = h(
      "select",
      {id: "queue-group", "aria-label": words.group_by},
      GROUPS.map(name =>
        h("option", {value: name, ...(name === state.group ? {selected: ""} : {})}, words.groups[name]),
      ),
    );
    group.onchange = () => {
      state.group = group.value;
      state.folded.clear();
      for (const head of heads.values()) api.applyTransaction({remove: [head]});
      heads.clear();
      toUrl();
      refilter();
    };
    const view = h(
      "select",
      {id: "queue-view", "aria-label": words.view},
      h("option", {value: ""}, words.view),
      Object.keys(views).map(name => h("option", {value: name}, name)),
      h("option", {value: "\u0000save"}, `+ ${words.save_view}`),
      ...(Object.keys(views).length ? [h("option", {value: "\u0000drop"}, `− ${words.drop_view}`)] : []),
    );
    view.onchange = () => {
      const name = view.value;
      view.value = "";
      name === "\u0000save" ? saveView() : name === "\u0000drop" ? dropView() : name && takeView(views[name]);
    };
    const query = new URLSearchParams({lang: texts.language, ...(about.street ? {street: about.street} : {})});
    redrawHost(
      $("queue-tools"),
      h(
        "div",
        {class: "chips"},
        Object.keys(ONLY)
          .filter(name => onlyCounts[name] || state.only.has(name))
          .map(name => chip(name, ONLY_WORDS[name], onlyCounts[name], state.only.has(name), toggle(name))),
        chip("map", words.in_map, null, state.inMap, () => {
          state.inMap = !state.inMap;
          toUrl();
          refilter();
        }),
      ),
      h(
        "div",
        {class: "tool-right"},
        h("label", null, `${words.group_by} `, group),
        view,
        about.rights.includes("export_cases")
          ? h("a", {href: `/api/v1/cases.csv?${query}`, download: ""}, words.export)
          : null,
        h(
          "span",
          {class: "dim", title: words.keys},
          shown === data.size
            ? format.fill(words.total, {n: data.size})
            : format.fill(words.shown, {n: shown, all: data.size}),
        ),
      ),
    );
  };
  // — views and the address —
  let views = {};
  const viewNow = () => ({
    group: state.group,
    only: [...state.only],
    text: state.text,
    inMap: state.inMap,
    columns: api
      .getColumnState()
      .map(({colId, width, hide, sort, sortIndex}) => ({colId, width, hide, sort, sortIndex})),
    filter: api.getFilterModel(),
  });
  const takeView = view => {
    state.group = GROUPS.includes(view.group) ? view.group : "clock";
    state.only = new Set((view.only || []).filter(name => ONLY[name]));
    state.text = view.text || "";
    $("desk-find").value = state.text;
    state.inMap = !!view.inMap;
    for (const head of heads.values()) api.applyTransaction({remove: [head]});
    heads.clear();
    if (view.columns) api.applyColumnState({state: view.columns, applyOrder: true});
    api.setFilterModel(view.filter || null);
    toUrl();
    refilter();
  };
  const page = isStreet ? "street" : "desk";
  /** The saved views anew; where they cannot be read the list stays as it is, and that is said. */
  const readViews = async () => {
    try {
      const answer = await fetch(`/api/v1/views/${page}`);
      if (!answer.ok) throw new Error(String(answer.status));
      views = Object.fromEntries((await answer.json()).views);
      if (!scope.isClosed) drawTools();
    } catch {
      if (!scope.isClosed) toast(words.views_unread, "bad");
    }
  };
  /** Sends a change of the views; words where it was refused, so that the dialog stays open. */
  const postView = async (url, body) => {
    const said = await post(url, body);
    if (said.error)
      return said.status === 409 ? words.views_full : said.status === 403 ? texts.refusal.forbidden : said.error;
    readViews();
    return undefined;
  };
  const saveView = () =>
    openDialog(
      texts,
      words.save_view,
      [["name", words.view_name, h("input", {name: "name", required: "", maxlength: 40})]],
      ({name}) => postView("/api/v1/views", {page, name, body: viewNow()}),
    );
  const dropView = () =>
    openDialog(
      texts,
      words.drop_view,
      [
        [
          "name",
          words.view,
          h(
            "select",
            {name: "name"},
            Object.keys(views).map(name => h("option", null, name)),
          ),
        ],
      ],
      ({name}) => postView("/api/v1/views/drop", {page, name}),
    );
  const toUrl = () => {
    const query = new URLSearchParams(location.search);
    const set = (name, value) => (value ? query.set(name, value) : query.delete(name));
    set("group", state.group === "clock" ? "" : state.group);
    set("only", [...state.only].join("."));
    set("q", state.text);
    set("map", state.inMap ? "1" : "");
    set("case", state.current);
    history.replaceState(null, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
  };
  const fromUrl = () => {
    const query = new URLSearchParams(location.search);
    if (GROUPS.includes(query.get("group"))) state.group = query.get("group");
    state.only = new Set((query.get("only") || "").split(".").filter(name => ONLY[name]));
    state.text = (query.get("q") || "").toLowerCase();
    $("desk-find").value = query.get("q") || "";
    state.inMap = query.get("map") === "1";
  };

  const current = id => {
    const before = state.current;
    state.current = id;
    toUrl();
    if (api)
      api.redrawRows({
        rowNodes: [before, id]
          .filter(Boolean)
          .map(i => api.getRowNode(i))
          .filter(Boolean),
      });
  };
  /** To the next or the previous case of the table. */
  const move = step => {
    const n = api.getDisplayedRowCount();
    let i = state.current && api.getRowNode(state.current) ? api.getRowNode(state.current).rowIndex : -1;
    for (i += step; i >= 0 && i < n; i += step) {
      const node = api.getDisplayedRowAtIndex(i);
      if (!node.data.head) {
        api.ensureIndexVisible(i);
        pick(node.data.id);
        return;
      }
    }
  };

  /** The focus goes to a case's row; where the table does not show it, to the table's tab. */
  const focus = id => {
    const node = api && api.getRowNode(id);
    if (!node || !node.displayed) {
      $("tab-queue").focus();
      return;
    }
    api.ensureIndexVisible(node.rowIndex);
    const cell = api.getFocusedCell();
    api.setFocusedCell(node.rowIndex, cell && cell.rowIndex === node.rowIndex ? cell.column : "case");
  };

  const begin = found => {
    api = found;
    fromUrl();
    api.updateGridOptions({
      tabToNextCell: () => false,
      tabToNextHeader: () => false, // Tab leaves the table; the arrows walk in it
      columnDefs: columns(),
      isExternalFilterPresent: () => true,
      doesExternalFilterPass: visible,
      rowClassRules: {chosen: p => p.data.id === state.current, late: p => !p.data.head && p.data.row[A.light] === 2},
      rowSelection: {
        mode: "multiRow",
        checkboxes: p => !p.data.head,
        headerCheckbox: true,
        selectAll: "filtered",
        enableClickSelection: false,
        isRowSelectable: node => !node.data.head,
      },
      selectionColumnDef: {width: 36, maxWidth: 36, pinned: "left", suppressHeaderMenuButton: true},
      isFullWidthRow: p => !!p.rowNode.data.head,
      fullWidthCellRenderer: headCell,
      getRowHeight: p => (p.data.head ? 28 : 32),
    });
    api.addEventListener("sortChanged", () => {
      if (!api.getColumnState().some(c => c.sort)) api.applyColumnState({state: [{colId: "left", sort: "asc"}]});
    });
    api.addEventListener("rowClicked", e => {
      if (!e.data.head && !e.event.defaultPrevented && !e.event.target.closest(".ag-selection-checkbox"))
        pick(e.data.id);
    });
    api.addEventListener("cellKeyDown", e => {
      if (e.event.key === "Enter") e.data.head ? fold(e.data) : pick(e.data.id, true);
    });
    api.addEventListener("selectionChanged", () => commands.selected(selection()));
    put(null);
    readViews();
    scope.every(15000, () => {
      if (!document.hidden) api.refreshCells({columns: ["left", "takeover"], force: true});
    });
    root.dataset.queue = "ready";
  };
  const selection = () =>
    api
      ? api
          .getSelectedRows()
          .filter(item => !item.head)
          .map(item => [item.id, item.row[A.version]])
      : [];
  dash_ag_grid.getApiAsync("queue-grid").then(found => {
    if (!scope.isClosed) begin(found);
  });
  scope.add(() => {
    api = null;
  });
  $("desk-find").addEventListener("input", () => {
    state.text = $("desk-find").value.trim().toLowerCase();
    scope.cancel(state.typing);
    state.typing = scope.after(60, () => {
      toUrl();
      refilter();
    });
  });

  return {
    put,
    current,
    move,
    focus,
    redraw,
    refilter,
    selection,
    state,
    passes,
    clear: () => api && api.deselectAll(),
    inBounds: b => {
      bounds = b;
      if (state.inMap) refilter();
    },
    present: t => {
      const ids = [...new Set([...Object.keys(present), ...Object.keys(t)])];
      present = t;
      redraw(ids);
    },
  };
};
