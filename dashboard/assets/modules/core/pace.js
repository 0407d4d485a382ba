// @ts-check
// When the next change may be drawn: a lone one at once, a stream of them so that drawing takes a part of the time only.

/** So many times as long as the last drawing took lies between two: the page stays free for hands and for the map. */
const REST = 4;
/** But no change waits longer, whatever the page costs. */
const LONGEST_MS = 250;
/** One slow frame says little: half of what is known counts on. */
const WEIGHT = 0.5;

export class DrawPace {
  constructor(now = () => performance.now()) {
    this.now = now;
    this.begunAt = -Infinity;
    this.cost = 0;
  }
  begin() {
    this.begunAt = this.now();
  }
  /** @param {number} ms  what the last drawing took, with its frame */
  took(ms) {
    this.cost += WEIGHT * (ms - this.cost);
  }
  /** Milliseconds that the next one must wait. */
  get left() {
    return Math.max(this.begunAt + Math.min(REST * this.cost, LONGEST_MS) - this.now(), 0);
  }
}

/**
 * Calls `tell` with what the page's next frame took: style, layout, paint.
 * @param {(ms: number) => void} tell
 */
export const timeFrame = tell => {
  requestAnimationFrame(() => {
    const at = performance.now(),
      {port1, port2} = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      tell(performance.now() - at);
    };
    port2.postMessage(null);
  });
};
