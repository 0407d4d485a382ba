// @ts-check
// The handover sheet: what it says is on it already; a button prints it, with the pages that a screen folds.

/** @param {HTMLElement} root  @param {import("../core/scope.js").Scope} scope */
export const start = (root, scope) => {
  const page = root.closest(".sheet-page") || root.ownerDocument;
  const behind = () => /** @type {HTMLDetailsElement | null} */ (page.querySelector("details.behind"));
  let wasOpen = false;
  document.title = root.dataset.title || document.title; // the file's name, where it is printed into one
  scope.listen(root, "click", () => print());
  scope.listen(window, "beforeprint", () => {
    const folded = behind();
    if (!folded) return;
    wasOpen = folded.open;
    folded.open = true;
  });
  scope.listen(window, "afterprint", () => {
    const folded = behind();
    if (folded) folded.open = wasOpen;
  });
  return {};
};
