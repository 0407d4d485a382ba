// @ts-check
// A hand that presses: what lies under it stays until it has let go. Were it moved or drawn anew meanwhile, the click
// would fall on what lies between, and nothing would happen.

/** Nobody presses for longer: the page goes on. */
const LONGEST_MS = 2000;
/** Pixels; who moves so far drags or marks a text, and clicks nothing. */
const STILL = 6;

/**
 * What does a work at once, or when the hand has let go and its click was heard; in order.
 * @param {import("./scope.js").Scope} scope
 * @param {EventTarget} [page]
 * @returns {(work: () => void) => void}
 */
export const makePress = (scope, page = document) => {
  /** @type {{x: number, y: number}|null} */
  let down = null;
  /** @type {(() => void)[]} */
  let waiting = [];
  let timer = 0;
  const free = () => {
    scope.cancel(timer);
    down = null;
    const works = waiting;
    waiting = [];
    for (const work of works) work();
  };
  const hear = {capture: true, passive: true};
  scope.listen(
    page,
    "pointerdown",
    (/** @type {PointerEvent} */ event) => {
      if (event.button !== 0) return;
      down = {x: event.clientX, y: event.clientY};
      scope.cancel(timer);
      timer = scope.after(LONGEST_MS, free);
    },
    hear,
  );
  scope.listen(
    page,
    "pointermove",
    (/** @type {PointerEvent} */ event) => {
      if (down && Math.hypot(event.clientX - down.x, event.clientY - down.y) > STILL) free();
    },
    hear,
  );
  scope.listen(
    page,
    "pointerup pointercancel",
    () => {
      if (!down) return;
      scope.cancel(timer);
      timer = scope.after(0, free); // the click comes first
    },
    hear,
  );
  return work => {
    if (down) waiting.push(work);
    else work();
  };
};
