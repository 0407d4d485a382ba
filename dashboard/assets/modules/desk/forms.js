// @ts-check
// The forms of the commands: drawn from the server's description of each command's fields (services.contract
// .command_forms), and what they send is put together by it. What stands in no description cannot be sent.
import {h} from "../core/dom.js";
import {AT as A} from "../core/reducer.js";
import {asTyped, typedField, typedMoment, zoned} from "./moment-field.js";
import {unitChoice} from "./unit-choice.js";

/**
 * @typedef {{name: string, kind: string, is_required?: boolean, options?: (string|number)[], longest?: number}} Field
 * @typedef {[string, string, any]} Row  name, label, control
 */

/** @param {{about: DeskAbout, texts: Texts, format: Format, places: Places, tiles: Tiles, live: DeskLive}} desk */
export const makeForms = ({about, texts, format, places, tiles, live}) => {
  const words = texts.form,
    centre = `${about.district}-center`;
  const units = Object.entries(places.units).map(([code, name]) => ({
    code,
    name,
    initials: about.initials[code] || "",
  }));
  const withCentre = [{code: centre, name: texts.desk.center_unit, initials: ""}, ...units];
  /** @param {string} code  @returns {string} */
  const nameOf = code => (code === centre ? texts.desk.center_unit : tiles.unit(code));
  /** Whose a case of this class is at the district.  @param {DeskRow} row  @returns {string} */
  const leadOf = row => about.leads[row[A.domain]] || centre;

  /** @returns {Field[]}  @param {string} type */
  const fieldsOf = type => about.forms[type] || [];
  /** Whether a click is enough: nothing has to be filled in.  @param {string} type  @param {object} [given] */
  const isOneClick = (type, given = {}) => !fieldsOf(type).some(field => field.is_required && !(field.name in given));

  /**
   * What stands there before anything is chosen, and why: the same of all the cases, or nothing.
   * @param {string} type
   * @param {string} name
   * @param {DeskRow[]} rows
   * @returns {[code: string, why: string]}
   */
  const standing = (type, name, rows) => {
    /** @param {(row: DeskRow) => string} of */
    const same = of => {
      const found = new Set(rows.map(of));
      return found.size === 1 ? [...found][0] : "";
    };
    if (type === "case.escalate" && name === "to") return [same(leadOf), words.is_class];
    if (type !== "case.dispatch" || name !== "lead_unit") return ["", ""];
    const present = same(row => row[A.leadUnit]);
    if (present && withCentre.some(unit => unit.code === present)) return [present, words.is_present];
    const lead = same(row => about.leads[row[A.domain]] || "");
    return [lead, lead ? words.is_class : ""];
  };
  /** @param {string} type  @param {Field} field */
  const labelOf = (type, field) => {
    const label = words.labels[`${type}.${field.name}`] || words.labels[field.name];
    return field.is_required ? label : `${label}${words.optional}`;
  };
  /** @param {string} name  @param {string} label  @param {[value: string|number, said: string][]} options  @param {{required?: string}} [more] */
  const select = (name, label, options, more = {}) =>
    h(
      "select",
      {name, "aria-label": label, ...more},
      h("option", {value: ""}, more.required === "" ? words.choose : words.none),
      options.map(([value, said]) => h("option", {value}, said)),
    );
  /**
   * The codes in the order of the words, those without a word last.
   * @param {(string|number)[]} options
   * @param {{[code: string]: string}} said
   * @returns {[code: string|number, said: string][]}
   */
  const inOrder = (options, said) =>
    [...Object.keys(said).filter(code => options.includes(code)), ...options.filter(code => !(code in said))].map(
      code => [code, said[code] || String(code)],
    );
  /** @type {{[field: string]: {[code: string]: string}}} */
  const said = {reason_code: texts.reason, fault: texts.camera.faults, kind: texts.desk.kinds, what: texts.seats.what};
  /** @param {Field} field */
  const choices = field => inOrder(field.options || [], said[field.name] || {});
  /** @param {Field} field  @param {string} label  @param {{limit?: any}} more */
  const limit = (field, label, more) => {
    const value = h("input", {
      name: "limit",
      type: "number",
      min: "0.5",
      max: "999",
      step: "0.5",
      "aria-label": `${label} ${words.how_many}`,
    });
    const unit = select("limit_unit", `${label} ${words.which_unit}`, inOrder(field.options || [], words.limit_units));
    const present = more.limit;
    if (present) unit.value = present.unit;
    value.addEventListener("input", () => (unit.required = !!value.value));
    const told = present
      ? format.fill(present.is_class ? words.limit_of_class : words.limit_now, {
          n: present.value,
          unit: words.limit_units[present.unit],
        })
      : words.limit_unknown;
    const pair = h("span", {class: "pair"}, value, unit),
      control = /** @type {any} */ (h("span", {class: "limit"}, pair, h("small", {class: "mid"}, told)));
    control.readValue = () => (value.value ? {value: +value.value, unit: unit.value} : "");
    return control;
  };
  /** @param {string} type  @param {Field} field  @param {string} label  @param {DeskRow[]} rows */
  const unitField = (type, field, label, rows) => {
    const isMany = field.kind === "units",
      [code, why] = isMany ? ["", ""] : standing(type, field.name, rows);
    const control = unitChoice(words, isMany ? units : withCentre, {
      name: field.name,
      label,
      isMany,
      isRequired: !!field.is_required,
      chosen: code ? [code] : [],
    });
    if (why) {
      const hint = h("small", {class: "mid"}, why);
      control.append(hint);
      // Its line stays: a form that moves under the open list moves the field away from it.
      const said = () => (hint.textContent = "\u00a0");
      control.addEventListener("chosen", said);
      control.querySelector("input").addEventListener("input", said);
    }
    return control;
  };
  /** @param {string} type  @param {Field} field  @param {string} label */
  const reasonControl = (type, field, label) => {
    const area = h("textarea", {
      name: "reason",
      rows: 3,
      maxlength: field.longest || 500,
      "aria-label": label,
      ...(field.is_required ? {required: "", minlength: 2} : {}),
    });
    const presets = (words.reasons[type] || []).map((/** @type {string} */ text) => {
      const b = h("button", {type: "button"}, text);
      b.onclick = () => {
        area.value = text;
        area.focus();
      };
      return b;
    });
    const control = /** @type {any} */ (h("span", {class: "reason"}, area, h("span", {class: "presets"}, presets)));
    control.readValue = () => area.value.trim();
    return control;
  };
  /** For an example: a whole hour of tomorrow. */
  const tomorrow = () => Math.ceil((live.now() || Date.now()) / 3600000 + 24) * 3600000;
  /** @param {string} type  @param {Field} field  @param {string} label  @param {DeskRow[]} rows  @param {{limit?: any}} more */
  const control = (type, field, label, rows, more) => {
    const must = field.is_required ? {required: ""} : {};
    if (field.name === "reason") return reasonControl(type, field, label);
    switch (field.kind) {
      case "unit":
      case "units":
        return unitField(type, field, label, rows);
      case "choice":
        return select(field.name, label, choices(field), must);
      case "number":
        return select(
          field.name,
          label,
          (field.options || []).map(n => [n, words.levels[n] || n]),
          must,
        );
      case "limit":
        return limit(field, label, more);
      case "moment":
        return typedField(field.name, typedMoment, {
          like: format.fill(texts.desk.moment_like, {at: asTyped(tomorrow(), places.zone)}),
          wrong: texts.desk.no_moment,
          isRequired: field.is_required,
        });
      case "case":
        return h("input", {name: field.name, maxlength: 64, ...must});
      case "text":
        return h("input", {name: field.name, maxlength: field.longest || 500, ...must});
      default:
        throw new Error(`${type}: nobody can fill in ${field.name}, it must be given`);
    }
  };
  /**
   * The rows of a form: what must be said, the reason, what may be said.
   * @param {string} type
   * @param {string[]} ids  the cases
   * @param {Object<string, any>} given  what is known already
   * @param {{limit?: any}} more  the case's limit as it stands
   * @returns {Row[]}
   */
  const rowsOf = (type, ids, given = {}, more = {}) => {
    /** @type {DeskRow[]} */
    const rows = [];
    for (const id of ids) {
      const row = live.state.rows.get(id);
      if (row) rows.push(row);
    }
    /** @param {Field} field */
    const rank = field => (field.name === "reason" ? 1 : field.is_required ? 0 : 2);
    return fieldsOf(type)
      .filter(field => !(field.name in given))
      .sort((a, b) => rank(a) - rank(b))
      .map(field => {
        const label = labelOf(type, field);
        return [field.name, label, control(type, field, label, rows, more)];
      });
  };
  /** What is sent: the description's fields that have a value, each in its type, and no other.  @param {string} type  @param {{[field: string]: any}} values */
  const dataOf = (type, values) => {
    /** @type {{[field: string]: any}} */
    const data = {};
    for (const {name, kind} of fieldsOf(type)) {
      const value = values[name];
      if (name === "reason" || value === undefined || value === "" || (Array.isArray(value) && !value.length)) continue;
      data[name] = kind === "number" ? +value : kind === "moment" ? zoned(typedMoment(value), places.zone) : value;
    }
    return data;
  };
  /** The reason alone, for what is no command; ``key`` names its presets.  @returns {Row}  @param {string} key */
  const reasonRow = key => {
    const label = words.labels.reason;
    return [
      "reason",
      label,
      reasonControl(key, {name: "reason", kind: "text", is_required: true, longest: 500}, label),
    ];
  };
  return {rowsOf, reasonRow, dataOf, isOneClick, nameOf, leadOf};
};
