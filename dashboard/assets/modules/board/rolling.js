// @ts-check
// Figures that roll to their new value.

const ROLL_MS = 400;
const CALM_MS = 1000; // nothing rolls when the last change is nearer than this

/**
 * A function that lets all figures within ``root`` roll (400 ms); in a stream of changes, a hidden tab or with reduced motion they just stand there.
 * @param {HTMLElement} root
 * @param {Format} format
 */
export const makeRoll = (root, format) => {
  const rolled = new Map();
  let rolledAt = 0;
  /** @param {HTMLElement} el  @param {boolean} calm */
  const rollOne = (el, calm) => {
    const tile = el.closest(".tile"),
      body = el.closest(".body");
    if (!tile || !body) return;
    const key = tile.id + [...body.querySelectorAll(".figure")].indexOf(el);
    const to = +el.title.replaceAll(",", ""),
      from = rolled.get(key);
    rolled.set(key, to);
    if (
      !calm ||
      from === undefined ||
      from === to ||
      document.hidden ||
      matchMedia("(prefers-reduced-motion: reduce)").matches
    )
      return;
    const start = performance.now(),
      step = (/** @type {number} */ now) => {
        if (!el.isConnected) return;
        const k = Math.min((now - start) / ROLL_MS, 1);
        el.textContent = format.count(Math.round(from + (to - from) * (1 - (1 - k) ** 3)));
        if (k < 1) requestAnimationFrame(step);
      };
    requestAnimationFrame(step);
  };
  return () => {
    const calm = performance.now() - rolledAt > CALM_MS;
    rolledAt = performance.now();
    for (const el of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".figure[title]")))
      rollOne(el, calm);
  };
};
