// @ts-check
// The working queue: dash-ag-grid's table, fed by the socket. A row that changes keeps its selection, the scroll and
// whatever panel is open. Columns, filters, groups, views and the tools above stand in files of their own (queue-*.js).
import {$, h} from "../core/dom.js";
import {makePress} from "../core/press.js";
import {AT as A} from "../core/reducer.js";
import {makeAddress} from "./queue-address.js";
import {rowWords} from "./queue-columns.js";
import {FIND_KEY} from "./keys.js";
import {watchCopy} from "./queue-copy.js";
import {makeFilters} from "./queue-filters.js";
import {gridOptions, watchRows} from "./queue-grid.js";
import {makeGroups} from "./queue-groups.js";
import {exportQuery} from "./queue-export.js";
import {makeSteps} from "./queue-steps.js";
import {makeTools} from "./queue-tools.js";
import {makeViews} from "./queue-views.js";

/** @typedef {{add: QueueItem[], update: QueueItem[], remove: (QueueItem|QueueHead)[]}} QueueChange */

/**
 * @param {{scope: Scope, root: HTMLElement, about: DeskAbout, texts: Texts, format: Format, tiles: Tiles, live: DeskLive, pick: (id: string, byKey?: boolean) => void, ahead: (id: string) => void, wentBack: (id: string|null) => void, changed: () => void, commands: ReturnType<typeof import("./commands.js").makeCommands>}} desk
 */
