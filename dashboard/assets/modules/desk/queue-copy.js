// @ts-check
// Ctrl+C in the table: what is marked, else what the focused cell says; of a case its name and number.

/** @param {Scope} scope  @param {GridApi} api  @param {{[column: string]: (row: DeskRow) => string}} textOf */
export const watchCopy = (scope, api, textOf) =>
  scope.listen(document, "copy", (/** @type {ClipboardEvent} */ event) => {
    const cell = document.activeElement instanceof Element && document.activeElement.closest(".ag-cell");
    if (!cell || String(getSelection())) return; // the browser copies what is marked
    const row = cell.closest(".ag-row"),
      node = row && api.getRowNode(row.getAttribute("row-id"));
    if (!node || node.data.head) return;
    const {data} = node,
      said = textOf[cell.getAttribute("col-id") || ""];
    event.clipboardData?.setData(
      "text/plain",
      said ? said(data.row) : /** @type {HTMLElement} */ (cell).innerText.trim(),
    );
    event.preventDefault();
  });
