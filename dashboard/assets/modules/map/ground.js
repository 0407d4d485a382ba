// @ts-check
// The ground beneath everything: land, water, roads, borders and key areas of the district's package.

let ground = null;

/** The ground as GeoJSON; fetched once. */
export const readGround = () => {
  ground =
    ground ||
    fetch("/district/ground.geojson").then(answer => {
      if (!answer.ok) throw new Error(`the ground: ${answer.status}`);
      return answer.json();
    });
  ground.catch(() => {
    ground = null;
  });
  return ground;
};

/**
 * Lays the ground on a map, and tries again every two seconds while nobody answers.
 * @param {import("../core/scope.js").Scope} scope
 * @param {(feature: any) => Object} style
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
