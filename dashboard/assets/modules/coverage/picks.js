// @ts-check
// What is picked: a case, a camera, a spot, a planned site. It opens, is marked in its list, and the map flies to it.

/** ``remember`` writes what is picked into the address.  @param {import("./page.js").CoveragePage} page  @param {() => void} remember */
export const makePicks = (page, remember) => {
  const {root, places, state, layer, query, partial} = page;
  const markPicked = () => {
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-spot]")))
      row.classList.toggle("picked", row.dataset.spot === layer.picked.spot);
  };

  /** @type {import("../core/panel.js").Picked|null} */
  let asked = null;
  /** @param {import("../core/panel.js").Picked} what */
  const ask = what => {
    asked = what;
    page.panel.show(what);
  };
  /** @param {string} id */
  const pick = id => ask({id});
  /** @param {number} lon  @param {number} lat  @param {number} metres */
  const fly = (lon, lat, metres) => {
    const span = Math.max(metres, 60) / places.plane.ky,
      wide = Math.max(metres, 60) / places.plane.kx;
    page.map.fitBounds(
      [
        [lat - span, lon - wide],
        [lat + span, lon + wide],
      ],
      {animate: false, maxZoom: 18},
    );
    partial.hidden = false;
  };
  /** @param {string} id  @param {boolean} flies */
  const openCamera = (id, flies) => {
    const body = state.get("sights", id);
    layer.picked = {camera: id};
    ask({camera: id});
    remember();
    if (body && flies) fly(body.lon, body.lat, Math.max(90, 1.5 * (body.range_m || 0)));
    layer.touch();
    markPicked();
  };
  /** @param {string} id  @param {boolean} flies */
  const openSpot = (id, flies) => {
    const body = state.get("spots", id),
      entry = layer.spots.get(id);
    if (!body) return;
    layer.picked = {spot: id};
    remember();
    if (flies) fly(body.lon, body.lat, 1.4 * (entry ? entry.reach : 100));
    layer.touch();
    markPicked();
    const row = root.querySelector(`[data-spot="${CSS.escape(id)}"]`);
    if (row && !flies) row.scrollIntoView({block: "nearest"});
  };
  /** @param {number} rank  @param {boolean} flies */
  const openSite = (rank, flies) => {
    const site = page.plan && page.plan.sites[rank - 1];
    if (!site) return;
    layer.picked = {site: rank};
    if (flies) fly(site.lon, site.lat, 2 * site.range_m);
    layer.touch();
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-site]"))) {
      const isPicked = Number(row.dataset.site) === rank;
      row.classList.toggle("picked", isPicked);
      if (isPicked && !flies) row.scrollIntoView({block: "nearest"});
    }
  };
  const openLinked = () => {
    if (!page.map || !page.loaded) return;
    const camera = query.get("camera"),
      spot = query.get("spot");
    if (camera) openCamera(camera, true);
    else if (spot) openSpot(spot, true);
  };
  return {
    markPicked,
    ask,
    pick,
    openCamera,
    openSpot,
    openSite,
    openLinked,
    get asked() {
      return asked;
    },
    /** The panel is closed: nothing is asked for any more. */
    forget() {
      asked = null;
    },
  };
};
