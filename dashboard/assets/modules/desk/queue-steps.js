// @ts-check
// From case to case of the table by the keys J and K, past the heads of groups.

/** @param {() => GridApi} apiOf  the table's, null before it is there */
export const makeSteps = apiOf => {
  let direction = 1;
  /** @param {string|null} id  @param {number} step  @returns {any}  the table's node */
  const beside = (id, step) => {
    const api = apiOf();
    if (!api) return null;
    const n = api.getDisplayedRowCount(),
      from = id && api.getRowNode(id);
    for (let i = (from ? from.rowIndex : -1) + step; i >= 0 && i < n; i += step) {
      const node = api.getDisplayedRowAtIndex(i);
      if (!node.data.head) return node;
    }
    return null;
  };
  return {
    /** The node of the next (1) or the previous (-1) case; null at the table's end.  @param {string|null} id  @param {number} step */
    to: (id, step) => {
      direction = step;
      return beside(id, step);
    },
    /** The case that one more step in the same direction would come to.  @param {string} id  @returns {string|undefined} */
    next: id => beside(id, direction)?.data.id,
  };
};
