// @ts-check
// The queue's state in the page's address: every filter and case is a link, and «back» leads to the one before.

/** Steps from case to case this close to each other are one entry of the history, and so is what is typed in one go. */
const ONE_GO_MS = 1500;

/**
 * @param {Scope} scope
 * @param {QueueState} state
 * @param {{groups: string[], names: {[name: string]: string}, finder: HTMLInputElement, back: () => void}} parts  `back`: the state was read
 *   anew, because somebody went back or forward
 */
export const makeAddress = (scope, state, {groups, names, finder, back}) => {
  let writtenAt = -Infinity,
    writtenAs = "";
  const read = () => {
    const query = new URLSearchParams(location.search),
      group = query.get("group");
    state.group = group && groups.includes(group) ? group : "clock";
    state.only = new Set((query.get("only") || "").split(".").filter(name => names[name]));
    finder.value = query.get("q") || "";
    state.text = finder.value.trim().toLowerCase();
    state.inMap = query.get("map") === "1";
    state.current = query.get("case");
  };
  /** @param {"filter"|"text"|"case"} as  what has changed */
  const write = as => {
    const query = new URLSearchParams(location.search);
    const set = (/** @type {string} */ name, /** @type {string|null} */ value) =>
      value ? query.set(name, value) : query.delete(name);
    set("group", state.group === "clock" ? "" : state.group);
    set("only", [...state.only].join("."));
    set("q", state.text);
    set("map", state.inMap ? "1" : "");
    set("case", state.current);
    const now = performance.now(),
      search = query.size ? `?${query}` : "",
      isOneGo = as !== "filter" && as === writtenAs && now - writtenAt < ONE_GO_MS;
    writtenAt = now;
    writtenAs = as;
    if (search !== location.search)
      history[isOneGo ? "replaceState" : "pushState"](null, "", `${location.pathname}${search}`);
  };
  // Dash hears of it too, but a page draws nothing anew where the query alone has changed (callbacks/dash_pages.py).
  scope.listen(window, "popstate", () => {
    writtenAs = "";
    read();
    back();
  });
  return {read, write};
};
