// @ts-check
// The handover of a desk: who is on duty, the sheets, their two signatures.
import {openDialog} from "../core/dialog.js";
import {$, h} from "../core/dom.js";
import {redraw} from "../core/focus.js";
import {post} from "../core/session.js";

/**
 * A sheet as it is kept; times in Unix ms.
 * @typedef {Object} KeptSheet
 * @property {string} id
 * @property {string} shift
 * @property {number} shift_from
 * @property {string} digest
 * @property {string} out_by
 * @property {number} out_at
 * @property {string} in_by
 * @property {number} in_at
 * @property {boolean} is_over
 * @property {boolean} waits_for_leader
 */

/**
 * @param {import("./page.js").Desk} desk
 * @param {import("./duty.js").Hands} hands
 * @returns {() => Promise<void>}  shows it
 */
export const makeHandover = (desk, {may, seat, lang, read, failed, refusedText, button}) => {
  const {about, texts, format, words} = desk;
  const showHandover = async () => {
    const box = $("body-handover"),
      found = await read(`/api/v1/handover?seat=${seat}&lang=${texts.language}`);
    if (!found) {
      failed(box);
      return;
    }
    const {duty, warnings} = found,
      // Before anybody signs: who is not on the roster is told so, and what the two ways out are.
      told = (/** @type {string} */ key) => (warnings[key] ? [`▲ ${warnings[key]}`, texts.handover.two_ways] : []),
      warned = (/** @type {string} */ key) =>
        warnings[key] ? h("p", {class: "warn off-roster", role: "status"}, told(key).join(" ")) : null,
      link = (/** @type {string} */ id) => `/handover/${seat}/${encodeURIComponent(id)}${lang}`;
    // For who is not on the roster.
    const why = () => [["reason", words.sign_why, h("input", {name: "reason", maxlength: 500})]];
    const out = button(
      words.sign_out,
      () =>
        openDialog(
          texts,
          words.sign_out,
          why(),
          async ({reason}) => {
            const said = await post("/api/v1/handover/out", {seat: about.seat, reason});
            if (said.error) return refusedText(said);
            showHandover();
            return undefined;
          },
          {note: words.sign_out_note, notes: told("out"), button: words.sign},
        ),
      "first",
      {id: "sign-out"},
    );
    /** @param {KeptSheet} kept */
    const into = kept =>
      button(
        words.sign_in,
        async () => {
          // Nobody signs what they have not been shown.
          const brief = await read(
            `/api/v1/handover/${encodeURIComponent(kept.id)}/brief?seat=${seat}&lang=${texts.language}`,
          );
          if (!brief) {
            failed(box);
            return;
          }
          openDialog(
            texts,
            words.sign_in,
            why(),
            async ({reason}) => {
              const said = await post(`/api/v1/handover/${encodeURIComponent(kept.id)}/in`, {
                seat: about.seat,
                digest: kept.digest,
                reason,
              });
              if (said.error) return refusedText(said);
              showHandover();
              return undefined;
            },
            {note: words.sign_in_note, notes: [...told(kept.id), ...brief.lines], button: words.sign},
          );
        },
        "first",
        {"data-sign-in": kept.id},
      );
    /** @param {KeptSheet} kept */
    const accept = kept =>
      button(
        words.accept_stranger,
        async () => {
          const said = await post(`/api/v1/handover/${encodeURIComponent(kept.id)}/accept`, {seat: about.seat});
          if (said.error) failed(box);
          else showHandover();
        },
        "first",
        {"data-accept": kept.id},
      );
    /** @param {string} id  @param {boolean} isOver */
    const note = (id, isOver) =>
      button(
        isOver ? words.add_addition : words.add_note,
        () =>
          openDialog(
            texts,
            isOver ? words.add_addition : words.add_note,
            [["text", texts.log.text, h("textarea", {name: "text", required: "", maxlength: 500, rows: 3})]],
            async ({text}) => {
              const said = await post(`/api/v1/handover/${encodeURIComponent(id)}/notes`, {seat: about.seat, text});
              if (said.error) return refusedText(said);
              showHandover();
              return undefined;
            },
          ),
        "",
        {"data-add-note": id},
      );
    /** @param {string} id */
    const noteList = id =>
      (found.notes[id] || []).map((/** @type {{at: number, text: string, who: string, is_addition: boolean}} */ n) =>
        h(
          "li",
          null,
          h("time", null, format.hm(n.at)),
          h("span", null, `${n.is_addition ? `${texts.handover.addition}：` : ""}${n.text}`),
          h("span", {class: "dim"}, n.who),
        ),
      );
    redraw(
      box,
      h("h2", null, words.on_duty),
      h(
        "p",
        null,
        `${duty.shift} ${format.hm(duty.from_ms)} – ${format.hm(duty.until_ms)}`,
        duty.officers.length ? ` · ${duty.officers.join("、")}` : "",
        duty.leader ? ` · ${texts.handover.leader} ${duty.leader}` : "",
      ),
      h(
        "div",
        {class: "pair-buttons"},
        h("a", {class: "button", href: link("now"), target: "_blank", rel: "noopener"}, words.sheet_now),
        may("sign_handover") ? out : null,
      ),
      ...[warned("out")].filter(Boolean),
      h(
        "div",
        {class: "section-head"},
        h("h2", null, words.notes_now),
        may("note_handover") ? note(found.present, false) : null,
      ),
      (found.notes[found.present] || []).length
        ? h("ol", {class: "handover-notes"}, noteList(found.present))
        : h("p", {class: "none"}, texts.handover.no_notes),
      h("h2", null, words.sheets),
      found.handovers.length
        ? h(
            "ol",
            {class: "sheets"},
            found.handovers.map((/** @type {KeptSheet} */ k) =>
              h(
                "li",
                null,
                h(
                  "a",
                  {href: link(k.id), target: "_blank", rel: "noopener"},
                  `${k.shift || texts.handover.day} ${format.hm(k.shift_from)}`,
                ),
                h("span", null, `${words.out_by} ${k.out_by || "—"} ${k.out_at ? format.hm(k.out_at) : ""}`),
                h(
                  "span",
                  {class: k.is_over ? "" : "warn"},
                  k.in_by ? `${words.in_by} ${k.in_by} ${format.hm(k.in_at)}` : words.not_signed_in,
                ),
                k.waits_for_leader
                  ? h("span", {class: "warn"}, `▲ ${texts.handover.off_roster}，${texts.handover.to_be_accepted}`)
                  : null,
                k.waits_for_leader && may("accept_handover") ? accept(k) : null,
                may("note_handover") && k.id !== found.present ? note(k.id, !!k.in_by) : null,
                k.in_by ? null : warned(k.id),
                !k.in_by && may("sign_handover") && k.out_by !== found.me ? into(k) : null,
              ),
            ),
          )
        : h("p", {class: "none"}, words.no_sheets),
    );
  };
  return showHandover;
};
