// @ts-check
// The administrator's pages work without a script: this adds the theme's switch and the keys / J K Enter Esc.
const html = document.documentElement;

for (const button of document.querySelectorAll("[data-theme-switch]"))
  button.addEventListener("click", () => {
    html.dataset.theme = html.dataset.theme === "light" ? "dark" : "light";
    localStorage.setItem("theme", html.dataset.theme);
  });

// The browser would say in its own language which files were chosen.
for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[type=file]")))
  box.addEventListener("change", () => {
    const said = box.parentElement?.querySelector("[data-chosen]");
    if (said) said.textContent = [...(box.files ?? [])].map(one => one.name).join(" ");
  });

/** @returns {HTMLAnchorElement[]} */
const rows = () => [...document.querySelectorAll("a[data-row]")].map(one => /** @type {HTMLAnchorElement} */ (one));

/** @param {number} step */
const move = step => {
  const all = rows(),
    here = all.findIndex(one => one === document.activeElement),
    from = here < 0 ? all.findIndex(one => one.hasAttribute("aria-current")) : here;
  all[Math.max(0, Math.min(all.length - 1, from + step))]?.focus();
};

document.addEventListener("keydown", event => {
  const typing = /** @type {HTMLElement} */ (event.target).matches("input, select, textarea");
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (typing) {
    if (event.key === "Escape") /** @type {HTMLElement} */ (event.target).blur();
    return;
  }
  const find = /** @type {HTMLInputElement | null} */ (document.querySelector("input[type=search]"));
  const first = /** @type {HTMLButtonElement | null} */ (document.querySelector(`button[data-key="${event.key}"]`));
  if (event.key === "/" && find) find.focus();
  else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (first) first.focus();
  else return;
  event.preventDefault();
});
