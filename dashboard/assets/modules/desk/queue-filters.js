// @ts-check
// What the queue lets through: its chips, the words of its box, what the map shows.
import {AT as A} from "../core/reducer.js";
import {near} from "../map/project.js";

/** The chips: each a question to one case; the last two are of a unit's or a grid's own desk. */
const ONLY = {
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
 * @param {any} state  the queue's: `only`, `text`, `inMap`
 * @param {any} parts  what the queue is made with (queue.js), beside `place` and `what`
 */
export const makeFilters = (state, {about, texts, tiles, place, what}) => {
  const words = texts.desk,
    haystacks = new Map();
  let bounds = null;
  const haystack = row => {
    const known = haystacks.get(row[A.id]);
    if (known && known[0] === row) return known[1];
    const text = [
      row[A.id],
      what(row),
      texts.domain[row[A.domain]],
      place(row),
      tiles.street(row[A.street]),
      tiles.unit(row[A.leadUnit]),
      texts.status[row[A.status]],
      texts.channel[row[A.channel]],
    ]
      .join(" ")
      .toLowerCase();
    haystacks.set(row[A.id], [row, text]);
    return text;
  };
  return {
    names: {
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
      return !state.text || haystack(row).includes(state.text);
    },
    forget: id => haystacks.delete(id),
    seeIn: b => {
      bounds = b;
    },
  };
};
