// @ts-check
// The picked case: its panel is asked for, follows the case's changes, is shown on the map and told to the colleagues.
import {$, find, h} from "../core/dom.js";
import {panelFocus} from "../core/focus.js";
import {makePanel} from "../core/panel.js";
import {AT as A} from "../core/reducer.js";
import {near, project} from "../map/project.js";

const HELD_MS = 3000;
/** So long after a pick the rest is asked for; a panel that was drawn ahead stands so long on the server. */
const REST_MS = 180,
  AHEAD_KEPT_MS = 3500;

/** @param {import("./page.js").Desk} desk */
export const makePicked = desk => {
  const {scope, about, texts, format, words, queue, commands, nearest} = desk;
  /** @type {import("../core/panel.js").Picked|null} */
  let asked = null;
  let askedAt = 0,
    restTimer = 0;
  const panel = makePanel(scope, true);
  /** @param {import("../core/panel.js").Picked} what */
  const ask = what => {
    asked = what;
    askedAt = performance.now();
    panel.show(what);
  };
  /** @type {string|null} */
  let lastPicked = null;
  const enterPanel = panelFocus(scope, $("case-panel"), () => queue.focus(lastPicked));
  /** @param {string} id  @param {boolean} [byKey] */
  const pick = (id, byKey = false) => {
    lastPicked = id;
    desk.acts.picked(id);
    if (byKey) enterPanel();
    const isOther = !asked || asked.id !== id;
    ask({id});
    queue.current(id);
    showOnMap(id);
    if (!isOther) return;
    scope.cancel(restTimer);
    // The panel comes first: who is near takes the server longer, and only the case one stays at counts.
    nearest.forget();
    restTimer = scope.after(REST_MS, () => {
      desk.live.socket.emit("at_case", {case_id: id});
      nearest.show(id);
      const next = queue.next(id);
      if (next) ahead(next);
    });
  };
  /** Lets the server draw the panel of a case that a hand is about to open. */
  let aheadAt = 0,
    aheadOf = "";
  /** @param {string} id */
  const ahead = id => {
    const now = performance.now();
    if (!desk.live.connected || (asked && asked.id === id) || (id === aheadOf && now - aheadAt < AHEAD_KEPT_MS)) return;
    aheadAt = now;
    aheadOf = id;
    desk.live.socket.emit("ahead", {case_id: id, lang: texts.language});
  };
  const unpick = () => {
    desk.acts.picked(null);
    if (!asked) return;
    asked = null;
    scope.cancel(restTimer);
    desk.live.socket.emit("at_case", {case_id: null});
    queue.current(null);
    showOnMap(null);
    nearest.show(null);
  };
  let followTimer = 0;
  /** @param {Set<string>|null} rows */
  const follow = rows => {
    if (!asked || !asked.id || (rows !== null && !rows.has(asked.id))) return;
    if (performance.now() - askedAt < 700) {
      scope.cancel(followTimer);
      followTimer = scope.after(700, () => follow(null));
      return;
    }
    ask(asked);
  };
  /** @param {string|null} id */
  const showOnMap = id => {
    const {layer, map} = desk;
    if (!layer) return;
    const row = id ? desk.live.state.rows.get(id) : undefined,
      lon = row ? row[A.lon] : null,
      lat = row ? row[A.lat] : null,
      isPlaced = lon !== null && lat !== null;
    layer.chosen = isPlaced ? project(lon, lat) : null;
    layer.flags = [...layer.flags];
    layer.touch();
    if (
      isPlaced &&
      map &&
      !map
        .getBounds()
        .pad(-0.05)
        .contains([lat, near(lon)])
    )
      map.panTo([lat, near(lon)], {animate: false});
  };
  /** What became of the command on the picked case, and who else looks at it: above the panel's buttons. */
  const drawCommand = () => {
    const line = $("panel-command");
    if (!line || !asked) return;
    const item = commands.of(asked.id || ""),
      others = ((desk.live.state.tiles.present || {})[asked.id || ""] || []).filter(
        (/** @type {import("../types/wire.d.ts").Colleague} */ [id]) => id !== about.me,
      );
    const told = JSON.stringify([item && commands.tell(item), others]);
    if (line.dataset.told === told) return; // the observer below sees our own writing too
    line.dataset.told = told;
    line.replaceChildren(
      ...(item ? [h("p", {class: `sent ${item.state}`}, commands.tell(item))] : []),
      ...(others.length
        ? [
            h(
              "p",
              {class: "others"},
              format.fill(words.now_looking, {
                names: others.map((/** @type {import("../types/wire.d.ts").Colleague} */ [, name]) => name).join("、"),
              }),
            ),
          ]
        : []),
    );
  };
  /** Whether the panel has come for the picked case; until then its buttons are the case's before. */
  const isPanelHere = () => !!asked && ($("panel-of") || {dataset: {}}).dataset.case === asked.id;
  // A key that was faster than the panel waits for it; it is the picked case's and no other's.
  /** @type {{id: string|undefined, key: string, until: number}|null} */
  let held = null;
  /** Presses the panel's button of this key; whether there is one.  @param {string} key */
  const press = key => {
    held = null;
    if (!isPanelHere()) {
      held = {id: asked ? asked.id : undefined, key, until: performance.now() + HELD_MS};
      return false;
    }
    const button = find($("case-panel-body"), `[data-key="${key}"]`);
    if (button && !button.disabled) button.click();
    return !!button;
  };
  const panelCame = () => {
    drawCommand();
    if (!held || !isPanelHere()) return;
    const {id, key, until} = held;
    if (asked && id === asked.id && performance.now() < until) press(key);
    held = null;
  };
  scope.observe(new MutationObserver(panelCame)).observe($("case-panel-body"), {childList: true, subtree: true});

  return {
    get asked() {
      return asked;
    },
    ask,
    pick,
    ahead,
    unpick,
    follow,
    drawCommand,
    enterPanel,
    isPanelHere,
    press,
  };
};
