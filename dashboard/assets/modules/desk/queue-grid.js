// @ts-check
// How AG Grid shows the queue, and what a hand does to a row of it.
import {AT as A} from "../core/reducer.js";
import {isPhone, makeColumns} from "./queue-columns.js";
import {headCell} from "./queue-groups.js";
import {OPEN_KEY} from "./keys.js";

/** How many cases are chosen at once. */
const MANY = {
  rowSelection: {
    mode: "multiRow",
    checkboxes: (/** @type {GridNode} */ p) => !p.data.head,
    headerCheckbox: true,
    selectAll: "filtered",
    enableClickSelection: false,
    isRowSelectable: (/** @type {GridNode} */ node) => !node.data.head,
  },
  selectionColumnDef: {width: 36, maxWidth: 36, pinned: "left", suppressHeaderMenuButton: true},
};

/**
 * @param {import("./queue-columns.js").QueueParts} parts
 * @param {ReturnType<typeof import("./queue-groups.js").makeGroups>} groups
 * @param {(head: QueueHead) => void} fold
 */
export const gridOptions = (parts, groups, fold) => {
  const phone = isPhone(),
    {state, texts} = parts;
  return {
    tabToNextCell: () => false,
    tabToNextHeader: () => false, // Tab leaves the table; the arrows walk in it
    columnDefs: makeColumns(parts),
    isExternalFilterPresent: () => true,
    doesExternalFilterPass: groups.visible,
    rowClassRules: {
      chosen: (/** @type {GridNode} */ p) => p.data.id === state.current,
      late: (/** @type {GridNode} */ p) => !p.data.head && p.data.row[A.light] === 2,
    },
    ...(phone ? {} : MANY), // many at once is work for a desk: a box is too small for a thumb
    isFullWidthRow: (/** @type {{rowNode: GridNode}} */ p) => !!p.rowNode.data.head,
    fullWidthCellRenderer: headCell({state, words: texts.desk, headText: groups.headText, fold}),
    getRowHeight: (/** @type {GridNode} */ p) => (phone ? (p.data.head ? 44 : 56) : p.data.head ? 28 : 32),
    headerHeight: phone ? 44 : 32,
  };
};

/**
 * A row is picked by a click or Enter, a head folds its group; the row that the mouse rests on is drawn ahead.
 * @param {Scope} scope
 * @param {GridApi} api
 * @param {{pick: (id: string, byKey?: boolean) => void, ahead: (id: string) => void, fold: (head: QueueHead) => void}} acts
 */
export const watchRows = (scope, api, {pick, ahead, fold}) => {
  api.addEventListener("rowClicked", (/** @type {GridEvent} */ e) => {
    if (String(getSelection())) return; // somebody marks a text to copy it
    if (!e.data.head && !e.event.defaultPrevented && !e.event.target.closest(".ag-selection-checkbox")) pick(e.data.id);
  });
  // The row that the mouse rests on, or goes down on, is drawn ahead by the server.
  let resting = 0;
  api.addEventListener("cellMouseOver", (/** @type {GridEvent} */ e) => {
    scope.cancel(resting);
    if (!e.data.head) resting = scope.after(60, () => ahead(e.data.id));
  });
  api.addEventListener("cellMouseDown", (/** @type {GridEvent} */ e) => {
    if (!e.data.head) ahead(e.data.id);
  });
  api.addEventListener("cellKeyDown", (/** @type {GridEvent} */ e) => {
    if (e.event.key === OPEN_KEY) e.data.head ? fold(e.data) : pick(e.data.id, true);
  });
};
