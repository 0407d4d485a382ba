// @ts-check
// The duty's tabs on a desk: the log book with its reports, the handover, grids and their people; the alarms' beside.
import {$, h} from "../core/dom.js";
import {makeGrids} from "./grids.js";
import {makeHandover} from "./handover.js";
import {makeLog} from "./log.js";

/**
 * What the duty's tabs share.
 * @typedef {Object} Hands
 * @property {string} seat   as it stands in an address
 * @property {string} lang   as it stands behind an address
 * @property {(right: string) => boolean} may
 * @property {(path: string) => Promise<any>} read   the answer's body; null where there is none
 * @property {(box: HTMLElement) => void} failed
 * @property {(said: Said) => string|undefined} refusedText
 * @property {(label: string, click: () => void, cls?: string, more?: {[attribute: string]: any}) => HTMLElement} button
 */

/**
 * @param {import("./page.js").Desk} desk
 * @returns {{report: (caseId: string, number: number) => void, show: (name: string) => void}}
 */
export const makeDuty = desk => {
  const {about, texts} = desk;
  /** @type {Hands} */
  const hands = {
    seat: encodeURIComponent(about.seat),
    lang: texts.language === "en" ? "?lang=en" : "",
    may: right => about.rights.includes(right),
    read: async path => {
      const answer = await fetch(path).catch(() => null);
      return answer && answer.ok ? answer.json() : null;
    },
    failed: box => box.replaceChildren(h("p", {class: "none"}, texts.panel.failed)),
    refusedText: said => said.error && (texts.handover.refused[said.code || ""] || said.error),
    button: (label, click, cls = "", more = {}) => {
      const b = h("button", {class: cls, ...more}, label);
      b.onclick = click;
      return b;
    },
  };
  const log = makeLog(desk, hands);
  /** @type {{[tab: string]: () => Promise<void>}} */
  const shows = {log: log.show, handover: makeHandover(desk, hands), grids: makeGrids(desk, hands)};
  // Open tabs follow: quietly, and only while somebody can see them.
  // A record of one's own acts says soon what became of the last one.
  desk.scope.every(about.unit || about.grid ? 3000 : 30000, () => {
    if (document.hidden || document.querySelector("dialog[open]")) return;
    for (const [name, show] of Object.entries(shows)) if (!$(`body-${name}`).hidden) show();
  });
  return {report: log.report, show: name => (name === "alarms" ? desk.alarms.show() : shows[name]?.())};
};
