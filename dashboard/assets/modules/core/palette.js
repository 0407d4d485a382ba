// @ts-check
// The palette, opened by palette-key.js over any desk: the desk goes on living below. Cases open and over, places, acts.
import {h} from "./dom.js";
import {makePaletteFaces} from "./palette-faces.js";
import {makePeopleForm} from "./palette-people.js";
import {GROUPS, Hits} from "./search-hits.js";
import {post} from "./session.js";

const WAIT_MS = 140; // a hand that types goes on within this time

/**
 * What the palette knows of the page. ``open`` shows a case on it, ``address`` names it for a window of its own,
 * ``place`` says what opening a place does here; ``people``: whether this person may search for people; ``say`` why
 * nothing can be searched here. A hit is what ``/api/v1/search`` answers.
 * @typedef {Object} PaletteDesk
 * @property {import("./scope.js").Scope} scope
 * @property {Texts} texts
 * @property {Format} format
 * @property {(hit: any) => void} open
 * @property {boolean} [people]
 * @property {(hit: any) => string} address
 * @property {(hit: any) => (() => void)|null} place
 * @property {() => {label: string, go: () => void}[]} actions
 * @property {string} [say]
 */

/** @param {PaletteDesk} desk */
export const makePalette = desk => {
  const {scope, texts, format} = desk,
    words = texts.search,
    person = words.person,
    hits = new Hits(),
    faces = makePaletteFaces(desk, hits, () => (isPeople ? "" : typed));
  /** @type {HTMLDialogElement|null} */
  let dialog = null;
  /** @type {HTMLElement|null} */
  let back = null;
  /** @type {AbortController|null} */
  let controller = null;
  let asked = 0,
    typed = "",
    taken = "",
    took = 0,
    problem = "",
    timer = 0,
    isPeople = false;
  const input = h("input", {
    type: "text",
    id: "palette-ask",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: 200,
    "aria-label": words.label,
    "aria-controls": "palette-hits",
    "aria-expanded": "true",
    placeholder: words.hint,
  });
  const as = h("span", {class: "as", role: "status"}),
    scopes = h("div", {class: "chips", role: "group", "aria-label": words.scopes}),
    list = h("div", {class: "results", id: "palette-hits", role: "listbox", "aria-label": words.results, tabindex: -1}),
    look = h("aside", {class: "look"}),
    foot = h("footer");

  const close = () => {
    if (!dialog) return;
    const was = dialog;
    dialog = null;
    if (controller) controller.abort();
    scope.cancel(timer);
    was.close();
    was.remove();
    if (back && back.isConnected) back.focus();
  };
  /** ``early``: what was typed while this came. */
  const show = (early = "") => {
    if (dialog || document.querySelector("dialog[open]")) return;
    if (early) input.value = early;
    back = /** @type {HTMLElement|null} */ (document.activeElement);
    const made = h(
      "dialog",
      {class: "palette", "aria-label": words.label},
      h("div", {class: "ask"}, input, as, h("button", {type: "button", class: "close", title: words.keys.back}, "×")),
      h("div", {class: "scope"}, scopes, h("span", {class: "also"}, words.also)),
      list,
      look,
      foot,
    );
    dialog = made;
    made.addEventListener("cancel", (/** @type {Event} */ event) => {
      event.preventDefault();
      if (isPeople) leavePeople();
      else close();
    });
    made.addEventListener("click", (/** @type {MouseEvent} */ event) => {
      if (event.target === dialog || /** @type {HTMLElement} */ (event.target).closest(".close")) close();
    });
    document.body.append(made);
    made.showModal();
    input.select();
    if (early) input.setSelectionRange(early.length, early.length);
    if (!typed || early) begin();
    draw();
  };

  // — asking —
  const begin = () => {
    isPeople = false;
    typed = input.value.trim();
    taken = problem = "";
    took = 0;
    if (controller) controller.abort();
    controller = new AbortController();
    asked += 1;
    hits.scope = "all";
    if (desk.say || !typed) {
      hits.begin([]);
      problem = desk.say || (typed ? "" : words.problem.empty);
      draw();
      return;
    }
    hits.begin(GROUPS.filter(name => name !== "people"));
    const low = typed.toLowerCase(),
      acts = desk.actions().filter(act => act.label.toLowerCase().includes(low));
    hits.put("actions", {state: "done", hits: acts, n: acts.length});
    draw();
    run(asked);
  };
  /** @param {number} turn */
  const run = async turn => {
    await Promise.all([ask(turn, "open"), ask(turn, "places")]);
    for (const name of ["over", "older"]) if (turn === asked && !problem) await ask(turn, name);
  };
  /** @param {number} turn  @param {string} group */
  const ask = async (turn, group) => {
    const began = performance.now();
    let found = null;
    try {
      found = await post("/api/v1/search", {text: typed, group, language: texts.language});
    } catch {
      found = {error: texts.desk.network};
    }
    if (turn !== asked || !dialog) return;
    if (found.problem) {
      problem = words.problem[found.problem];
      hits.begin([]);
    } else if (found.error) {
      const why = found.status === 429 ? words.too_fast : found.error;
      hits.put(group, {state: "failed", why});
    } else {
      taken = found.as;
      took = Math.max(took, Math.round(performance.now() - began));
      hits.put(group, {
        state: "done",
        hits: found.hits,
        n: found.n,
        isMore: found.is_more,
        day: found.since || "",
        backTo: found.back_to || null,
      });
    }
    draw();
  };
  scope.listen(input, "input", () => {
    scope.cancel(timer);
    timer = scope.after(WAIT_MS, begin);
  });

  // — people —
  /** @type {HTMLElement|null} */
  let form = null;
  const asForm = () =>
    makePeopleForm(texts, {
      isOpen: () => !!dialog && isPeople,
      onFound(found) {
        hits.begin(["people"]);
        hits.put("people", {state: "done", hits: found.hits, n: found.n});
        draw();
      },
      onLeave: leavePeople,
    });
  const enterPeople = () => {
    if (!desk.people || desk.say) return;
    scope.cancel(timer);
    if (controller) controller.abort();
    asked += 1;
    isPeople = true;
    problem = taken = "";
    hits.scope = "all";
    hits.begin(["people"]);
    hits.put("people", {state: "done"});
    const made = asForm();
    form = made;
    draw();
    made.querySelector("input").focus();
  };
  const leavePeople = () => {
    begin();
    input.focus();
  };

  // — drawing —
  const draw = () => {
    if (!dialog) return;
    const shown = hits.shown();
    as.textContent = [
      taken,
      hits.groups.size && hits.isOver() ? format.fill(words.counted, {n: hits.total(), ms: took}) : "",
    ]
      .filter(Boolean)
      .join(" · ");
    scopes.replaceChildren(
      ...["all", ...GROUPS.filter(name => hits.groups.has(name))].map(name => {
        const group = hits.groups.get(name),
          n = group && group.state === "done" ? ` ${faces.count(group)}` : "";
        const chip = h(
          "button",
          {type: "button", class: hits.scope === name ? "on" : "", "aria-pressed": String(hits.scope === name)},
          `${words.all[name]}${n}`,
        );
        chip.onclick = () => turnTo(name);
        return chip;
      }),
    );
    const sections = shown.map(faces.section).flat();
    if (isPeople && form && !form.isConnected) list.before(form);
    if (!isPeople && form) form.remove();
    dialog.classList.toggle("asks-people", isPeople);
    list.replaceChildren(
      ...(isPeople
        ? sections
        : problem
          ? [h("p", {class: "more"}, problem)]
          : sections.length
            ? sections
            : [
                h(
                  "p",
                  {class: "more"},
                  format.fill(words.none, {groups: [...hits.groups.keys()].map(name => words.all[name]).join("、")}),
                ),
              ]),
    );
    if (!isPeople && desk.people && !problem)
      list.append(
        h(
          "div",
          {class: "by-person"},
          h("div", {class: "group"}, h("span", null, person.head), h("span", null, person.why)),
          h(
            "p",
            {class: "more", "data-people": ""},
            person.apart,
            " ",
            h("b", null, person.go),
            h("kbd", null, "Alt P"),
          ),
        ),
      );
    drawChosen();
  };
  /** @param {string} name */
  const turnTo = name => {
    hits.scope = name;
    hits.keepCursor();
    draw();
    input.focus();
  };
  const drawChosen = () => {
    const at = hits.at === null ? null : `hit-${hits.at.replace(":", "-")}`;
    if (at) input.setAttribute("aria-activedescendant", at);
    else input.removeAttribute("aria-activedescendant");
    if (at) document.getElementById(at)?.scrollIntoView({block: "nearest"});
    foot.replaceChildren(...faces.keys());
    look.replaceChildren(...faces.chosen(hits.current(), go));
  };

  // — acting —
  /** @param {boolean} inWindow */
  const go = inWindow => {
    const chosen = hits.current();
    if (!chosen) return;
    const [name, hit] = chosen;
    if (name === "actions") {
      close();
      hit.go();
      return;
    }
    if (name === "places") {
      const does = desk.place(hit);
      if (!does) return;
      close();
      does();
      return;
    }
    if (inWindow) {
      open(desk.address(hit), "_blank", "noopener");
      return;
    }
    back = null; // the opened case takes the focus
    close();
    desk.open(hit);
  };
  const copy = async () => {
    const chosen = hits.current();
    if (!chosen || !chosen[1].id) return;
    await navigator.clipboard?.writeText(chosen[1].id).catch(() => {});
    as.textContent = format.fill(words.copied, {id: chosen[1].id});
  };
  /** @param {() => void} change */
  const moved = change => {
    const before = hits.at && document.getElementById(`hit-${hits.at.replace(":", "-")}`);
    change();
    if (before) {
      before.classList.remove("on");
      before.setAttribute("aria-selected", "false");
    }
    const after = hits.at && document.getElementById(`hit-${hits.at.replace(":", "-")}`);
    if (after) {
      after.classList.add("on");
      after.setAttribute("aria-selected", "true");
    }
    drawChosen();
  };
  scope.listen(list, "click", (/** @type {On<MouseEvent>} */ event) => {
    const hit = event.target.closest("[data-key]"),
      more = event.target.closest("[data-scope]");
    if (event.target.closest("[data-people]")) enterPeople();
    if (more && hits.scope === "all") turnTo(more.dataset.scope || "all");
    if (!hit) return;
    moved(() => (hits.at = hit.dataset.key || null));
    go(event.ctrlKey || event.metaKey);
  });
  scope.listen(document, "keydown", (/** @type {On<KeyboardEvent>} */ event) => {
    const control = event.ctrlKey || event.metaKey;
    if (!dialog) return;
    /** @type {{[key: string]: () => void}} */
    const keys = {
      ArrowDown: () => moved(() => hits.move(1)),
      ArrowUp: () => moved(() => hits.move(-1)),
      PageDown: () => moved(() => hits.jump(1)),
      PageUp: () => moved(() => hits.jump(-1)),
      Enter: () => go(control),
    };
    const does = keys[event.key];
    const isElsewhere = event.target.closest("button, form");
    if (event.altKey && event.key.toLowerCase() === "p") {
      event.preventDefault();
      enterPeople();
    } else if (does && !event.isComposing && !(isElsewhere && event.key === "Enter")) {
      event.preventDefault();
      does();
    } else if (event.key === "Tab" && event.target === input && !event.altKey && hits.groups.size) {
      event.preventDefault();
      hits.turn(event.shiftKey ? -1 : 1);
      draw();
    } else if (control && event.key.toLowerCase() === "k") {
      event.preventDefault();
      input.select();
    } else if (control && event.key.toLowerCase() === "c" && !String(getSelection()) && isNothingMarked()) {
      event.preventDefault();
      copy();
    }
  });
  const isNothingMarked = () => input.selectionStart === input.selectionEnd;
  scope.add(close);
  return {show, close};
};
