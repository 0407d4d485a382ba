// @ts-check
// The panel of what is picked: a case, a camera, a figure. One request brings it as HTML, made and escaped by the
// server (dashboard/layouts/markup.py); it is put in at once. What comes for something no longer picked is dropped.
import {$, h} from "./dom.js";
import {keepFocus} from "./focus.js";
import {watchPhotos} from "./photos.js";
import {makePress} from "./press.js";
import {sayEnded} from "./session.js";
import {texts} from "./texts.js";

/**
 * What a panel is asked for.
 * @typedef {object} Picked
 * @property {string} [id]  of a case
 * @property {number} [moment]  the past one at which the case is asked for, in ms
 * @property {string} [camera]
 * @property {string} [figure]
 * @property {{[heading: string]: string}} [scope]  what the figure is of
 * @property {string} [span]  of the figure: today, month
 */

/** @param {Picked} what  @param {boolean} isDesk  @param {string} language */
export const panelAddress = (what, isDesk, language) => {
  const asked = new URLSearchParams({lang: language});
  if (isDesk) asked.set("desk", "1");
  if (what.id) asked.set("case", what.id);
  else if (what.camera) asked.set("camera", what.camera);
  else if (what.figure) {
    asked.set("figure", what.figure);
    for (const [heading, code] of Object.entries(what.scope || {})) asked.set(heading, code);
    if (what.span) asked.set("span", what.span);
  }
  if (what.moment) asked.set("moment", String(what.moment));
  return `/api/v1/panel?${asked}`;
};

/**
 * Whether a part stays when the same panel comes anew: it is the same, or a script of the page has put something into it
 * that the server does not know (what is read aloud as it changes; a field in clear, marked with data-stays).
 * @param {Element} old
 * @param {Element} part
 */
const stays = (old, part) => {
  if (old.isEqualNode(part)) return true;
  if (old.nodeName !== part.nodeName || old.id !== part.id || old.className !== part.className) return false;
  return part.hasAttribute("aria-live") || !!old.querySelector("[data-stays]");
};

/**
 * The same panel, newer: what has not changed keeps its focus and what is selected in it.
 * @param {HTMLElement} host
 * @param {Element[]} parts
 */
const renew = (host, parts) => {
  const old = [...host.children];
  parts.forEach((part, i) => {
    if (!stays(old[i], part)) old[i].replaceWith(part);
  });
};

/** @param {import("./scope.js").Scope} scope  @param {boolean} [isDesk]  whether something can be done about a case */
export const makePanel = (scope, isDesk = false) => {
  const panel = $("case-panel"),
    body = $("case-panel-body");
  const unpressed = makePress(scope);
  let asking = new AbortController(),
    shown = "";
  /** @param {string} of  what the parts are of  @param {Element[]} parts */
  const put = (of, parts) => {
    const isSame = of === shown && parts.length === body.childElementCount;
    shown = of;
    keepFocus(body, () => (isSame ? renew(body, parts) : body.replaceChildren(...parts)));
    panel.hidden = false;
  };
  /** @param {string} of  @param {string} text */
  const say = (of, text) => put(of, [h("p", {class: "warn"}, text)]);
  /** Shows what was picked; what is on its way for something else is dropped. @param {Picked} what */
  const show = async what => {
    asking.abort();
    const {signal} = (asking = new AbortController()),
      of = JSON.stringify({...what, moment: 0}),
      words = texts();
    try {
      const answer = await fetch(panelAddress(what, isDesk, panel.lang), {signal});
      const text = await answer.text();
      if (signal.aborted) return;
      if (answer.status === 401) sayEnded();
      else if (answer.status === 403) say(of, words.word.not_allowed);
      else if (answer.status >= 500) say(of, words.panel.failed);
      if (!answer.ok) return; // there is no such figure
      const made = document.createElement("template");
      made.innerHTML = text;
      unpressed(() => {
        if (!signal.aborted) put(of, [...made.content.children]);
      });
    } catch {
      // A panel that is there stays as it is; the next change asks again.
      if (!signal.aborted && of !== shown) say(of, words.panel.failed);
    }
  };
  const close = () => {
    asking.abort();
    shown = "";
    panel.hidden = true;
    body.replaceChildren();
  };
  scope.listen($("case-panel-close"), "click", close);
  watchPhotos(scope, body);
  scope.add(() => asking.abort());
  return {show};
};
