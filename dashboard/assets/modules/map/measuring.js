// @ts-check
// The distance along a line of clicks on the map. It stays on until its button or Escape; until then no click picks a case.
import {h} from "../core/dom.js";

/**
 * @param {import("../core/scope.js").Scope} scope
 * @param {LeafletMap} map
 * @param {HTMLElement} button  with aria-pressed
 * @param {{words: Texts, format: Format, stop: string, isTaken: () => boolean}} desk  isTaken: whether clicks are for something else
 */
export const watchMeasuring = (scope, map, button, {words, format, stop, isTaken}) => {
  /** @type {{line: any, hint: HTMLElement, said: HTMLElement}|null} */
  let on = null;
  /** Metres along the line. */
  const metres = () => {
    const points = on ? on.line.getLatLngs() : [];
    return points.reduce(
      (/** @type {number} */ sum, /** @type {any} */ p, /** @type {number} */ i) =>
        i ? sum + map.distance(points[i - 1], p) : 0,
      0,
    );
  };
  const say = () => {
    if (on) on.said.textContent = format.fill(words.measured, {far: format.far(metres())});
  };
  const end = () => {
    if (!on) return;
    on.line.remove();
    on.hint.remove();
    on = null;
    map.doubleClickZoom.enable();
    map.getContainer().classList.remove("placing");
    button.setAttribute("aria-pressed", "false");
    button.focus();
  };
  const begin = () => {
    const leave = h("button", {type: "button", class: "plain"}, stop),
      said = h("span"),
      hint = h("p", {class: "placing-hint", id: "measured", role: "status"}, said, " ", leave),
      colour = getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();
    leave.addEventListener("click", end);
    for (const kind of ["click", "dblclick", "mousedown", "pointerdown"])
      hint.addEventListener(kind, (/** @type {Event} */ event) => event.stopPropagation()); // the map below hears none of it
    on = {line: L.polyline([], {color: colour, weight: 3, interactive: false}).addTo(map), hint, said};
    map.doubleClickZoom.disable(); // two quick points are two points
    map.getContainer().classList.add("placing");
    map.getContainer().append(hint);
    button.setAttribute("aria-pressed", "true");
    say();
  };
  button.addEventListener("click", () => {
    if (on) end();
    else if (!isTaken()) begin();
  });
  map.on("click", (/** @type {any} */ event) => {
    if (!on || isTaken()) return;
    on.line.addLatLng(event.latlng);
    say();
  });
  scope.listen(
    document,
    "keydown",
    (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape" || !on || document.querySelector("dialog[open]")) return;
      event.stopPropagation(); // it ends the measuring, nothing else
      end();
    },
    {capture: true},
  );
  return {isOn: () => on !== null};
};
