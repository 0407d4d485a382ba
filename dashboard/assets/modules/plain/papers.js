// @ts-check
// A paper is asked for, looked after and fetched; what becomes of it is said beside the buttons.
import {fetchProved} from "../core/reauth.js";

for (const nav of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("nav.papers"))) {
  const words = JSON.parse(nav.dataset.words || "{}"),
    status = /** @type {HTMLElement} */ (nav.querySelector("[role=status]")),
    {span, street, unit, language} = nav.dataset;
  /** @param {string} path  @param {RequestInit} [more] */
  const read = async (path, more) => {
    const answer = await fetchProved(path, more).catch(() => null);
    return answer ? answer.json().catch(() => null) : null;
  };
  /** @param {HTMLButtonElement} button */
  const make = async button => {
    const asked = await read("/api/v1/papers", {
      method: "POST",
      headers: {"Content-Type": "application/json"},
      body: JSON.stringify({kind: button.dataset.paper, span, street, unit, language}),
    });
    if (!asked || !asked.id) {
      status.textContent = asked ? words.failed + asked.error : words.cut;
      return;
    }
    for (;;) {
      const job = await read(`/api/v1/papers/${asked.id}`);
      if (!job) {
        status.textContent = words.cut;
        return;
      }
      if (job.state === "done") {
        status.textContent = "";
        location.assign(`/api/v1/papers/${asked.id}/file`);
        return;
      }
      if (job.state === "failed") {
        status.textContent = words.failed + job.said;
        return;
      }
      status.textContent = job.state === "running" ? words.making : job.waits_ms > 15000 ? words.slow : words.waiting;
      await new Promise(done => setTimeout(done, 700));
    }
  };
  for (const button of nav.querySelectorAll("button"))
    button.onclick = async () => {
      button.disabled = true;
      try {
        await make(button);
      } finally {
        button.disabled = false;
      }
    };
}
