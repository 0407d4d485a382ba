// @ts-check
// Commands: asked for with a reason, sent once however often one clicks, followed until they are done or refused.
import {openDialog, toast} from "../core/dialog.js";
import {$, h} from "../core/dom.js";
import {AT as A} from "../core/reducer.js";
import {post} from "../core/session.js";
import {makeForms} from "./forms.js";

/** @typedef {{id: string, case: string, type: string, what: string, state: string, reason: string, at: number}} SentCommand */
/** @typedef {{[field: string]: any}} CommandData  by the fields of the command's own type */

/**
 * @param {{scope: Scope, about: DeskAbout, texts: Texts, format: Format, places: Places, live: DeskLive, tiles: Tiles, onChange: (ids: string[]) => void}} desk
 */
export const makeCommands = ({scope, about, texts, format, places, live, tiles, onChange}) => {
  const words = texts.desk,
    UNANSWERED_MS = 10000,
    forms = makeForms({about, texts, format, places, tiles, live});
  /** @type {Map<string, SentCommand>} by case */
  const sent = new Map();
  /** @type {Map<string, SentCommand>} */
  const byId = new Map();
  /** @type {Map<string, [state: string, reason: string]>} an answer by the socket may overtake the one to the click */
  const early = new Map();
  /** @type {SeenCase[]} */
  let picked = [];
  const newBatch = () =>
    crypto.randomUUID
      ? crypto.randomUUID()
      : Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, "0")).join("");
  /** What a command is called here: an officer who is the district asks nobody to take a case over.  @param {string} type  @returns {string} */
  const named = type => (!about.street && texts.command_of_district[type]) || texts.command[type];

  /** A refusal in words: our own codes, or the case system's, whose text begins with one.  @param {string} reason */
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
  /** @param {SentCommand} item */
  const state = ({state, reason, at}) => {
    const late = state === "sent" && Date.now() - at > UNANSWERED_MS;
    return state === "refused" || state === "unsent"
      ? `${words[state]}：${why(reason)}`
      : late
        ? words.unanswered
        : words[state];
  };
  /** How a command stands, short; ``tell`` says besides to whom the case goes.  @param {SentCommand} item */
  const say = item => format.fill(words.command_line, {what: named(item.type), state: state(item)});
  /** @param {SentCommand} item */
  const tell = item => format.fill(words.command_line, {what: item.what, state: state(item)});
  /** @param {{command_id: string, case_id: string, state: string, reason: string}} outcome  @param {string} type  @param {string} what */
  const keep = (outcome, type, what) => {
    const item = {
      id: outcome.command_id,
      case: outcome.case_id,
      type,
      what,
      state: outcome.state,
      reason: outcome.reason,
      at: Date.now(),
    };
    sent.set(outcome.case_id, item);
    if (outcome.command_id) byId.set(outcome.command_id, item);
    const overtaken = early.get(item.id);
    if (overtaken) {
      [item.state, item.reason] = overtaken;
      early.delete(item.id);
    }
    if (item.state === "sent") scope.after(UNANSWERED_MS + 50, () => item.state === "sent" && onChange([item.case]));
    if (item.state === "done") fade(item);
  };
  /** What is done is said for a moment, then the case itself says it.  @param {SentCommand} item */
  const fade = item =>
    scope.after(8000, () => {
      if (sent.get(item.case) === item) {
        sent.delete(item.case);
        onChange([item.case]);
      }
    });
  /** @param {[id: string, case_id: string, state: string, reason: string][]} rows */
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
      if (state === "done" && !item.case) toast(tell(item));
      if (state === "refused") toast(tell(item), "bad");
    }
    if (cases.length) onChange(cases);
  };
  const catchUp = async () => {
    const open = [...byId.values()].filter(item => item.state === "sent").map(item => item.id);
    if (!open.length) return;
    const answer = await fetch(`/api/v1/commands?ids=${open.slice(0, 300).join(",")}`).catch(() => null);
    if (answer && answer.ok) settle((await answer.json()).commands);
  };

  /**
   * Sends one click; the batch stays the same while it is tried again.
   * @param {string} type
   * @param {SeenCase[]} cases
   * @param {string} reason
   * @param {CommandData} data
   * @param {string} batch
   * @param {{url?: string, body?: object|null, what?: string}} [more]
   * @returns {Promise<string|undefined>}  words where it was refused
   */
  const send = async (type, cases, reason, data, batch, {url = "/api/v1/commands", body = null, what = ""} = {}) => {
    const said = await post(url, body || {batch, type, cases, reason, data});
    if (said.error)
      return said.status === 403 ? texts.refusal.forbidden : said.status === 409 ? texts.refusal.stale : said.error;
    for (const outcome of said.outcomes) keep(outcome, type, what || toWhom(named(type), data));
    onChange(said.outcomes.map((/** @type {{case_id: string}} */ o) => o.case_id));
    const refused = said.outcomes.filter(
      (/** @type {{state: string}} */ o) => o.state === "refused" || o.state === "unsent",
    );
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
  /** «派遣，交 城管局»: what is done and who has the case by it.  @param {string} what  @param {CommandData} data */
  const toWhom = (what, data) => {
    const to = data.lead_unit || data.to || data.to_unit || data.unit_id;
    return to ? format.fill(texts.form.goes_to, {what, to: data.unit_id ? to : forms.nameOf(to)}) : what;
  };

  // — what each command asks for —
  /** @param {string} id */
  const title = id => {
    const row = live.state.rows.get(id);
    return row ? `${tiles.className(row)} · ${id}` : id;
  };
  /** The limit that the panel says of this case: it stands there as data.  @param {string} id */
  const limitOf = id => {
    const told = $("panel-of");
    return told && told.dataset.case === id && told.dataset.limit ? JSON.parse(told.dataset.limit) : undefined;
  };
  /** What must be known before one sends: who leads what is called together, where the case goes.  @param {string} type  @param {SeenCase[]} cases  @returns {string[]} */
  const notesOf = (type, cases) => {
    const row = cases.length === 1 ? live.state.rows.get(cases[0][0]) : null;
    if (type === "case.whistle" && row)
      return [format.fill(texts.form.leads, {unit: row[A.leadUnit] ? forms.nameOf(row[A.leadUnit]) : "—"})];
    if (type === "case.escalate") return [texts.form.to_district];
    if (type === "case.take_back" && row)
      return [format.fill(texts.form.to_street, {street: tiles.street(row[A.street])})];
    return [];
  };
  /**
   * Opens the form of a command for these cases: [[id, version], …]. ``given``: what need not be asked for.
   * @param {string} type
   * @param {SeenCase[]} cases
   * @param {CommandData} [given]
   * @param {string[]} [notes]
   */
  const open = (type, cases, given = {}, notes = []) => {
    if (!cases.length) return;
    const batch = newBatch(),
      ids = cases.map(([id]) => id);
    if (cases.length === 1 && forms.isOneClick(type, given)) {
      atOnce(type, cases, given, batch);
      return;
    }
    const what = named(type),
      head = cases.length > 1 ? format.fill(words.many, {n: cases.length}) : title(ids[0]);
    openDialog(
      texts,
      what,
      forms.rowsOf(type, ids, given, {limit: ids.length === 1 ? limitOf(ids[0]) : undefined}),
      values => send(type, cases, values.reason || "", forms.dataOf(type, {...values, ...given}), batch),
      {notes: [head, ...notesOf(type, cases), ...notes], button: what},
    );
  };
  /** Asks for the repair of a camera; what became of it is said in a line of news.  @param {string} cameraId  @param {string} name */
  const repair = (cameraId, name) => {
    const type = "camera.repair",
      batch = newBatch();
    openDialog(
      texts,
      named(type),
      forms.rowsOf(type, [], {camera_id: cameraId, case_id: ""}),
      async values => {
        const wrong = await send(type, [], values.reason, {}, batch, {
          url: `/api/v1/cameras/${encodeURIComponent(cameraId)}/repair`,
          body: {batch, ...forms.dataOf(type, values), reason: values.reason},
          what: `${named(type)} ${name}`,
        });
        const item = sent.get("");
        if (!wrong && item) toast(tell(item));
        return wrong;
      },
      {notes: [name === cameraId ? name : `${name} · ${cameraId}`], button: named(type)},
    );
  };
  /**
   * Nothing is asked for: the click itself is the command. It is not sent twice while it waits for its answer.
   * @param {string} type
   * @param {SeenCase[]} cases
   * @param {CommandData} given
   * @param {string} batch
   */
  const atOnce = async (type, cases, given, batch) => {
    const [[id]] = cases,
      standing = sent.get(id);
    if (standing && standing.type === type && ["sending", "sent"].includes(standing.state)) return;
    const sending = {id: "", case: id, type, what: named(type), state: "sending", reason: "", at: Date.now()};
    sent.set(id, sending);
    let wrong = "";
    try {
      wrong = (await send(type, cases, "", forms.dataOf(type, given), batch)) || "";
    } catch {
      wrong = words.network;
    }
    if (sent.get(id) === sending) sent.delete(id);
    if (wrong) toast(`${named(type)} · ${wrong}`, "bad");
    onChange([id]);
  };
  /** @param {string} id  @param {DeskRow} row */
  const ofProposal = (id, row) => [
    title(id),
    format.fill(texts.form.proposed_by, {rule: texts.rule[row[A.proposal]] || ""}),
  ];
  /** @param {string} id */
  const confirm = id => {
    const row = live.state.rows.get(id),
      batch = newBatch();
    if (!row) return;
    const to = forms.nameOf(forms.leadOf(row));
    openDialog(
      texts,
      words.confirm,
      [forms.reasonRow("proposal.confirm")],
      values =>
        send("case.escalate", [[id, row[A.version]]], values.reason, {}, batch, {
          url: `/api/v1/proposals/${encodeURIComponent(id)}/confirm`,
          body: {batch, version: row[A.version], reason: values.reason},
          what: format.fill(texts.form.goes_to, {what: words.confirm, to}),
        }),
      {
        notes: [...ofProposal(id, row), format.fill(texts.form.will_go, {level: texts.level.district, to})],
        button: words.confirm,
      },
    );
  };
  /** @param {string} id */
  const decline = id => {
    const row = live.state.rows.get(id);
    if (!row) return;
    openDialog(
      texts,
      words.decline,
      [forms.reasonRow("proposal.decline")],
      async values => {
        const said = await post(`/api/v1/proposals/${encodeURIComponent(id)}/decline`, {
          batch: newBatch(),
          version: row[A.version],
          reason: values.reason,
        });
        return said.error ? (said.status === 409 ? texts.refusal.stale : said.error) : undefined;
      },
      {notes: ofProposal(id, row), button: words.decline},
    );
  };

  // — several at once —
  const BATCHED = [
    "case.acknowledge",
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
  /** @param {SeenCase[]} cases */
  const selected = cases => {
    picked = cases;
    const bar = $("queue-batch");
    bar.hidden = !cases.length;
    if (!cases.length) return;
    bar.replaceChildren(
      h("b", null, format.fill(words.selected, {n: cases.length})),
      ...BATCHED.filter(type => about.rights.includes(type)).map(type => {
        const b = h("button", {"data-batch": type}, named(type));
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
  /** The versions as the table has them now: a change since the tick is seen by the person too.  @returns {SeenCase[]} */
  const commandsFor = () =>
    picked.map(([id, version]) => {
      const row = live.state.rows.get(id);
      return [id, row ? row[A.version] : version];
    });

  const api = {
    of: (/** @type {string} */ id) => sent.get(id),
    say,
    tell,
    settle,
    catchUp,
    open,
    repair,
    confirm,
    decline,
    selected,
    send,
    newBatch,
    why,
    clear: () => {},
  };
  return api;
};
