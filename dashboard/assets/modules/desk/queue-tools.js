// @ts-check
// What stands above the queue: chips, grouping, saved views, export, how many of how many.
import {$, h} from "../core/dom.js";
import {redraw} from "../core/focus.js";
import {ONLY_NAMES} from "./queue-filters.js";

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
 * @param {any} state  the queue's
 * @param {any} parts  `groups`, `filters`, `views`, `total()`, `changed()` after a filter, `regrouped()` after a grouping
 */
export const makeTools = (state, {about, texts, format, groups, filters, views, total, changed, regrouped}) => {
  const words = texts.desk;
  let told = "";
  const chips = () =>
    h(
      "div",
      {class: "chips"},
      ONLY_NAMES.filter(name => groups.onlyCounts[name] || state.only.has(name)).map(name =>
        chip(name, filters.names[name], format.count(groups.onlyCounts[name]), state.only.has(name), () => {
          state.only.has(name) ? state.only.delete(name) : state.only.add(name);
          changed();
        }),
      ),
      chip("map", words.in_map, null, state.inMap, () => {
        state.inMap = !state.inMap;
        changed();
      }),
    );
  const grouping = () => {
    const group = h(
      "select",
      {id: "queue-group", "aria-label": words.group_by},
      groups.names.map(name =>
        h("option", {value: name, ...(name === state.group ? {selected: ""} : {})}, words.groups[name]),
      ),
    );
    group.onchange = () => regrouped(group.value);
    return h("label", null, `${words.group_by} `, group);
  };
  return () => {
    const now = JSON.stringify([
      groups.onlyCounts,
      groups.shown,
      total(),
      [...state.only],
      state.group,
      state.inMap,
      views.names(),
    ]);
    if (now === told) return;
    told = now;
    const query = new URLSearchParams({lang: texts.language, ...(about.street ? {street: about.street} : {})});
    redraw(
      $("queue-tools"),
      chips(),
      h(
        "div",
        {class: "tool-right"},
        grouping(),
        views.choice(),
        about.rights.includes("export_cases")
          ? h("a", {href: `/api/v1/cases.csv?${query}`, download: ""}, words.export)
          : null,
        h(
          "span",
          {class: "dim", title: words.keys},
          groups.shown === total()
            ? format.fill(words.total, {n: total()})
            : format.fill(words.shown, {n: groups.shown, all: total()}),
        ),
      ),
    );
  };
};