export const makeQueue = ({
  scope,
  root,
  about,
  texts,
  format,
  tiles,
  live,
  pick,
  ahead,
  wentBack,
  changed,
  commands,
}) => {
  const words = texts.desk,
    isStreet = !!about.street;
  /** @type {QueueState} */
  const state = {
    group: "clock",
    text: "",
    only: new Set(),
    inMap: false,
    columns: {},
    folded: new Set(isStreet ? ["district"] : []),
    current: null,
    typing: 0,
  };
  /** @type {Map<string, QueueItem>} what the table holds, by case */
  const data = new Map();
  /** @type {GridApi} null before the table is there, and when the page is left */
  let api = null;
  /** @type {{[caseId: string]: import("../types/wire.d.ts").Colleague[]}} */
  let present = {};
  /** @type {Set<string>|"all"|null} */
  let queued = null;

  const finder = /** @type {any} */ (
    h("input", {
      id: "desk-find",
      type: "search",
      "aria-label": words.find,
      placeholder: `${words.find}  ${FIND_KEY.toUpperCase()}`,
    })
  );
  $("find-box").replaceChildren(finder);
  const now = () => live.now() || Date.now();
  const parts = {about, texts, format, tiles, commands, now, state, ...rowWords(about, texts, tiles)};
  const filters = makeFilters(state, parts),
    groups = makeGroups(state, filters, parts);
  const views = makeViews({
    scope,
    texts,
    page: isStreet ? "street" : about.unit || about.grid ? "small" : "desk",
    now: () => viewNow(),
    take: view => takeView(view),
    draw: () => drawTools(),
  });
  /** @param {"filter"|"text"} as */
  const refiltered = as => {
    address.write(as);
    refilter();
  };
  /** @param {string} name */
  const toggle = name => {
    state.only.has(name) ? state.only.delete(name) : state.only.add(name);
    refiltered("filter");
  };
  const inMap = () => {
    state.inMap = !state.inMap;
    refiltered("filter");
  };
  /** @param {string} text */
  const setText = text => {
    finder.value = text;
    state.text = text.trim().toLowerCase();
  };
  /** Takes the column filters from `models`: the table's own list and ours are the same.  @param {QueueState["columns"]} models */
  const setColumns = models => {
    state.columns = models;
    if (api) api.setFilterModel(models);
  };
  const isFiltered = () => !!state.text || state.only.size > 0 || state.inMap || Object.keys(state.columns).length > 0;
  /** Everything that filters goes: the box, the chips, the columns, the map, and the address with them. */
  const showAll = () => {
    setText("");
    state.only.clear();
    state.inMap = false;
    setColumns({});
    refiltered("filter");
  };
  /** One filter goes: `text`, `map`, `only:<name>`, `column:<id>`.  @param {string} what */
  const drop = what => {
    const [kind, name] = what.split(":");
    if (kind === "text") setText("");
    else if (kind === "map") state.inMap = false;
    else if (kind === "only") state.only.delete(name);
    else setColumns(Object.fromEntries(Object.entries(state.columns).filter(([id]) => id !== name)));
    refiltered("filter");
  };
  /** @param {string} name */
  const regroup = name => {
    state.group = name;
    state.folded.clear();
    dropHeads();
    refiltered("filter");
  };
  const exported = () => exportQuery(state, {about, texts, api, box: filters.box});
  const drawTools = makeTools(state, {
    isReady: () => !!live.state.epoch,
    about,
    texts,
    format,
    groups,
    filters,
    views,
    total: () => data.size,
    exported,
    toggle,
    inMap,
    regroup,
    drop,
    clear: showAll,
  });
  const address = makeAddress(scope, state, {
    groups: groups.names,
    names: filters.names,
    finder,
    back: () => {
      if (!api) return;
      dropHeads();
      refilter();
      wentBack(state.current);
    },
  });

  const dropHeads = () => {
    api.applyTransaction({remove: [...groups.heads.values()]});
    groups.heads.clear();
  };
  /** @param {QueueHead} head */
  const fold = head => {
    state.folded.has(head.key) ? state.folded.delete(head.key) : state.folded.add(head.key);
    refilter();
  };
  /** @param {string[]} moved */
  const redrawHeads = moved => {
    const nodes = moved
      .map(id => api.getRowNode(id))
      .filter((/** @type {GridNode|undefined} */ node) => node && node.displayed);
    if (nodes.length) api.redrawRows({rowNodes: nodes});
  };
  const refilter = () => {
    if (!api) return;
    groups.judgeAll(data.values());
    const change = groups.regroup(),
      moved = groups.recount();
    groups.rerank();
    if (change.add.length || change.remove.length) api.applyTransaction(change);
    api.onFilterChanged();
    redrawHeads(moved);
    drawTools();
    changed();
  };

  const unpressed = makePress(scope);
  let putTimer = 0;
  /** Takes over what a delta has changed; several within a moment are one pass.  @param {Iterable<string>|null} ids  null: all */
  const put = ids => {
    if (ids === null) queued = "all";
    else if (queued === null) queued = new Set(ids);
    else if (queued !== "all") for (const id of ids) queued.add(id);
    if (!putTimer) putTimer = scope.after(100, () => unpressed(take));
  };
  /** @param {QueueItem} item  @param {QueueChange} change */
  const leave = (item, change) => {
    data.delete(item.id);
    filters.forget(item.id);
    groups.add(item, -1);
    change.remove.push(item);
  };
  /** What the queued cases have become: what the table adds, changes and drops.  @param {Iterable<string>|"all"} ids */
  const changeOf = ids => {
    /** @type {QueueChange} */
    const change = {add: [], update: [], remove: []};
    const rows = live.state.rows;
    if (ids === "all") for (const item of [...data.values()]) if (!rows.has(item.id)) leave(item, change);
    for (const id of ids === "all" ? rows.keys() : ids) {
      const row = rows.get(id),
        item = data.get(id);
      if (!row) {
        if (item) leave(item, change);
        continue;
      }
      if (item && item.row === row) continue;
      /** @type {QueueItem} */
      const next = {id, row, key: "", passes: true, marks: []};
      groups.judge(next);
      if (item) groups.add(item, -1);
      groups.add(next, 1);
      data.set(id, next);
      (item ? change.update : change.add).push(next);
    }
    return change;
  };
  const take = () => {
    putTimer = 0;
    const ids = queued;
    queued = null;
    if (!api || ids === null) return;
    const change = changeOf(ids),
      more = groups.regroup(),
      moved = groups.recount(),
      isTurned = groups.rerank();
    api.applyTransaction({
      add: [...change.add, ...more.add],
      update: change.update,
      remove: [...change.remove, ...more.remove],
    });
    if (isTurned) api.refreshClientSideRowModel("sort");
    redrawHeads(moved);
    if (change.update.length)
      api.refreshCells({rowNodes: change.update.map(item => api.getRowNode(item.id)).filter(Boolean), force: true});
    drawTools();
  };
  /** @param {string[]} ids */
  const redraw = ids => {
    if (api)
      api.refreshCells({rowNodes: ids.map(id => api.getRowNode(id)).filter(Boolean), columns: ["case"], force: true});
  };

  // — views and the address —
  const viewNow = () => ({
    group: state.group,
    only: [...state.only],
    text: state.text,
    inMap: state.inMap,
    columns: api
      .getColumnState()
      .map((/** @type {import("./queue-export.js").ColumnState} */ {colId, width, hide, sort, sortIndex}) => ({
        colId,
        width,
        hide,
        sort,
        sortIndex,
      })),
    filter: state.columns,
  });
  /** @param {import("./queue-views.js").QueueView} view */
  const takeView = view => {
    state.group = groups.names.includes(view.group) ? view.group : "clock";
    state.only = new Set((view.only || []).filter(name => filters.names[name]));
    setText(view.text || "");
    state.inMap = !!view.inMap;
    dropHeads();
    if (view.columns) api.applyColumnState({state: view.columns, applyOrder: true});
    setColumns(view.filter || {});
    refiltered("filter");
  };
  /** @param {string|null} id */
  const current = id => {
    const before = state.current;
    state.current = id;
    address.write("case");
    if (api)
      api.redrawRows({
        rowNodes: [before, id]
          .filter(Boolean)
          .map(i => api.getRowNode(i))
          .filter(Boolean),
      });
  };
  const steps = makeSteps(() => api);
  /** @param {number} step */
  const move = step => {
    const node = steps.to(state.current, step);
    if (!node) return;
    api.ensureIndexVisible(node.rowIndex);
    pick(node.data.id);
  };

  /** The focus goes to a case's row; where the table does not show it, to the table's tab.  @param {string|null} id */
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

  /** @param {GridApi} found */
  const begin = found => {
    api = found;
    address.read();
    const othersAt = (/** @type {string} */ id) => present[id] || [];
    api.updateGridOptions(gridOptions({...parts, othersAt, grouped: groups.grouped}, groups, fold));
    api.addEventListener("sortChanged", () => {
      if (!api.getColumnState().some((/** @type {import("./queue-export.js").ColumnState} */ c) => c.sort))
        api.applyColumnState({state: [{colId: "left", sort: "asc"}]});
    });
    // A column's filter is set in the table's menu: we judge by it. What we set ourselves is no news.
    api.addEventListener("filterChanged", () => {
      const models = api.getFilterModel();
      if (JSON.stringify(models) === JSON.stringify(state.columns)) return;
      state.columns = models;
      refilter();
    });
    for (const event of ["columnVisible", "columnMoved", "sortChanged"]) api.addEventListener(event, drawTools);
    watchRows(scope, api, {pick, ahead, fold});
    api.addEventListener("selectionChanged", () => commands.selected(selection()));
    watchCopy(scope, api, parts.textOf);
    put(null);
    views.read();
    scope.every(15000, () => {
      if (!document.hidden)
        api.refreshCells({columns: ["left", "takeover", ...(about.unit ? ["case"] : [])], force: true});
    });
    root.dataset.queue = "ready";
  };
  /** @returns {[id: string, version: number][]} */
  const selection = () =>
    api
      ? api
          .getSelectedRows()
          .filter((/** @type {QueueItem|QueueHead} */ item) => !item.head)
          .map((/** @type {QueueItem} */ item) => [item.id, item.row[A.version]])
      : [];
  dash_ag_grid.getApiAsync("queue-grid").then(found => {
    if (!scope.isClosed) begin(found);
  });
  scope.add(() => {
    api = null;
  });
  finder.addEventListener("input", () => {
    state.text = finder.value.trim().toLowerCase();
    scope.cancel(state.typing);
    state.typing = scope.after(60, () => refiltered("text"));
  });

  return {
    put,
    current,
    move,
    next: steps.next,
    focus,
    redraw,
    refilter,
    selection,
    state,
    passes: filters.passes,
    toggle,
    isFiltered,
    showAll,
    dropText: () => drop("text"),
    clear: () => api && api.deselectAll(),
    /** @param {any} b  Leaflet's bounds */
    inBounds: b => {
      filters.seeIn(b);
      if (state.inMap) refilter();
    },
    /** @param {{[caseId: string]: import("../types/wire.d.ts").Colleague[]}} t */
    present: t => {
      const ids = [...new Set([...Object.keys(present), ...Object.keys(t)])];
      present = t;
      redraw(ids);
    },
  };
};
