// @ts-check
// The one script of ours that Dash puts into every page. It looks which page is there, loads its module, and ends what
// the page has begun when its root has gone.
import "./modules/core/field-words.js"; // of every form, whichever page has it
import {Scope} from "./modules/core/scope.js";
import {shown} from "./modules/core/shown.js";
import "./modules/map/maps.js"; // its hook must be there before dash-leaflet makes a map

/** @typedef {{start: (root: any, scope: Scope) => any}} PageModule */
/** @typedef {{root: string, needs: string[], load: () => Promise<PageModule>}} Page */

/** Of each page: its root, what Dash must have drawn before it can begin, its module.  @type {Page[]} */
const PAGES = [
  {root: "#wall:not([data-replay])", needs: ["#tile-unknown"], load: () => import("./modules/wall/page.js")},
  {root: "#wall[data-replay]", needs: ["#tile-unknown", "#replay"], load: () => import("./modules/replay/page.js")},
  {root: "#coverage", needs: ["#case-panel-close"], load: () => import("./modules/coverage/page.js")},
  {
    root: "#desk",
    needs: ["#case-panel-body", "#queue-grid", "#desk-toasts"],
    load: () => import("./modules/desk/page.js"),
  },
  {root: "#print", needs: [], load: () => import("./modules/handover/page.js")},
];
const RELOAD_MS = 5000;

/** @type {{root: Element, scope: Scope}|null} */
let open = null;

/** @param {Page} page  @param {Element} root */
const enter = async (page, root) => {
  const mine = {root, scope: new Scope()};
  open = mine;
  let module = null;
  try {
    module = await page.load();
  } catch (error) {
    // A browser keeps the failure of a module: only a new document asks for it again.
    console.error(error);
    setTimeout(() => location.reload(), RELOAD_MS);
    return;
  }
  if (mine.scope.isClosed) return;
  const made = await module.start(root, mine.scope);
  if (!mine.scope.isClosed) shown.page = made;
};

const look = () => {
  if (open && !open.root.isConnected) {
    open.scope.close();
    open = shown.page = null;
  }
  if (open) return;
  for (const page of PAGES) {
    const root = document.querySelector(page.root);
    if (root && page.needs.every(needed => document.querySelector(needed))) {
      enter(page, root);
      return;
    }
  }
};

new MutationObserver(look).observe(document.documentElement, {childList: true, subtree: true});
look();
