// @ts-check
// What the queue lets through: its chips, the words of its box, what the map shows.
import {AT as A} from "../core/reducer.js";
import {near} from "../map/project.js";
import {matches} from "./queue-match.js";

/** Whether a desk is the district's own: no street's, unit's or grid's.  @param {DeskAbout} about */
export const isDistrictDesk = about => !about.street && !about.unit && !about.grid;
/** Whether the district holds a case, and whether nobody there has taken it: by the rule of the wall's list.  @param {DeskRow} row */
export const isHeld = row => row[A.level] === "district";
/** @param {DeskRow} row */
export const isUntaken = row => {
  const escalation = row[A.escalation];
  return isHeld(row) && !(escalation && escalation[4] !== null);
};

/** The chips: each a question to one case; the last two are of a unit's or a grid's own desk.  @type {{[name: string]: (row: DeskRow, about: DeskAbout) => boolean}} */
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
 * @param {QueueState} state
 * @param {{about: DeskAbout, texts: Texts, tiles: Tiles, textOf: {[column: string]: (row: DeskRow) => string}}} parts
 */
export const makeFilters = (state, {about, texts, tiles, textOf}) => {
  const words = texts.desk,
    haystacks = new Map();
  /** @type {any} Leaflet's bounds of what the map shows; null before it is there */
  let bounds = null;
  /** @param {DeskRow} row */
  const haystack = row => {
    const known = haystacks.get(row[A.caseId]);
    if (known && known[0] === row) return known[1];
    const names = ["case", "grid", "unit", "status", "channel"].map(name => textOf[name](row));
    const text = [texts.domain[row[A.domain]], tiles.street(row[A.street]), ...names].join(" ").toLowerCase();
    haystacks.set(row[A.caseId], [row, text]);
    return text;
  };
  return {
    /** @type {{[name: string]: string}} */
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
    /** The chips that a case belongs to.  @param {DeskRow} row */
    marksOf: row => ONLY_NAMES.filter(name => ONLY[name](row, about)),
    /** @param {DeskRow} row */
    passes: row => {
      if (state.inMap && bounds) {
        const lon = row[A.lon];
        if (lon === null || !bounds.contains([row[A.lat], near(lon)])) return false;
      }
      for (const name of state.only) if (!ONLY[name](row, about)) return false;
      if (!matches(state.columns, textOf, row)) return false;
      return !state.text || haystack(row).includes(state.text);
    },
    /** @param {string} id */
    forget: id => haystacks.delete(id),
    /** @returns {number[]|null}  west, south, east, north */
    get box() {
      return bounds && [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    },
    /** @param {any} b  Leaflet's bounds */
    seeIn: b => {
      bounds = b;
    },
  };
};
