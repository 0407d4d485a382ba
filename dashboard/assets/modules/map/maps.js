// @ts-check
// The maps that dash-leaflet makes. boot.mjs imports this file, and Dash begins after it (dashboard/layouts/frame.py): no map is
// made before the hook is there.

/** @type {Map<string, any>} the id of a map's element → the map */
export const maps = new Map();
const wanted = new Map();

L.Map.addInitHook(
  /** @this {LeafletMap} */ function () {
    const id = this.getContainer().id;
    maps.set(id, this);
    this.on("unload", () => {
      if (maps.get(id) === this) maps.delete(id);
    });
    this.whenReady(() => {
      for (const tell of wanted.get(id) || []) tell(this);
    });
  },
);

/**
 * Calls back with the page's map, now or when it is there.
 * @param {import("../core/scope.js").Scope} scope
 * @param {(map: any) => void} callback
 */
export const withMap = (scope, callback, id = "map") => {
  const map = maps.get(id);
  // A map of the page before may not have been taken away yet.
  if (map && map.getContainer() === document.getElementById(id)) {
    map.whenReady(() => callback(map));
    return;
  }
  const waiting = wanted.get(id) || new Set();
  wanted.set(id, waiting.add(callback));
  scope.add(() => waiting.delete(callback));
};
