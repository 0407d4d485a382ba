// @ts-check
// Commands: asked for with a reason, sent once however often one clicks, followed until they are done or refused.
import {openDialog, toast} from "../core/dialog.js";
import {h} from "../core/dom.js";
import {AT as A} from "../core/reducer.js";
import {post} from "../core/session.js";

export const makeCommands = ({scope, about, texts, format, places, live, tiles, onChange}) => {
  const words = texts.desk,
    UNANSWERED_MS = 10000;
  const sent = new Map(); // case → {id, type, state, reason, at}
  const byId = new Map(),
    early = new Map(); // an answer by the socket may overtake the one to the click
  let picked = [];
  const newBatch = () =>
    crypto.randomUUID
      ? crypto.randomUUID()
      : Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, "0")).join("");

  /** A refusal in words: our own codes, or the case system's, whose text begins with one. */
  const why = reason => {
    const code = (reason || "").split(":")[0].trim();
    return (
      texts.refusal[code] ||
      (reason
        ? texts.language === "en" || /[^\x00-\x7f]/.test(reason)
          ? reason
          : texts.refusal.other
        : texts.refusal.other)
    );
  };
  const say = ({type, state, reason, at}) => {
    const late = state === "sent" && Date.now() - at > UNANSWERED_MS;
    const word =
      state === "refused" || state === "unsent"
        ? `${words[state]}：${why(reason)}`
        : late
          ? words.unanswered
          : words[state];
    return format.fill(words.command_line, {what: texts.command[type], state: word});
  };
  const keep = (outcome, type) => {
    const item = {
      id: outcome.command_id,
      case: outcome.case_id,
      type,
      state: outcome.state,
      reason: outcome.reason,
      at: Date.now(),
    };
    sent.set(outcome.case_id, item);
    if (outcome.command_id) byId.set(outcome.command_id, item);
    if (early.has(item.id)) {
      [item.state, item.reason] = early.get(item.id);
      early.delete(item.id);
    }
    if (item.state === "sent") scope.after(UNANSWERED_MS + 50, () => item.state === "sent" && onChange([item.case]));
    if (item.state === "done") fade(item);
  };
  /** What is done is said for a moment, then the case itself says it. */
  const fade = item =>
    scope.after(8000, () => {
      if (sent.get(item.case) === item) {
        sent.delete(item.case);
        onChange([item.case]);
      }
    });
  const settle = rows => {
    const cases = [];
    for (const [id, , state, reason] of rows) {
      const item = byId.get(id);
      if (!item) {
        early.set(id, [state, reason]);
        continue;
      }
      if (item.state === state) continue;
      item.state = state;
      item.reason = reason;
      cases.push(item.case);
      if (state === "done") fade(item);
      if (state === "refused") toast(say(item), "bad");
    }
    if (cases.length) onChange(cases);
  };
  const catchUp = async () => {
    const open = [...byId.values()].filter(item => item.state === "sent").map(item => item.id);
    if (!open.length) return;
    const answer = await fetch(`/api/v1/commands?ids=${open.slice(0, 300).join(",")}`).catch(() => null);
    if (answer && answer.ok) settle((await answer.json()).commands);
  };

  /** Sends one click; the batch stays the same while it is tried again. */
  const send = async (type, cases, reason, data, batch, url = "/api/v1/commands", body = null) => {
    const said = await post(url, body || {batch, type, cases, reason, data});
    if (said.error)
      return said.status === 403 ? texts.refusal.forbidden : said.status === 409 ? texts.refusal.stale : said.error;
    for (const outcome of said.outcomes) keep(outcome, type);
    onChange(said.outcomes.map(o => o.case_id));
    const refused = said.outcomes.filter(o => o.state === "refused" || o.state === "unsent");
    if (cases.length > 1)
      toast(
        format.fill(words.outcome, {done: said.outcomes.length - refused.length, refused: refused.length}),
        refused.length ? "bad" : "",
      );
    return cases.length === 1 && refused.length
      ? why(refused[0].reason)
      : said.outcomes.length && refused.length === said.outcomes.length
        ? why(refused[0].reason)
        : undefined;
  };

  // — what each command asks for —
  const units = Object.entries(places.units);
  const select = (name, options, more = {}) =>
    h(
      "select",
      {name, ...more},
      options.map(([value, label]) => h("option", {value}, label)),
    );
  const unitChoice = (name, first = null, more = {}) =>
    select(name, [...(first === null ? [] : [["", first]]), ...units], more);
  const reasonCodes = () =>
    select(
      "reason_code",
      Object.entries(texts.reason).filter(([code]) => code !== "unknown"),
    );
  const district = `${about.district}-center`;
  const FIELDS = {
    "case.dispatch": () => [
      ["lead_unit", words.lead_unit, unitChoice("lead_unit", null, {required: ""})],
      ["co_units", words.co_units, unitChoice("co_units", null, {multiple: "", size: 4})],
      [
        "limit",
        words.limit,
        h("span", {class: "pair"}, h("input", {name: "limit", type: "number", min: "1", max: "999"})),
      ],
    ],
    "case.return": () => [
      ["to_unit", words.to_unit, unitChoice("to_unit", "—")],
      ["reason_code", words.reason_code, reasonCodes()],
    ],
    "case.supervise": () => [
      ["kind", words.kind, select("kind", Object.entries(words.kinds))],
      [
        "level",
        words.level,
        select("level", [
          ["1", "1"],
          ["2", "2"],
          ["3", "3"],
        ]),
      ],
    ],
    "case.suspend": () => [["until", words.until, h("input", {name: "until", type: "datetime-local", required: ""})]],
    "case.escalate": () => [
      ["to", words.to, select("to", [[district, words.center_unit], ...units])],
      ["reason_code", words.reason_code, reasonCodes()],
    ],
    "case.close": () => [["result", words.result, h("input", {name: "result", maxlength: 500})]],
    "case.whistle": () => [["units", words.units, unitChoice("units", null, {multiple: "", size: 6, required: ""})]],
    "case.merge": () => [["into", words.into, h("input", {name: "into", required: "", maxlength: 64})]],
  };
  const toData = (type, values) => {
    const data = {};
    for (const [name, value] of Object.entries(values)) {
      if (name === "reason" || value === "" || (Array.isArray(value) && !value.length)) continue;
      if (name === "limit") data.limit = {value: +value, unit: "WH"};
      else if (name === "level") data.level = +value;
      else if (name === "until") data.until = zoned(value, places.zone);
      else data[name] = value;
    }
    return data;
  };
  const reasonField = () => {
    const area = h("textarea", {name: "reason", required: "", minlength: 2, maxlength: 500, rows: 3});
    const chips = h(
      "span",
      {class: "presets"},
      words.reasons.map(text => {
        const b = h("button", {type: "button"}, text);
        b.onclick = () => {
          area.value = text;
          area.focus();
        };
        return b;
      }),
    );
    return ["reason", words.reason, h("span", {class: "reason"}, area, chips)];
  };
  /** Opens the form of a command for these cases: [[id, version], …]. */
  const open = (type, cases, fixed = {}, extra = []) => {
    if (!cases.length) return;
    const batch = newBatch(),
      fields = [...extra, ...(FIELDS[type] ? FIELDS[type]() : []), reasonField()];
    const note = cases.length > 1 ? format.fill(words.many, {n: cases.length}) : title(cases[0][0]);
    openDialog(
      texts,
      texts.command[type],
      fields,
      values => send(type, cases, values.reason, {...toData(type, values), ...fixed}, batch),
      {note},
    );
  };
  const title = id => {
    const row = live.state.rows.get(id);
    return row ? `${tiles.className(row)} · ${id}` : id;
  };
  const answer = (verb, id) => {
    const row = live.state.rows.get(id),
      batch = newBatch();
    if (!row) return;
    openDialog(
      texts,
      words[verb],
      [reasonField()],
      values =>
        send(
          "case.escalate",
          [[id, row[A.version]]],
          values.reason,
          {},
          batch,
          `/api/v1/proposals/${encodeURIComponent(id)}/${verb}`,
          {batch, version: row[A.version], reason: values.reason},
        ),
      {note: `${title(id)} · ${texts.rule[row[A.proposal]] || ""}`},
    );
  };
  const decline = id => {
    const row = live.state.rows.get(id);
    openDialog(
      texts,
      words.decline,
      [reasonField()],
      async values => {
        const said = await post(`/api/v1/proposals/${encodeURIComponent(id)}/decline`, {
          batch: newBatch(),
          version: row[A.version],
          reason: values.reason,
        });
        return said.error ? (said.status === 409 ? texts.refusal.stale : said.error) : undefined;
      },
      {note: `${title(id)} · ${texts.rule[row[A.proposal]] || ""}`},
    );
  };

  // — several at once —
  const BATCHED = [
    "case.dispatch",
    "case.urge",
    "case.supervise",
    "case.return",
    "case.acknowledge_escalation",
    "case.escalate",
    "case.suspend",
    "case.resume",
    "case.close",
  ];
  const selected = cases => {
    picked = cases;
    const bar = document.getElementById("queue-batch");
    bar.hidden = !cases.length;
    if (!cases.length) return;
    bar.replaceChildren(
      h("b", null, format.fill(words.selected, {n: cases.length})),
      ...BATCHED.filter(type => about.rights.includes(type)).map(type => {
        const b = h("button", {"data-batch": type}, texts.command[type]);
        b.onclick = () => open(type, commandsFor());
        return b;
      }),
      (() => {
        const b = h("button", {class: "plain"}, words.clear);
        b.onclick = () => api.clear();
        return b;
      })(),
    );
  };
  /** The versions as the table has them now: a change since the tick is seen by the person too. */
  const commandsFor = () =>
    picked.map(([id, version]) => {
      const row = live.state.rows.get(id);
      return [id, row ? row[A.version] : version];
    });

  const api = {
    of: id => sent.get(id),
    say,
    settle,
    catchUp,
    open,
    answer,
    decline,
    selected,
    send,
    newBatch,
    why,
    clear: () => {},
  };
  return api;
};

/** A local date and time of the district («2026-11-24T18:00») with its offset, as RFC 3339. */
export const zoned = (local, zone) => {
  const at = new Date(`${local}:00Z`).getTime();
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    })
      .formatToParts(at)
      .map(p => [p.type, p.value]),
  );
  const offset = Math.round(
    (Date.UTC(+parts.year, +parts.month - 1, +parts.day, +parts.hour, +parts.minute) - at) / 60000,
  );
  const sign = offset < 0 ? "-" : "+",
    abs = Math.abs(offset);
  return `${local}:00${sign}${String(Math.floor(abs / 60)).padStart(2, "0")}:${String(abs % 60).padStart(2, "0")}`;
};
