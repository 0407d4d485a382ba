// @ts-check
// What every canvas layer of the map does with its canvases: as large as what Leaflet keeps drawn, sharp on every screen.

/**
 * After Leaflet's ``_update``: the container to its place, each canvas to the size of the layer's bounds.
 * @param {LeafletLayer} layer
 * @param {HTMLCanvasElement[]} canvases
 */
export const fitCanvases = (layer, canvases) => {
  const b = layer._bounds,
    size = b.getSize(),
    ratio = window.devicePixelRatio || 1;
  L.DomUtil.setPosition(layer._container, b.min);
  for (const canvas of canvases) {
    const w = Math.round(size.x * ratio),
      h = Math.round(size.y * ratio);
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
    }
    canvas.style.width = `${size.x}px`;
    canvas.style.height = `${size.y}px`;
  }
};

/** A canvas wiped clean, to be drawn on in CSS pixels.  @param {HTMLCanvasElement} canvas */
export const beginCanvas = canvas => {
  const g = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")),
    ratio = window.devicePixelRatio || 1;
  g.setTransform(1, 0, 0, 1, 0, 0);
  g.clearRect(0, 0, canvas.width, canvas.height);
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  return g;
};
