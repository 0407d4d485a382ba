// @ts-check
// The duty's tabs on a desk: the log book, the handover with its signatures, incident reports, grids and their people.
import {openDialog} from "../core/dialog.js";
import {$, h} from "../core/dom.js";
import {redraw} from "../core/focus.js";
import {post} from "../core/session.js";

/**
 * @param {any} desk  the desk's parts (page.js)
 * @returns {{report: (caseId: string, number: number) => void, show: (name: string) => void}}
 */
export const makeDuty = desk => {
  const {about, texts, format, tiles, words} = desk,
    seat = encodeURIComponent(about.seat);
  const may = right => about.rights.includes(right),
    lang = texts.language === "en" ? "?lang=en" : "",
    token = () => (crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2));
  const read = async path => {
    const answer = await fetch(path).catch(() => null);
    return answer && answer.ok ? answer.json() : null;
  };
  const failed = box => box.replaceChildren(h("p", {class: "none"}, texts.panel.failed));
  const refusedText = said => said.error && (texts.handover.refused[said.code] || said.error);
  const button = (label, click, cls = "", more = {}) => {
    const b = h("button", {class: cls, ...more}, label);
    b.onclick = click;
    return b;
  };

  // — the log book and the reports —
  const KINDS = ["note", "phone", "instruction", "inspection"];
  const reportName = number =>
    number === 0
      ? texts.alarm.reports.phone
      : number === 1
        ? texts.alarm.reports.written
        : format.fill(texts.alarm.reports.follow_up, {n: number - 1});
  const addEntry = () => {
    const ours = token();
    openDialog(
      texts,
      texts.log.add,
      [
        [
          "kind",
          texts.log.kind,
          h(
            "select",
            {name: "kind"},
            KINDS.map(kind => h("option", {value: kind}, texts.log.kinds[kind])),
          ),
        ],
        ["text", texts.log.text, h("textarea", {name: "text", required: "", maxlength: 2000, rows: 4})],
        ["case_id", texts.log.case, h("input", {name: "case_id", maxlength: 64})],
      ],
      async values => {
        const said = await post("/api/v1/log", {seat: about.seat, token: ours, ...values});
        if (said.error) return refusedText(said);
        showLog();
        return undefined;
      },
    );
  };
  const report = (caseId, number) =>
    openDialog(
      texts,
      `${words.report_title} · ${reportName(number)}`,
      [
        ["text", texts.log.text, h("textarea", {name: "text", required: "", maxlength: 2000, rows: 5})],
        ...(number >= 1
          ? [
              [
                "is_last",
                words.report_last,
                h(
                  "select",
                  {name: "is_last"},
                  h("option", {value: ""}, words.no),
                  h("option", {value: "1"}, words.yes),
                ),
              ],
            ]
          : []),
      ],
      async values => {
        const said = await post("/api/v1/reports", {
          seat: about.seat,
          case_id: caseId,
          number,
          text: values.text,
          is_last: !!values.is_last,
        });
        if (said.error) return refusedText(said);
        showLog();
        return undefined;
      },
      {note: caseId},
    );
  const showLog = async () => {
    const box = $("body-log"),
      [log, due] = await Promise.all([
        read(`/api/v1/log?seat=${seat}&lang=${texts.language}`),
        read(`/api/v1/reports?seat=${seat}`),
      ]);
    if (!log || !due) {
      failed(box);
      return;
    }
    const now = desk.live.now();
    redraw(
      box,
      h("div", {class: "section-head"}, h("h2", null, words.reports_due), h("span", {class: "when"}, format.hms(now))),
      due.due.length
        ? h(
            "ol",
            {class: "due"},
            due.due.map(d =>
              h(
                "li",
                {class: d.due_at <= now ? "bad" : d.due_at - now < 600000 ? "warn" : ""},
                h("a", {"data-case": d.case_id, class: "touch", role: "button", tabindex: 0}, d.case_id),
                h("span", null, tiles.street(d.street)),
                h("b", null, reportName(d.number)),
                h(
                  "span",
                  null,
                  `${d.due_at <= now ? texts.word.overdue : texts.word.remaining} ${format.duration(d.due_at - now)}`,
                ),
                may("write_report") ? button(words.write_report, () => report(d.case_id, d.number)) : null,
              ),
            ),
          )
        : h("p", {class: "none"}, words.no_reports),
      h(
        "div",
        {class: "section-head"},
        h("h2", null, texts.log.title),
        may("write_log") ? button(texts.log.add, addEntry, "first", {id: "add-entry"}) : null,
      ),
      log.entries.length
        ? h(
            "ol",
            {class: "log"},
            log.entries.map(e =>
              h(
                "li",
                {class: e.by_people ? "by-people" : ""},
                h("time", null, format.hm(e.at)),
                h("span", {class: "dim"}, texts.log.kinds[e.kind] || e.kind),
                h(
                  "span",
                  null,
                  e.text,
                  e.case_id
                    ? [" ", h("a", {"data-case": e.case_id, class: "touch", role: "button", tabindex: 0}, e.case_id)]
                    : null,
                ),
                h("span", {class: "dim"}, e.who || texts.alarm.system),
              ),
            ),
          )
        : h("p", {class: "none"}, texts.log.none),
    );
  };

  // — the handover —
  const showHandover = async () => {
    const box = $("body-handover"),
      found = await read(`/api/v1/handover?seat=${seat}&lang=${texts.language}`);
    if (!found) {
      failed(box);
      return;
    }
    const {duty} = found,
      link = id => `/handover/${seat}/${encodeURIComponent(id)}${lang}`;
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
          {note: words.sign_out_note, button: words.sign},
        ),
      "first",
      {id: "sign-out"},
    );
    const into = kept =>
      button(
        words.sign_in,
        () =>
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
            {note: words.sign_in_note, button: words.sign},
          ),
        "first",
        {"data-sign-in": kept.id},
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
      h("h2", null, words.sheets),
      found.handovers.length
        ? h(
            "ol",
            {class: "sheets"},
            found.handovers.map(k =>
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
                  {class: k.in_by ? "" : "warn"},
                  k.in_by ? `${words.in_by} ${k.in_by} ${format.hm(k.in_at)}` : words.not_signed_in,
                ),
                !k.in_by && may("sign_handover") && k.out_by !== found.me ? into(k) : null,
              ),
            ),
          )
        : h("p", {class: "none"}, words.no_sheets),
    );
  };

  // — grids and their people —
  const showGrids = async () => {
    const box = $("body-grids");
    const [found, teams] = await Promise.all([
      read(`/api/v1/grids?seat=${seat}`),
      read(`/api/v1/units${about.street ? `?street=${encodeURIComponent(about.street)}` : ""}`),
    ]);
    if (!found || !teams) {
      failed(box);
      return;
    }
    const brigade = b =>
      h(
        "details",
        {class: "brigade"},
        h(
          "summary",
          null,
          h("b", null, texts.language === "en" ? b.group_en : b.group),
          " ",
          h(
            "span",
            {class: "mid"},
            format.fill(words.members, {
              n: b.members.length,
              free: b.free,
              assigned: b.assigned,
              on_scene: b.on_scene,
              off: b.off,
            }),
          ),
        ),
        h(
          "ul",
          null,
          b.members.map(u =>
            h(
              "li",
              {class: u.freshness},
              h("b", null, u.unit_id),
              ` ${texts.unit_kind[u.kind] || ""} · ${u.freshness === "fresh" ? texts.unit_status[u.status] || "" : format.fill(words.stale_unit, {t: format.duration(Math.max(found.as_of - u.at, 0))})} `,
              u.case_id
                ? h("a", {"data-case": u.case_id, class: "touch", role: "button", tabindex: 0}, u.case_id)
                : null,
            ),
          ),
        ),
      );
    const g = texts.grid,
      ago = at => (at ? format.fill(words.ago, {t: format.duration(found.as_of - at)}) : "—");
    const watched = h(
      "table",
      {class: "plain-table"},
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          [g.watched, words.watched_by, texts.word.open, words.new_24h, g.patrol].map(t => h("th", null, t)),
        ),
      ),
      h(
        "tbody",
        null,
        found.watched.map(a =>
          h(
            "tr",
            null,
            h("td", null, a.name),
            h("td", null, a.watched_by || "—"),
            h("td", {class: "num"}, a.open),
            h("td", {class: "num"}, a.new),
            h("td", null, ago(a.patrolled_at)),
          ),
        ),
      ),
    );
    const table = h(
      "table",
      {class: "plain-table"},
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          [g.title, g.open, g.overdue, g.due_soon, g.on_the_spot, g.households, g.patrol, g.people].map(t =>
            h("th", null, t),
          ),
        ),
      ),
      h(
        "tbody",
        null,
        found.grids.map(x =>
          h(
            "tr",
            null,
            h("td", null, x.name),
            h("td", {class: "num"}, x.open),
            h("td", {class: `num ${x.overdue ? "bad" : ""}`}, x.overdue),
            h("td", {class: "num"}, x.due_soon),
            h(
              "td",
              {class: "num"},
              x.on_the_spot === null ? "—" : `${format.percent(x.on_the_spot)} (${x.self_handled}/${x.reported})`,
            ),
            h("td", {class: "num"}, x.households || "—"),
            h("td", null, ago(x.patrolled_at)),
            h(
              "td",
              {class: "people-cell"},
              x.people.map(p =>
                h(
                  "span",
                  {title: texts.grid_role[p.role] || p.role},
                  `${texts.grid_role[p.role] || p.role} ${p.name || g.vacant} ${p.phone || ""}`,
                ),
              ),
            ),
          ),
        ),
      ),
    );
    const open = new Set([...box.querySelectorAll("details[open] b:first-child")].map(b => b.textContent));
    const lists = teams.brigades.map(brigade);
    for (const list of lists) if (open.has(list.querySelector("b").textContent)) list.open = true;
    redraw(
      box,
      h("h2", null, words.brigades),
      ...(lists.length ? lists : [h("p", {class: "none"}, "—")]),
      ...(about.street
        ? [h("h2", null, `${g.title} · ${found.grids.length}`), table]
        : [
            h("p", {class: "mid"}, words.grids_by_street),
            h(
              "p",
              {class: "street-links"},
              Object.entries(desk.places.streets).map(([code, s]) =>
                h("a", {href: `/street/${encodeURIComponent(code)}${lang}`}, s.name),
              ),
            ),
          ]),
      h("h2", null, g.watched),
      found.watched.length ? watched : h("p", {class: "none"}, "—"),
    );
  };

  const tabs = {
    report,
    show: name =>
      ({log: showLog, handover: showHandover, grids: showGrids, alarms: () => desk.alarms.show()})[name]?.(),
  };
  // Open tabs follow: quietly, and only while somebody can see them.
  desk.scope.every(30000, () => {
    if (document.hidden || document.querySelector("dialog[open]")) return;
    for (const [name, show] of Object.entries({log: showLog, handover: showHandover, grids: showGrids}))
      if (!$(`body-${name}`).hidden) show();
  });
  return tabs;
};
