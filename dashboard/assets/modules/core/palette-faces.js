// @ts-check
// The faces of the palette: groups and rows of what is found, and the look at the one that is chosen.
import {h} from "./dom.js";
import {marked} from "./search-hits.js";

/** @typedef {import("./search-hits.js").Group} Group */

/** The sign and the tone of a light: 1 due soon, 2 overdue, 3 suspended. @type {{[light: number]: string}} */
const SIGNS = {1: "soon warn", 2: "overdue bad", 3: "pause"};
/** @type {{[light: number]: string}} */
const TONES = {1: "warn", 2: "bad"};

/**
 * @param {import("./palette.js").PaletteDesk} desk
 * @param {import("./search-hits.js").Hits} hits
 * @param {() => string} typed  what is underlined in what is found
 */
export const makePaletteFaces = ({texts, format, place}, hits, typed) => {
  const words = texts.search;
  /** @param {any} hit */
  const sign = hit => h("i", {class: `sign ${!hit.is_open ? "blank" : SIGNS[hit.light] || "dot"}`});
  /** @param {string} text */
  const line = text => marked(text, typed()).map(([piece, on]) => (on ? h("mark", null, piece) : piece));
  /** @param {any} hit */
  const when = hit => {
    if (!hit.is_open) return hit.ended ? format.fill(words.ended, {t: hit.ended}) : hit.status;
    if (hit.light === 3) return texts.word.suspended;
    if (hit.left_ms === null) return texts.word.no_deadline;
    return format.fill(hit.left_ms < 0 ? words.over_by : words.left, {t: format.duration(hit.left_ms)});
  };
  /** @param {any} hit */
  const tone = hit => (hit.is_open ? TONES[hit.light] || "mid" : "mid");
  /** @param {string} name  @param {any} hit  @param {number} i */
  const row = (name, hit, i) => {
    const key = `${name}:${i}`,
      cells =
        name === "actions"
          ? [h("i"), h("span", {class: "no"}, words.all.actions), h("span", {class: "one"}, line(hit.label))]
          : name === "places"
            ? [
                h("i"),
                h("span", {class: "no"}, words.kinds[hit.kind]),
                h("span", {class: "one"}, line(hit.name)),
                h("span", {class: "who"}, hit.street),
                h("span", {class: "r mid"}, hit.at && place(hit) ? words.to_map : ""),
              ]
            : [
                sign(hit),
                h("span", {class: "no"}, line(hit.id)),
                h("span", {class: "one"}, line(hit.where), " ", line(hit.what)),
                h("span", {class: "who"}, hit.unit),
                h("span", {class: `r ${tone(hit)}`}, when(hit)),
              ];
    const el = h(
      "div",
      {id: `hit-${name}-${i}`, class: "hit", role: "option", "aria-selected": String(hits.at === key), "data-key": key},
      cells,
    );
    if (hits.at === key) el.classList.add("on");
    return el;
  };
  /** @param {Group} group */
  const count = group => (group.isMore && group.n > group.hits.length && group.n >= 100 ? `${group.n}+` : group.n);
  /** @param {string} name  @param {Group} group */
  const note = (name, group) => (group.state === "failed" ? "" : format.fill(words.notes[name], {day: group.day}));
  /** @param {Group} group */
  const rest = group => {
    if (group.state === "wait") return words.searching;
    if (group.state === "failed") return format.fill(words.failed, {why: group.why});
    if (group.backTo) return format.fill(words.cut, {day: group.backTo});
    const seen = hits.visible(group).length;
    if (group.n <= seen) return "";
    if (seen < group.hits.length) return format.fill(words.all_of_them, {n: count(group)});
    return group.isMore ? words.more_unknown : format.fill(words.more, {n: group.n - seen});
  };
  /** @param {[string, Group]} named */
  const section = ([name, group]) => {
    const more = rest(group);
    if (!group.hits.length && !more) return [];
    const head = `head-${name}`;
    return h(
      "div",
      {role: "group", "aria-labelledby": head},
      h(
        "div",
        {class: "group", id: head},
        h("span", null, `${words.all[name]} ${group.state === "done" ? count(group) : ""}`),
        h("span", null, note(name, group)),
      ),
      hits.visible(group).map((hit, i) => row(name, hit, i)),
      more ? h("p", {class: `more ${group.state}`, "data-scope": group.hits.length ? name : null}, more) : null,
    );
  };
  /** @param {string} label  @param {string} value */
  const fact = (label, value, kind = "") => (value ? [h("span", null, label), h("span", {class: kind}, value)] : []);
  /** @param {string} label  @param {string} key  @param {() => void} does */
  const act = (label, key, does, first = false) => {
    const button = h("button", {type: "button", class: first ? "first" : ""}, label, h("kbd", null, key));
    button.onclick = does;
    return button;
  };

  /**
   * The look at a hit that is chosen; ``go`` opens it, in a window of its own or not.
   * @param {[string, any]|null} found
   * @param {(inWindow: boolean) => void} go
   */
  const chosen = (found, go) => {
    if (!found) {
      return [h("p", {class: "dim"}, words.pick_hint)];
    }
    const [name, hit] = found;
    if (name === "actions" || name === "places") {
      return [
        h("h2", null, hit.label || hit.name),
        h(
          "p",
          {class: "dim"},
          name === "places" ? [words.kinds[hit.kind], hit.street].filter(Boolean).join(" · ") : "",
        ),
        act(words.open_it, "↵", () => go(false), true),
      ];
    }
    const f = words.facts;
    return [
      h("h2", null, sign(hit), " ", hit.what),
      h("p", {class: "mid"}, hit.where),
      h("p", {class: "dim"}, [hit.id, hit.area].filter(Boolean).join(" · ")),
      h(
        "div",
        {class: "facts"},
        fact(f.status, hit.status),
        fact(f.due, hit.is_open && hit.due ? `${when(hit)} · ${format.fill(words.due, {t: hit.due})}` : "", tone(hit)),
        fact(f.unit, hit.unit),
        fact(f.reported, hit.reported),
        fact(f.ended, hit.ended),
      ),
      h(
        "div",
        {class: "acts"},
        act(words.open_it, "↵", () => go(false), true),
        act(words.new_window, "Ctrl ↵", () => go(true)),
      ),
    ];
  };
  /** The line of the keys. */
  const keys = () => [
    ...[
      ["↑ ↓", words.keys.move],
      ["Tab", words.keys.scope],
      ["↵", words.keys.open],
      ["Ctrl ↵", words.keys.window],
      ["Ctrl C", words.keys.copy],
      ["PgDn", words.keys.group],
      ["Esc", words.keys.back],
    ].map(([key, label]) => h("span", null, h("kbd", null, key), label)),
    h("span", {class: "recorded"}, words.recorded),
  ];
  return {count, section, chosen, keys};
};
