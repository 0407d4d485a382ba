// @ts-check
// Where the focus is: it outlives a redrawing, goes into a panel that a key has opened and comes back from it, walks
// among tabs by the arrows (WAI-ARIA Authoring Practices: tabs, radio group).

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";
/** @param {ParentNode} host  @param {string} selector  @returns {HTMLElement[]} */
const focusables = (host, selector) => [.../** @type {NodeListOf<HTMLElement>} */ (host.querySelectorAll(selector))];
/** @param {ParentNode} host */
const focusableIn = host => focusables(host, FOCUSABLE);
/** @param {HTMLElement} el */
const keyOf = el => el.id || JSON.stringify({...el.dataset});

/**
 * Draws in a host. Who stood on one of its elements stands on the same one, or where it was, afterwards.
 * @param {HTMLElement} host
 * @param {() => void} draw
 */
export const keepFocus = (host, draw) => {
  const at = /** @type {HTMLElement|null} */ (document.activeElement),
    before = at && at !== host && host.contains(at) ? focusableIn(host) : null;
  const i = at && before ? before.indexOf(at) : -1;
  draw();
  if (i < 0 || !at || !before || at.isConnected) return;
  const after = focusableIn(host),
    key = keyOf(at);
  const again =
    (key !== "{}" && after.find(el => keyOf(el) === key)) || (after.length === before.length ? after[i] : null);
  if (again) again.focus({preventScroll: true});
};

/**
 * Draws a host anew, and keeps its focus.
 * @param {HTMLElement} host
 * @param {...(Node|string)} children
 */
export const redraw = (host, ...children) => keepFocus(host, () => host.replaceChildren(...children));

/**
 * A panel that is opened by a key takes the focus; when it closes, it gives it back.
 * @param {import("./scope.js").Scope} scope
 * @param {HTMLElement} panel
 * @param {(() => void)|null} [giveBack]  where the opener may have been drawn anew since
 * @returns {() => void}  to be called by whoever opens it with a key
 */
export const panelFocus = (scope, panel, giveBack = null) => {
  /** @type {HTMLElement|null} */
  let from = null;
  const enter = () => panel.focus({preventScroll: true});
  scope
    .observe(
      new MutationObserver(() => {
        if (!panel.hidden) {
          if (from && !panel.contains(document.activeElement)) enter();
          return;
        }
        const at = /** @type {HTMLElement|null} */ (document.activeElement),
          lost = panel.contains(at) || (from && (!at || at === document.body));
        if (lost && giveBack) giveBack();
        else if (lost && from && from.isConnected) from.focus({preventScroll: true});
        else if (lost && from) {
          const key = keyOf(from),
            again = key !== "{}" && focusableIn(document).find(el => keyOf(el) === key);
          if (again) again.focus();
        }
        from = null;
      }),
    )
    .observe(panel, {attributes: true, attributeFilter: ["hidden"]});
  return () => {
    if (!panel.contains(document.activeElement)) from = /** @type {HTMLElement|null} */ (document.activeElement);
    if (!panel.hidden) enter();
  };
};

/** The one of a group that Tab stops at. @param {boolean} isOn */
export const roving = isOn => (isOn ? 0 : -1);

/**
 * Arrows, Home and End go from tab to tab and choose it; Enter and the space bar press what is a button by its role alone.
 * @param {import("./scope.js").Scope} scope
 */
export const watchKeys = scope =>
  scope.listen(
    document,
    "keydown",
    (/** @type {On<KeyboardEvent>} */ event) => {
      const at = event.target.closest ? event.target.closest("[role=tab], [role=radio], [role=button]") : null;
      if (!at || at !== event.target || event.ctrlKey || event.metaKey || event.altKey) return;
      const role = at.getAttribute("role");
      if (role === "button") {
        if (at.matches("button, a[href]") || (event.key !== "Enter" && event.key !== " ")) return;
        event.preventDefault();
        at.click();
        return;
      }
      const all = focusables(at.parentElement || document, `[role=${role}]`).filter(el => el.checkVisibility()),
        i = all.indexOf(at),
        n = all.length;
      const to = {ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i + n - 1, ArrowUp: i + n - 1, Home: 0, End: n - 1}[
        event.key
      ];
      if (to === undefined) return;
      event.preventDefault();
      const next = all[to % n];
      next.focus();
      next.click();
    },
    {capture: true},
  );
