// @ts-check
// The report for the after-action review.
import {h} from "../core/dom.js";
import {fetchProved} from "../core/reauth.js";

/**
 * The report for the after-action review: asked for, made by a worker, fetched when it is there.
 * @param {Scope} scope
 * @param {import("./player.js").Player} player
 * @param {Texts} w
 * @param {Format} format
 * @param {(text: string) => void} said
 */
export const makeExport = (scope, player, w, format, said) => {
  const ask = async () => {
    const at = player.position();
    if (at === null) return;
    const until = Math.round(at);
    one.disabled = true;
    try {
      const answer = await fetchProved("/api/v1/papers/review", {
        method: "POST",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify({at: until, hours: +hours.value, language: document.documentElement.lang}),
      });
      const job = await answer.json();
      if (!answer.ok) {
        said(job.error || w.trouble.network);
        return;
      }
      for (let looks = 0; looks < 180 && !scope.isClosed; looks++) {
        await new Promise(done => setTimeout(done, 1000));
        const look = await fetchProved(`/api/v1/papers/${job.id}`),
          state = await look.json();
        if (!look.ok) {
          said(state.error || w.trouble.network);
          return;
        }
        if (state.state === "done") {
          location.assign(`/api/v1/papers/${job.id}/file`);
          said(w.made);
          return;
        }
        if (state.state === "failed") {
          said(state.said);
          return;
        }
        said(format.fill(w.making, {n: Math.round(state.waits_ms / 1000)}));
      }
      said(w.trouble.no_worker);
    } catch {
      said(w.trouble.network);
    } finally {
      one.disabled = false;
    }
  };
  const hours = h(
    "select",
    {"aria-label": w.hours_label, title: w.hours_label},
    [1, 2, 4, 8, 12, 24].map(n =>
      h("option", {value: n, ...(n === 4 ? {selected: ""} : {})}, format.fill(w.hours, {n})),
    ),
  );
  const one = Object.assign(h("button", {type: "button", title: w.export_title}, w.export), {onclick: ask});
  return h("span", {class: "export"}, hours, one);
};
