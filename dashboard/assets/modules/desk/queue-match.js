// @ts-check
// The filters of single columns, judged by us: the heads' counts, the map and the export go by them too. The table's own
// judgement lets everything through. services/board/queue_filter.py judges the same way for the export.

/** The ways to compare that a column's menu offers, in their order. */
export const COMPARISONS = ["contains", "notContains", "equals", "startsWith", "endsWith"];

/** @type {{[kind: string]: (text: string, wanted: string) => boolean}} */
const compare = {
  contains: (text, wanted) => text.includes(wanted),
  notContains: (text, wanted) => !text.includes(wanted),
  equals: (text, wanted) => text === wanted,
  startsWith: (text, wanted) => text.startsWith(wanted),
  endsWith: (text, wanted) => text.endsWith(wanted),
};

/** The conditions of one column's filter: a single one, or several joined by AND or OR.  @param {ColumnFilter} model */
export const conditionsOf = model => model.conditions || [model];

/** @param {ColumnFilter} condition  @param {string} text */
const holds = (condition, text) => {
  const judge = compare[condition.type || ""];
  return !judge || !condition.filter || judge(text, String(condition.filter).toLowerCase());
};

/**
 * Whether a row's texts satisfy every column's filter; `textOf`: column → what it says of a row.
 * @param {{[id: string]: ColumnFilter}} models
 * @param {{[column: string]: (row: DeskRow) => string}} textOf
 * @param {DeskRow} row
 */
export const matches = (models, textOf, row) =>
  Object.entries(models).every(([id, model]) => {
    if (!textOf[id]) return true;
    const text = textOf[id](row).toLowerCase(),
      each = conditionsOf(model);
    return model.operator === "OR" ? each.some(c => holds(c, text)) : each.every(c => holds(c, text));
  });
