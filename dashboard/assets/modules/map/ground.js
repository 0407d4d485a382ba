// @ts-check
// The ground beneath everything: land, water, roads, borders and key areas of the district's package.

/** @type {Promise<any>|null} */
let ground = null;

/** The ground as GeoJSON; fetched once. */
export const readGround = () => {
  const asked =
    ground ||
    fetch("/district/ground.geojson").then(answer => {
      if (!answer.ok) throw new Error(`the ground: ${answer.status}`);
      return answer.json();
    });
  ground = asked;
  asked.catch(() => {
    ground = null;
  });
  return asked;
};

/**
 * Lays the ground on a map, and tries again every two seconds while nobody answers.
 * @param {import("../core/scope.js").Scope} scope
 * @param {(feature: any) => Object} style
 * @param {LeafletMap} map
 */
export const layGround = (scope, map, style) =>
  readGround().then(
    found => {
      if (!scope.isClosed) L.geoJSON(found, {style, interactive: false}).addTo(map);
    },
    () => {
      scope.after(2000, () => layGround(scope, map, style));
    },
  );
