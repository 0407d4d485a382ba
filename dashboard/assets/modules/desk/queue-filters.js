// @ts-check
// What the queue lets through: its chips, the words of its box, what the map shows.
import {AT as A} from "../core/reducer.js";
import {near} from "../map/project.js";
import {matches} from "./queue-match.js";

/** Whether a desk is the district's own: no street's, unit's or grid's. */
export const isDistrictDesk = about => !about.street && !about.unit && !about.grid;
/** Whether the district holds a case, and whether nobody there has taken it: by the rule of the wall's list. */
export const isHeld = row => row[A.level] === "district";
export const isUntaken = row => isHeld(row) && !(row[A.escalation] && row[A.escalation][4] !== null);

/** The chips: each a question to one case; the last two are of a unit's or a grid's own desk. */
const ONLY = {
  untaken: isUntaken,
  district: isHeld,
  overdue: row => row[A.light] === 2,
  soon: row => row[A.light] === 1,
  suspended: row => row[A.light] === 3,
  proposed: row => !!row[A.proposal],
  unplaced: row => row[A.lon] === null,
  border: row => !!row[A.neighbour],
  unseen: row => row[A.unseen] === 1,
  unsigned: (row, about) => !!(about.unit || about.grid) && ["dispatched", "rework"].includes(row[A.status]),
  whistled: (row, about) => !!about.unit && row[A.whistledAt] !== null,
};
export const ONLY_NAMES = Object.keys(ONLY);
/**
 * What a case is, not what is wrong with it: a third of all cases lie at a border or unseen by cameras, so that these are
 * no signs (DESIGN.md: grey is normal). They filter when asked, without a count, and mark a row only while they do.
 */
export const QUIET = new Set(["border", "unseen"]);

/**
 * @param {any} state  the queue's: `only`, `text`, `inMap`, `columns`
 * @param {any} parts  what the queue is made with (queue.js), beside `textOf`: column → what it says of a row
 */
export const makeFilters = (state, {about, texts, tiles, textOf}) => {
  const words = texts.desk,
    haystacks = new Map();
  let bounds = null;
  const haystack = row => {
    const known = haystacks.get(row[A.caseId]);
    if (known && known[0] === row) return known[1];
    const names = ["case", "grid", "unit", "status", "channel"].map(name => textOf[name](row));
    const text = [texts.domain[row[A.domain]], tiles.street(row[A.street]), ...names].join(" ").toLowerCase();
    haystacks.set(row[A.caseId], [row, text]);
    return text;
  };
  return {
    names: {
      untaken: words.untaken,
      district: isDistrictDesk(about) ? words.district_holds : words.at_district,
      overdue: words.light[2],
      soon: words.light[1],
      suspended: words.light[3],
      proposed: words.proposed,
      unplaced: words.unplaced,
      border: words.border,
      unseen: words.unseen,
      unsigned: texts.seats.unsigned,
      whistled: texts.seats.whistle_waiting,
    },
    /** The chips that a case belongs to. */
    marksOf: row => ONLY_NAMES.filter(name => ONLY[name](row, about)),
    passes: row => {
      if (state.inMap && bounds) {
        if (row[A.lon] === null || !bounds.contains([row[A.lat], near(row[A.lon])])) return false;
      }
      for (const name of state.only) if (!ONLY[name](row, about)) return false;
      if (!matches(state.columns, textOf, row)) return false;
      return !state.text || haystack(row).includes(state.text);
    },
    forget: id => haystacks.delete(id),
    get box() {
      return bounds && [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    },
    seeIn: b => {
      bounds = b;
    },
  };
};
