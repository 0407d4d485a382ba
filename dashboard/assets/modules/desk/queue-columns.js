// @ts-check
// The queue's columns: what each cell says of a case, and by what the column sorts.
import {h} from "../core/dom.js";
import {AT as A} from "../core/reducer.js";
import {isDistrictDesk, isHeld, isUntaken} from "./queue-filters.js";
import {COMPARISONS} from "./queue-match.js";

const NEVER = 2 ** 52;
/** Whether the page is one column (desk_small.css); a phone does not become a desk while a page is open. */
export const isPhone = () => matchMedia("(max-width: 700px)").matches;

/**
 * What the columns are made with.
 * @typedef {Object} QueueParts
 * @property {DeskAbout} about
 * @property {Texts} texts
 * @property {Format} format
 * @property {Tiles} tiles
 * @property {ReturnType<typeof import("./commands.js").makeCommands>} commands
 * @property {() => number} now   Unix ms
 * @property {QueueState} state
 * @property {(row: DeskRow) => string} what
 * @property {{[column: string]: (row: DeskRow) => string}} textOf
 * @property {(id: string) => import("../types/wire.d.ts").Colleague[]} othersAt   who else looks at a case
 * @property {(comparator: GridComparator) => GridComparator} grouped   keeps the groups together whatever is sorted
 */

/** A cell as a plain element: AG Grid's JavaScript component, made from a function that draws it.  @param {(el: HTMLElement, p: {data: QueueItem}) => void} draw */
export const cell = draw =>
  class {
    el = document.createElement("span");
    /** @param {{data: QueueItem}} p */
    init(p) {
      this.el.className = "cell";
      draw(this.el, p);
    }
    getGui() {
      return this.el;
    }
    /** @param {{data: QueueItem}} p */
    refresh(p) {
      this.el.replaceChildren();
      this.el.className = "cell";
      draw(this.el, p);
      return true;
    }
  };

/**
 * What the columns say of a case in the page's language: `textOf` a column is what is searched, filtered and copied.
 * @param {DeskAbout} about
 * @param {Texts} texts
 * @param {Tiles} tiles
 */
export const rowWords = (about, texts, tiles) => {
  /** @param {string} code  @returns {string} */
  const grid = code => about.grids[code] || code;
  /** A grid's name says its community in most packages; where it does not, both are said.  @param {DeskRow} row */
  const place = row => {
    const community = about.communities[row[A.community]] || "",
      name = grid(row[A.grid]);
    return name.startsWith(community) ? name : [community, name].filter(Boolean).join(" ");
  };
  /** @param {DeskRow} row */
  const what = row => tiles.className(row);
  /** @type {{[column: string]: (row: DeskRow) => string}} */
  const textOf = {
    case: row => `${what(row)} ${row[A.caseId]}`,
    street: row => tiles.street(row[A.street]),
    grid: place,
    unit: row => tiles.unit(row[A.leadUnit]) || "—",
    status: row => texts.status[row[A.status]] || row[A.status],
    channel: row => texts.channel[row[A.channel]] || row[A.channel],
    id: row => row[A.caseId],
  };
  return {grid, what, textOf};
};

/** @param {DeskRow} row */
const deadline = row => (row[A.light] === 3 ? NEVER : (row[A.deadlineAt] ?? NEVER + 1));
/** @param {(row: DeskRow) => number} of  @returns {GridComparator} */
const byNumber = of => (a, b, x, y) =>
  x.data.head || y.data.head ? 0 : of(x.data.row) - of(y.data.row) || (x.data.id < y.data.id ? -1 : 1);
/** @param {(row: DeskRow) => string} of  @param {string} language  @returns {GridComparator} */
const byText = (of, language) => (a, b, x, y) =>
  x.data.head || y.data.head
    ? 0
    : of(x.data.row).localeCompare(of(y.data.row), language) || byNumber(deadline)(0, 0, x, y);
/** @param {(row: DeskRow) => string} of */
const text = of => cell((el, {data: {row}}) => el.append(of(row)));

/** By who has a case: what nobody in the district has taken, what it holds, what is proposed to it, then by the clock.  @param {DeskRow} row */
const rankOf = row => (isUntaken(row) ? 0 : isHeld(row) ? 1 : row[A.proposal] ? 2 : row[A.takeoverAt] === null ? 4 : 3);
/** @type {GridComparator} */
const byTakeover = (a, b, x, y) =>
  x.data.head || y.data.head
    ? 0
    : rankOf(x.data.row) - rankOf(y.data.row) ||
      byNumber(row => (rankOf(row) === 3 ? row[A.takeoverAt] || 0 : deadline(row)))(a, b, x, y);

