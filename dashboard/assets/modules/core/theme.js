// @ts-check
// The theme of this browser: kept, the same on every page; its button says which one stands.

/** The theme of a page that has both: what its address asks for, else what this browser keeps, else dark.  @param {URLSearchParams} query */
export const chooseTheme = query => {
  const wanted = query.get("theme") || localStorage.getItem("theme");
  document.documentElement.dataset.theme = wanted === "light" ? "light" : "dark";
};

/**
 * @param {HTMLElement} button  with the words of both states in data-dark and data-light
 * @param {() => void} changed  what is drawn anew
 */
export const themeButton = (button, changed = () => undefined) => {
  const root = document.documentElement;
  const say = () => {
    const words = root.dataset.theme === "light" ? button.dataset.light : button.dataset.dark;
    if (words) button.textContent = words;
  };
  say();
  button.addEventListener("click", () => {
    root.dataset.theme = root.dataset.theme === "light" ? "dark" : "light";
    localStorage.setItem("theme", root.dataset.theme);
    say();
    changed();
  });
};
