// @ts-check
// What the export is asked for: what the queue shows at this moment, in its order and its columns.

/** @typedef {{colId: string, width: number, hide: boolean, sort: string|null, sortIndex: number|null}} ColumnState  of AG Grid */

/**
 * The query of /api/v1/cases.csv; the server filters by it anew, by the rights of whoever asks.
 * @param {QueueState} state
 * @param {{about: DeskAbout, texts: Texts, api: GridApi, box: number[]|null}} parts
 */
export const exportQuery = (state, {about, texts, api, box}) => {
  const query = new URLSearchParams({lang: texts.language});
  /** @param {string} name  @param {string} value */
  const set = (name, value) => value && query.set(name, value);
  set("street", about.street);
  set("only", [...state.only].join("."));
  set("q", state.text);
  set("box", state.inMap && box ? box.map(n => n.toFixed(6)).join(",") : "");
  set("group", state.group);
  if (!api) return query.toString();
  if (Object.keys(state.columns).length) query.set("columns_filter", JSON.stringify(state.columns));
  // Of several sorted columns the first decides: a case's number makes any two cases differ.
  const [first] = api
    .getColumnState()
    .filter((/** @type {ColumnState} */ c) => c.sort)
    .sort((/** @type {ColumnState} */ a, /** @type {ColumnState} */ b) => (a.sortIndex || 0) - (b.sortIndex || 0));
  if (first) set("sort", `${first.colId}:${first.sort}`);
  /** @type {ColumnState[]} */
  const shown = api
    .getColumnState()
    .filter((/** @type {ColumnState} */ c) => !c.hide && !c.colId.startsWith("ag-Grid"));
  set("columns", shown.map(c => c.colId).join("."));
  return query.toString();
};
