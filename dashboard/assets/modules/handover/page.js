// @ts-check
// The handover sheet: what it says is on it already; a button prints it.

/** @param {HTMLElement} root  @param {import("../core/scope.js").Scope} scope */
export const start = (root, scope) => {
  scope.listen(root, "click", () => print());
  return {};
};