/** The cells that are more than a text.  @param {QueueParts} parts */
const makeCells = ({about, texts, format, tiles, commands, now, what, textOf, othersAt, state}) => {
  const words = texts.desk,
    phone = isPhone();
  /** @param {DeskRow} row */
  const whereAndWho = row =>
    [
      about.street ? "" : tiles.street(row[A.street]),
      textOf.grid(row),
      isUntaken(row) ? words.untaken : isHeld(row) ? words.district_holds : row[A.proposal] ? words.proposed : "",
    ]
      .filter(Boolean)
      .join(" · ");
  const left = cell((el, {data: {row}}) => {
    const light = row[A.light],
      deadlineAt = row[A.deadlineAt],
      still = deadlineAt === null ? null : deadlineAt - now();
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
        : still === null
          ? texts.word.no_deadline
          : format.fill(still <= 0 ? words.left_over : words.left_still, {t: format.duration(still)}),
    );
  });
  const takeover = cell((el, {data: {row}}) => {
    if (isHeld(row)) {
      const isFree = isUntaken(row);
      el.classList.add(isFree ? "bad" : "dim");
      el.append(isFree ? words.untaken : isDistrictDesk(about) ? words.district_holds : words.at_district);
      return;
    }
    if (row[A.proposal]) {
      el.classList.add("warn");
      el.title = texts.rule[row[A.proposal]] || "";
      el.append(words.takeover_past);
      return;
    }
    const declined = row[A.declined];
    if (declined) {
      const [by, when, why] = declined;
      el.classList.add("mid");
      el.title = `${by} ${format.hm(when)} · ${why}`;
      el.append(`${words.declined_short} ${by}`);
      return;
    }
    const at = row[A.takeoverAt];
    if (at === null || at === undefined) {
      el.classList.add("dim");
      el.append(words.no_takeover);
      return;
    }
    const until = at - now();
    // Behind that moment nothing waits for a person here: it was declined, or is not proposed yet.
    if (until <= 0) el.classList.add("dim");
    else if (until < 1800000) el.classList.add("bad");
    el.append(until <= 0 ? words.takeover_gone : format.fill(words.takeover_in, {t: format.duration(until)}));
  });
  const said = cell((el, {data: {row}}) => {
    if (row[A.severity] <= 2) el.append(h("b", {class: "grave"}, texts.word.severity[row[A.severity]]));
    el.append(what(row));
    if (row[A.unseen] === 1 && state.only.has("unseen"))
      el.append(h("i", {class: "swatch unseen", title: texts.coverage.unseen_case}));
    if (row[A.lon] === null) el.append(h("em", null, words.unplaced));
    if (row[A.neighbour] && state.only.has("border"))
      el.append(h("em", {title: tiles.street(row[A.neighbour])}, words.border));
    const whistledAt = row[A.whistledAt];
    if (about.unit && whistledAt !== null) {
      const until = whistledAt + about.whistle_minutes * 60000 - now(),
        say = until > 0 ? texts.seats.whistle_left : texts.seats.whistle_late;
      el.append(h("em", {class: until > 0 ? "warn" : "bad"}, format.fill(say, {t: format.duration(until)})));
    }
    const mine = commands.of(row[A.caseId]);
    if (mine) el.append(h("em", {class: `sent ${mine.state}`}, commands.say(mine)));
    if (phone) el.append(h("span", {class: "case-cell-2"}, whereAndWho(row)));
    const others = othersAt(row[A.caseId]).filter(([id]) => id !== about.me);
    if (others.length) el.append(h("em", {class: "others"}, others.map(([, name]) => name).join(" ")));
  });
  const back = cell((el, {data: {row}}) => {
    if (row[A.returns] || row[A.reworks]) el.classList.add("strong");
    el.append(`${row[A.returns]} · ${row[A.reworks]}`);
  });
  return {left, takeover, case: said, back};
};

/**
 * The columns' definitions, in their order.
 * @param {QueueParts} parts
 */
export const makeColumns = parts => {
  const {about, texts, format, what, textOf, grouped} = parts,
    words = texts.desk,
    english = texts.language === "en", // its times are shorter than the stages' names: on a 1366 laptop all fit
    cells = makeCells(parts);
  /**
   * @param {string} id
   * @param {number} width
   * @param {ReturnType<typeof cell>} renderer
   * @param {GridComparator} comparator
   * @param {(row: DeskRow) => string|number} of
   * @param {object} [more]  of AG Grid's definition
   */
  const column = (id, width, renderer, comparator, of, more = {}) => ({
    colId: id,
    headerName: words.columns[id],
    width,
    cellRenderer: renderer,
    comparator: grouped(comparator),
    valueGetter: (/** @type {GridNode} */ p) => (p.data.head ? "" : of(p.data.row)),
    sortable: true,
    resizable: true,
    filter: "agTextColumnFilter",
    filterParams: {filterOptions: COMPARISONS, textMatcher: () => true}, // the queue itself judges: queue-match.js
    suppressHeaderMenuButton: false,
    ...more,
  });
  /** @param {string} id  @param {number} width  @param {object} [more] */
  const simple = (id, width, more = {}) => {
    const of = textOf[id];
    return column(id, width, text(of), byText(of, texts.language), of, more);
  };
  const all = [
    column("left", english ? 126 : 138, cells.left, byNumber(deadline), row => row[A.deadlineAt] || 0, {
      sort: "asc",
      filter: false,
    }),
    column("takeover", english ? 84 : 92, cells.takeover, byTakeover, row => row[A.takeoverAt] || 0, {filter: false}),
    column("case", 200, cells.case, byText(what, texts.language), textOf.case, {flex: 3, minWidth: 120}),
    ...(about.street ? [] : [simple("street", 80, {flex: 1, minWidth: 94})]),
    simple("grid", 100, {flex: 2, minWidth: 96}),
    simple("unit", 92, {flex: 2, minWidth: 84}),
    simple("status", english ? 84 : 64),
    column(
      "back",
      60,
      cells.back,
      byNumber(row => -(row[A.returns] + row[A.reworks])),
      row => row[A.returns] + row[A.reworks],
      {filter: false, hide: innerWidth < 1500},
    ),
    simple("channel", 84, {hide: true}),
    simple("id", 150, {hide: true}),
    column(
      "reported",
      104,
      text(row => format.hm(row[A.reportedAt])),
      byNumber(row => row[A.reportedAt]),
      row => row[A.reportedAt],
      {hide: true, filter: false},
    ),
  ];
  // One line a case would be one column too many for a phone: what is left, and the case with its place.
  return isPhone() ? all.map(c => (c.colId === "left" ? {...c, width: 136} : {...c, hide: c.colId !== "case"})) : all;
};
