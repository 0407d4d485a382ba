// @ts-check
// The photos of a case's panel: one that is picked opens large; one that cannot be had says why in words.
import {$, find, h} from "./dom.js";
import {texts} from "./texts.js";

/** Words in the place of a picture that did not come. @param {HTMLImageElement} image  @param {string} address */
const explain = async (image, address) => {
  const words = texts().photo,
    said = h("span", {class: "warn", role: "status"}, words.failed);
  image.replaceWith(said);
  try {
    const answer = await fetch(address);
    if (answer.ok) said.replaceWith(image);
    else said.textContent = (await answer.json()).words || words.failed;
  } catch {
    said.textContent = words.failed; // the network, or a page of a proxy
  }
};

/** @param {any[]} links  the photos in their order  @param {any} first  which of them */
const openLarge = (links, first) => {
  const words = texts().photo,
    back = document.activeElement;
  let at = links.indexOf(first);
  const place = h("div", {class: "photo-place"}),
    title = h("p", {"aria-live": "polite"});
  const step = (/** @type {number} */ by) => {
    at = (at + by + links.length) % links.length;
    const {href, dataset} = links[at];
    const image = h("img", {src: href, alt: dataset.photo});
    image.addEventListener("error", () => explain(image, href), {once: true});
    place.replaceChildren(image);
    title.textContent = links.length > 1 ? `${at + 1} / ${links.length}  ${dataset.photo}` : dataset.photo;
  };
  const shut = h("button", {type: "button"}, words.close);
  const steps = [
    ["previous", -1, "←"],
    ["next", 1, "→"],
  ].map(([name, by, key]) => {
    const button = h("button", {type: "button"}, words[name], h("kbd", null, key));
    button.onclick = () => step(Number(by));
    return button;
  });
  const foot = h("div", {class: "buttons"}, links.length > 1 ? steps : [], shut);
  const dialog = h("dialog", {class: "photo-view", "aria-label": words.title}, place, title, foot);
  const close = () => {
    dialog.close();
    dialog.remove();
    if (back && back.isConnected) /** @type {HTMLElement} */ (back).focus();
  };
  shut.onclick = close;
  dialog.addEventListener("cancel", (/** @type {Event} */ event) => {
    event.preventDefault();
    close();
  });
  dialog.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    event.stopPropagation(); // the page's own keys stay still
    const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (by && links.length > 1) step(by);
  });
  $("case-panel").append(dialog);
  step(0);
  dialog.showModal();
  shut.focus();
  return close;
};

/** Watches the photos in a panel's body. @param {import("./scope.js").Scope} scope  @param {HTMLElement} body */
export const watchPhotos = (scope, body) => {
  scope.listen(
    body,
    "error",
    event => {
      const link = event.target.closest("a[data-photo]");
      if (link && event.target.src) explain(event.target, event.target.src);
    },
    {capture: true}, // an image's error does not rise
  );
  scope.listen(body, "click", event => {
    const link = event.target.closest("a[data-photo]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const open = find($("case-panel"), "dialog.photo-view");
    if (!open) openLarge([...body.querySelectorAll("a[data-photo]")], link);
  });
};
