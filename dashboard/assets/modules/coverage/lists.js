// @ts-check
// The column of the coverage: its figures, the ranking of spots or grids, the plan of new sites.
import {$, h} from "../core/dom.js";
import {redraw, roving} from "../core/focus.js";

const SPOTS_SHOWN = 100;

/** A place of its own, not a whole grid.  @param {import("../types/wire.d.ts").WatchedSpot} spot */
export const isKey = spot => spot.kind !== "grid";
/**
 * The spots that ``keep`` takes, those in most need first.
 * @param {import("./state.js").CoverageState} state
 * @param {(spot: import("../types/wire.d.ts").WatchedSpot) => boolean} keep
 * @returns {import("../types/wire.d.ts").WatchedSpot[]}
 */
export const ranked = (state, keep) =>
  [...state.all("spots")].filter(keep).sort((a, b) => (b.need || 0) - (a.need || 0) || (a.id < b.id ? -1 : 1));

/**
 * ``markPicked`` marks the row that is picked, ``onPlan`` is called when another number of sites is planned.
 * @param {import("./page.js").CoveragePage} page
 * @param {{markPicked: () => void, onPlan: () => void}} told
 */
export const makeLists = (page, {markPicked, onPlan}) => {
  const {texts, format, faces, planFaces, state, view, spotName} = page,
    words = texts.coverage,
    fill = format.fill;
  /** @param {string} id */
  const nameOf = id => {
    const body = state.get("sights", id);
    return body ? body.name || id : id;
  };

  const drawFigures = () => {
    const box = $("coverage-figures");
    if (!page.loaded) {
      box.replaceChildren(
        h("p", {class: page.failed ? "warn" : "dim"}, page.failed ? `▲ ${words.failed}` : words.loading),
      );
      return;
    }
    const content =
      !state.coverage || !state.coverage.cameras
        ? [faces.empty(), ...(state.coverage ? faces.figures(state, view).slice(-1) : [])]
        : faces.figures(state, view);
    if (page.failed) content.unshift(h("p", {class: "warn"}, `▲ ${words.failed}`));
    box.replaceChildren(...content);
  };
  const drawRanking = () => {
    const box = $("coverage-ranking"),
      top = box.scrollTop;
    /** @param {string} name  @param {number} i */
    const tab = (name, i) =>
      h(
        "button",
        {
          class: "tab",
          role: "tab",
          "aria-selected": String(view.tab === name),
          tabindex: roving(view.tab === name),
          "data-tab": name,
        },
        words.tabs[i],
      );
    const content = [h("div", {class: "tabs", role: "tablist"}, ["spots", "grids", "plan"].map(tab))];
    if (view.tab === "plan") content.push(...planFace());
    else {
      const all = ranked(
          state,
          view.tab === "grids"
            ? s => !isKey(s) && (s.need || 0) > 0
            : s => isKey(s) && ((s.need || 0) > 0 || s.live === undefined || s.live === null),
        ),
        shown = all.slice(0, SPOTS_SHOWN);
      content.push(
        h(
          "p",
          {class: "dim"},
          fill(words.ranked_by, {n: all.length}),
          all.length > shown.length ? ` · ${fill(words.shown_of, {n: shown.length})}` : "",
        ),
      );
      content.push(
        ...(shown.length
          ? shown.map((s, i) =>
              faces.spot(
                s,
                view.tab === "spots" && i < 3 && (s.need || 0) > 0 ? "ABC"[i] : String(i + 1),
                view,
                nameOf,
                spotName(s),
              ),
            )
          : [
              h(
                "p",
                {class: "none"},
                page.loaded
                  ? state.coverage && state.coverage.cameras
                    ? words.no_gap
                    : words.none_loaded
                  : words.loading,
              ),
            ]),
      );
    }
    redraw(box, ...content);
    box.scrollTop = top;
    markPicked();
  };
  const planFace = () => {
    const made = page.plan;
    if (!made || !made.sites.length) return [h("p", {class: "none"}, texts.plan.none)];
    const n = Math.min(view.n, made.sites.length),
      c = state.coverage;
    const listed = {areas: c ? c.areas.n : 0, roads: c ? c.roads.n : 0, places: c ? c.places.n : 0},
      lang = texts.language === "en" ? "&lang=en" : "";
    const stepper = h(
      "div",
      {class: "stepper"},
      h("label", {for: "plan-n"}, texts.plan.n),
      h("input", {id: "plan-n", type: "range", min: 1, max: made.sites.length, value: n}),
      h("output", null, String(n)),
    );
    const rest = h("div", {class: "plan-body"}, planFaces.plan(made, n, listed, lang));
    stepper
      .querySelector("input")
      .addEventListener("input", (/** @type {InputEvent & {target: HTMLInputElement}} */ e) => {
        view.n = +e.target.value;
        stepper.querySelector("output").textContent = e.target.value;
        rest.replaceChildren(...planFaces.plan(made, view.n, listed, lang));
        onPlan();
      });
    return [stepper, rest];
  };
  return {drawFigures, drawRanking};
};
