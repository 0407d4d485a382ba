// @ts-check
// What the palette has found, group by group, and where the cursor stands among it. Pure: no page, no network.

/** The groups in their order; each is asked for by itself, and shown once all before it have answered. */
export const GROUPS = ["open", "over", "older", "places", "people", "actions"];

/** @typedef {{state: "wait"|"done"|"failed"|"off", hits: any[], n: number, isMore: boolean, why: string, day: string, backTo: string|null}} Group */

/** @returns {Group} */
export const waiting = () => ({state: "wait", hits: [], n: 0, isMore: false, why: "", day: "", backTo: null});

// So many hits of a group stand beside those of others: every group is seen at once.
const BESIDE_OTHERS = 6;

export class Hits {
  constructor() {
    /** @type {Map<string, Group>} */
    this.groups = new Map();
    this.scope = "all";
    /** @type {string|null} */
    this.at = null;
  }
  /** @param {string[]} names  the groups that are asked */
  begin(names) {
    this.groups = new Map(names.map(name => [name, waiting()]));
    this.at = null;
  }
  /** @param {string} name  @param {Partial<Group>} found */
  put(name, found) {
    if (!this.groups.has(name)) return;
    this.groups.set(name, {...waiting(), ...found});
    this.keepCursor();
  }
  /** The groups that may be shown: nothing is pushed under the cursor, so none stands before one that still waits. */
  shown() {
    /** @type {[string, Group][]} */
    const found = [];
    for (const name of GROUPS) {
      const group = this.groups.get(name);
      if (!group || (this.scope !== "all" && this.scope !== name)) continue;
      found.push([name, group]);
      if (group.state === "wait") break;
    }
    return found;
  }
  /** The hits of a group that are shown. @param {Group} group */
  visible(group) {
    return this.scope === "all" ? group.hits.slice(0, BESIDE_OTHERS) : group.hits;
  }
  /** @returns {string[]} the keys of all hits that are shown, in their order */
  keys() {
    return this.shown().flatMap(([name, group]) => this.visible(group).map((_, i) => `${name}:${i}`));
  }
  keepCursor() {
    const keys = this.keys();
    if (this.at === null || !keys.includes(this.at)) this.at = keys[0] ?? null;
  }
  /** The hit under the cursor: [group, hit], or null. @returns {[string, any]|null} */
  current() {
    if (this.at === null) return null;
    const [name, i] = this.at.split(":");
    return [name, this.groups.get(name)?.hits[Number(i)]];
  }
  /** @param {number} by */
  move(by) {
    const keys = this.keys(),
      at = this.at === null ? -1 : keys.indexOf(this.at);
    if (keys.length) this.at = keys[Math.min(Math.max(at + by, 0), keys.length - 1)];
  }
  /** To the first hit of the next group that has one (of the one before). @param {number} by */
  jump(by) {
    const names = [...new Set(this.keys().map(key => key.split(":")[0]))];
    const now = this.at === null ? -1 : names.indexOf(this.at.split(":")[0]);
    const to = names[now + by];
    if (to) this.at = `${to}:0`;
  }
  /** @param {number} by */
  turn(by) {
    const scopes = ["all", ...GROUPS.filter(name => this.groups.has(name))];
    this.scope = scopes[(scopes.indexOf(this.scope) + by + scopes.length) % scopes.length];
    this.keepCursor();
  }
  isOver() {
    return [...this.groups.values()].every(group => group.state !== "wait");
  }
  total() {
    return [...this.groups.values()].reduce((n, group) => n + group.n, 0);
  }
}

/**
 * The text in pieces: [piece, whether it was typed]. What is found is underlined, not coloured.
 * @param {string} text
 * @param {string} typed
 */
export const marked = (text, typed) => {
  const words = typed
    .normalize("NFKC")
    .toLowerCase()
    .split(/\s+/)
    .map(word => word.replace(/^[@#]/, ""))
    .filter(word => word.length > 1)
    .sort((a, b) => b.length - a.length);
  const low = text.toLowerCase();
  /** @type {[string, boolean][]} */
  const pieces = [];
  let at = 0,
    plain = 0;
  while (low.length === text.length && at < text.length) {
    const word = words.find(one => low.startsWith(one, at));
    if (!word) {
      at += 1;
      continue;
    }
    if (plain < at) pieces.push([text.slice(plain, at), false]);
    pieces.push([text.slice(at, at + word.length), true]);
    at += word.length;
    plain = at;
  }
  if (plain < text.length) pieces.push([text.slice(plain), false]);
  return pieces;
};
