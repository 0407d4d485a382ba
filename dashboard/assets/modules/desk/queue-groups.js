// @ts-check
// The queue's groups: which one a case belongs to, the order of the groups, their heads with the count of what passes.
import {h} from "../core/dom.js";
import {AT as A} from "../core/reducer.js";
import {ONLY_NAMES, isDistrictDesk, isHeld, isUntaken} from "./queue-filters.js";

const CLOCK = ["untaken", "district", "overdue", "soon", "normal", "suspended", "none"];

/** A case's group by each of the groupings.  @param {boolean} isDistrict  @returns {{[grouping: string]: (row: DeskRow) => string}} */
const keysOf = isDistrict => ({
  clock: row =>
    isHeld(row)
      ? isDistrict && isUntaken(row)
        ? "untaken"
        : "district"
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
});

/**
 * The head of a group is a row of its own across the whole table.
 * @param {{state: QueueState, words: Texts, headText: (key: string, n: number) => string, fold: (head: QueueHead) => void}} parts
 */
export const headCell = ({state, words, headText, fold}) =>
  class {
    /** @param {{data: QueueHead}} p */
    init(p) {
      this.el = h("div", {class: "group-head", role: "gridcell"});
      this.draw(p);
    }
    /** @param {{data: QueueHead}} p */
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
    /** @param {{data: QueueHead}} p */
    refresh(p) {
      this.draw(p);
      return true;
    }
  };

/**
 * @param {QueueState} state
 * @param {ReturnType<typeof import("./queue-filters.js").makeFilters>} filters
 * @param {{about: DeskAbout, texts: Texts, format: Format, tiles: Tiles, grid: (code: string) => string}} parts
 */
export const makeGroups = (state, filters, {about, texts, format, tiles, grid}) => {
  const words = texts.desk,
    isStreet = !!about.street,
    isDistrict = isDistrictDesk(about),
    keys = keysOf(isDistrict);
  /** @type {{[grouping: string]: (key: string) => string}} */
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
  /** @type {Map<string, QueueHead>} */
  const heads = new Map();
  /** @type {Map<string, number>} */
  const counts = new Map();
  /** @type {Map<string, number>} */
  const totals = new Map();
  const onlyCounts = Object.fromEntries(ONLY_NAMES.map(name => [name, 0]));
  let ranks = /** @type {Map<string, number>} */ (new Map()),
    shown = 0;

  /** @param {QueueItem} item */
  const judge = item => {
    item.key = keys[state.group](item.row);
    item.passes = filters.passes(item.row);
    item.marks = filters.marksOf(item.row);
  };
  /** What one case adds: to its group, and to the counts of the chips.  @param {QueueItem} item  @param {number} by */
  const add = (item, by) => {
    for (const name of item.marks) onlyCounts[name] += by;
    const one = (/** @type {Map<string, number>} */ map) => {
      const n = (map.get(item.key) || 0) + by;
      n ? map.set(item.key, n) : map.delete(item.key);
    };
    one(totals);
    if (item.passes) {
      shown += by;
      one(counts);
    }
  };
  /** @param {string[]} list */
  const ordered = list =>
    state.group === "clock"
      ? list.sort((a, b) => CLOCK.indexOf(a) - CLOCK.indexOf(b))
      : list.sort((a, b) => (heads.get(b)?.n || 0) - (heads.get(a)?.n || 0) || (a < b ? -1 : 1));
  return {
    heads,
    onlyCounts,
    names: Object.keys(words.groups).filter(name => name !== (isStreet ? "street" : "")),
    judge,
    add,
    get shown() {
      return shown;
    },
    /** @param {string} key  @param {number} n */
    headText: (key, n) =>
      state.group === "clock"
        ? format.fill(words[key === "district" && isDistrict ? "group_holds" : `group_${key}`], {n})
        : format.fill(words.group_other, {name: named[state.group](key) || "—", n}),
    /**
     * Groups in their order, each behind its head, whichever way the column is sorted. In the comparators, not afterwards
     * (`postSortRows`): only so does the table sort what has changed and not ten thousand rows at each delta.
     * @param {GridComparator} comparator
     * @returns {GridComparator}
     */
    grouped: comparator => (a, b, x, y, isDescending) => {
      const between =
        (ranks.get(x.data.key) ?? NaN) - (ranks.get(y.data.key) ?? NaN) ||
        Number(!!y.data.head) - Number(!!x.data.head);
      return between ? (isDescending ? -between : between) : comparator(a, b, x, y);
    },
    /** Where each group stands; whether that is another order than before. */
    rerank: () => {
      const order = state.group === "none" ? [] : ordered([...heads.keys()]);
      if (order.length === ranks.size && order.every((key, i) => ranks.get(key) === i)) return false;
      ranks = new Map(order.map((key, i) => [key, i]));
      return true;
    },
    /** @param {GridNode} node */
    visible: node =>
      node.data.head
        ? node.data.n > 0
        : node.data.passes && !(state.group !== "none" && state.folded.has(node.data.key)),
    /** Everything is judged anew: another filter, another grouping.  @param {Iterable<QueueItem>} items */
    judgeAll: items => {
      counts.clear();
      totals.clear();
      shown = 0;
      for (const name of ONLY_NAMES) onlyCounts[name] = 0;
      for (const item of items) {
        judge(item);
        add(item, 1);
      }
    },
    /** One head a group, whether any of its cases passes or not: a filter then moves no rows in or out of the table. */
    regroup: () => {
      /** @type {{add: QueueHead[], remove: QueueHead[]}} */
      const change = {add: [], remove: []};
      for (const [key, head] of heads)
        if (!totals.has(key) || state.group === "none") {
          heads.delete(key);
          change.remove.push(head);
        }
      if (state.group !== "none")
        for (const key of totals.keys())
          if (!heads.has(key)) {
            /** @type {QueueHead} */
            const head = {id: `\u0000${state.group}:${key}`, head: true, key, n: 0};
            heads.set(key, head);
            change.add.push(head);
          }
      return change;
    },
    /** Heads say their number anew where it has changed; their row ids. */
    recount: () => {
      /** @type {string[]} */
      const moved = [];
      for (const [key, head] of heads) {
        const n = counts.get(key) || 0;
        if (head.n !== n) {
          head.n = n;
          moved.push(head.id);
        }
      }
      return moved;
    },
  };
};
