// @ts-check
// The page that is open. boot.mjs writes it; the browser tests read it (tests/browser/shown.py); no other module does.

/** @type {{page: Object|null}} page: what the page's `start` answered; null between two pages */
export const shown = {page: null};
