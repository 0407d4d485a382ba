// @ts-check
// A table whose heads sort it: by number where all are numbers, else by text; the same head again turns it round.

/** @param {HTMLTableElement} table  @param {number} column  @param {number} way */
const sort = (table, column, way) => {
  const body = table.tBodies[0],
    rows = [...body.rows],
    said = (/** @type {HTMLTableRowElement} */ row) => row.cells[column].textContent.trim(),
    number = (/** @type {string} */ text) => Number(text.replaceAll(",", ""));
  const isNumber = rows.every(row => said(row) !== "" && Number.isFinite(number(said(row))));
  rows.sort((a, b) =>
    isNumber ? way * (number(said(a)) - number(said(b))) : way * said(a).localeCompare(said(b), "zh-CN"),
  );
  body.append(...rows);
};

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.querySelectorAll("thead th")];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const one of heads) one.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      sort(/** @type {HTMLTableElement} */ (table), column, way);
    });
  });
}
