// @ts-check
// What stands above the queue: chips, grouping, saved views, export; and by what it is filtered, how many of how many.
import {$, h} from "../core/dom.js";
import {redraw} from "../core/focus.js";
import {ONLY_NAMES, QUIET} from "./queue-filters.js";
import {conditionsOf} from "./queue-match.js";

/** @param {string} name  @param {string} label  @param {string|null} n  how many, as it is said  @param {boolean} isOn  @param {() => void} click */
const chip = (name, label, n, isOn, click) => {
  const b = h(
    "button",
    {class: `chip ${isOn ? "on" : ""}`, "aria-pressed": String(isOn), "data-only": name},
    label,
    n === null ? "" : h("b", null, n),
  );
  b.onclick = click;
  return b;
};

/**
 * What the tools are made with, and what a hand does with them.
 * @typedef {Object} ToolParts
 * @property {() => boolean} isReady   once cases have come
 * @property {DeskAbout} about
 * @property {Texts} texts
 * @property {Format} format
 * @property {ReturnType<typeof import("./queue-groups.js").makeGroups>} groups
 * @property {ReturnType<typeof import("./queue-filters.js").makeFilters>} filters
 * @property {ReturnType<typeof import("./queue-views.js").makeViews>} views
 * @property {() => number} total
 * @property {() => string} exported   the query of the export
 * @property {(name: string) => void} toggle
 * @property {() => void} inMap
 * @property {(name: string) => void} regroup
 * @property {(what: string) => void} drop
 * @property {() => void} clear
 */

/** @param {QueueState} state  @param {ToolParts} parts */
export const makeTools = (state, parts) => {
  const {isReady, about, texts, format, groups, filters, views, total, exported, toggle, inMap, regroup, drop, clear} =
      parts,
    words = texts.desk;
  let told = "";
  const chips = () => {
    const shown = ONLY_NAMES.filter(name => groups.onlyCounts[name] || state.only.has(name)),
      of = (/** @type {string} */ name) =>
        chip(
          name,
          filters.names[name],
          QUIET.has(name) ? null : format.count(groups.onlyCounts[name]),
          state.only.has(name),
          () => toggle(name),
        );
    return h(
      "div",
      {class: "chips"},
      shown.filter(name => !QUIET.has(name)).map(of),
      h(
        "span",
        {class: "quiet"},
        shown.filter(name => QUIET.has(name)).map(of),
        chip("map", words.in_map, null, state.inMap, inMap),
      ),
    );
  };
  /** What filters at this moment: [how to drop it, its words].  @returns {[what: string, label: string][]} */
  const active = () => {
    /** @type {[what: string, label: string][]} */
    const found = [];
    if (state.text) found.push(["text", `${words.find_short} «${state.text}»`]);
    for (const name of state.only) found.push([`only:${name}`, filters.names[name]]);
    if (state.inMap) found.push(["map", words.in_map]);
    for (const [id, model] of Object.entries(state.columns))
      found.push([
        `column:${id}`,
        `${words.columns[id]} ${conditionsOf(model)
          .map(c => `${texts.grid_words[c.type || ""]} «${c.filter}»`)
          .join(model.operator === "OR" ? ` ${texts.grid_words.orCondition} ` : ` ${texts.grid_words.andCondition} `)}`,
      ]);
    return found;
  };
  /** @param {[what: string, label: string][]} list */
  const filtered = list =>
    list.length
      ? h(
          "div",
          {class: "filtered", id: "queue-filtered"},
          h("b", {role: "status"}, format.fill(words.shown, {n: groups.shown, all: total()})),
          h("span", {class: "mid"}, words.filtered_by),
          list.map(([what, label]) => {
            const b = h(
              "button",
              {
                class: "chip on",
                "data-drop": what,
                title: words.filter_drop,
                "aria-label": `${words.filter_drop} ${label}`,
              },
              label,
              h("b", {"aria-hidden": "true"}, "×"),
            );
            b.onclick = () => drop(what);
            return b;
          }),
          (() => {
            const b = h("button", {class: "plain", id: "queue-clear"}, `${words.filter_clear} Esc`);
            b.onclick = clear;
            return b;
          })(),
        )
      : null;
  const grouping = () => {
    const group = h(
      "select",
      {id: "queue-group", "aria-label": words.group_by},
      groups.names.map((/** @type {string} */ name) =>
        h("option", {value: name, ...(name === state.group ? {selected: ""} : {})}, words.groups[name]),
      ),
    );
    group.onchange = () => regroup(group.value);
    return h("label", null, `${words.group_by} `, group);
  };
  return () => {
    if (!isReady()) return; // the desk says for whom it waits: opening.js
    const list = active(),
      query = exported();
    const now = JSON.stringify([groups.onlyCounts, groups.shown, total(), list, state.group, views.names(), query]);
    if (now === told) return;
    told = now;
    const isWhole = groups.shown === total();
    redraw(
      $("queue-tools"),
      chips(),
      h(
        "div",
        {class: "tool-right"},
        grouping(),
        views.choice(),
        about.rights.includes("export_cases")
          ? h(
              "a",
              {href: `/api/v1/cases.csv?${query}`, download: "", id: "queue-export", title: words.export_what},
              isWhole ? words.export : format.fill(words.export_shown, {n: groups.shown}),
            )
          : null,
        list.length ? null : h("span", {class: "dim"}, format.fill(words.total, {n: total()})),
      ),
      ...[filtered(list)].filter(Boolean),
    );
  };
};
