// @ts-check
// «Where is it?»: one click on the map, for one case. It stays on, and says so with the case's number, until the click
// or until somebody goes elsewhere: Escape, the button, another case, the panel closed.
import {h} from "../core/dom.js";

/** @param {{scope: Scope, words: Texts, format: Format, placed: (id: string, at: {lon: number, lat: number}) => void}} desk */
export const makePlacing = ({scope, words, format, placed}) => {
  /** @type {{id: string, map: any, hint: HTMLElement, click: (event: any) => void}|null} */
  let on = null;
  const cancel = () => {
    if (!on) return;
    on.map.off("click", on.click);
    on.map.getContainer().classList.remove("placing");
    on.hint.remove();
    on = null;
  };
  scope.listen(
    document,
    "keydown",
    (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape" || !on || document.querySelector("dialog[open]")) return;
      event.stopPropagation(); // it ends the placing, nothing else
      cancel();
    },
    {capture: true},
  );
  scope.add(cancel);
  return {
    cancel,
    isOn: () => on !== null,
    /** Another case, or none, is the picked one now.  @param {string|null} id */
    picked: id => on && on.id !== id && cancel(),
    /** @param {LeafletMap} map  @param {string} id */
    start(map, id) {
      const wasOn = on && on.id === id;
      cancel();
      if (!map || wasOn) return;
      const stop = h("button", {type: "button", class: "plain", id: "placing-stop"}, words.cancel);
      stop.onclick = cancel;
      const hint = h("p", {class: "placing-hint", role: "status"}, format.fill(words.placing, {id}), " ", stop);
      for (const kind of ["click", "dblclick", "mousedown", "pointerdown"])
        hint.addEventListener(kind, (/** @type {Event} */ event) => event.stopPropagation()); // the map below hears none of it
      const click = (/** @type {{latlng: {lng: number, lat: number}}} */ event) => {
        const {lng, lat} = event.latlng;
        cancel();
        placed(id, {lon: +lng.toFixed(6), lat: +lat.toFixed(6)});
      };
      on = {id, map, hint, click};
      map.getContainer().classList.add("placing");
      map.getContainer().append(hint);
      map.getContainer().scrollIntoView({block: "nearest"});
      map.on("click", click);
    },
  };
};
