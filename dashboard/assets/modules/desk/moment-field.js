// @ts-check
// A date and time that is typed: one form in every language, by the district's clock, with an example beside it. The
// browser's own field would speak the browser's language and ask for AM and PM.
import {h} from "../core/dom.js";

/**
 * «2026-11-25 18:00» as «2026-11-25T18:00»; also with «/», a «T», one digit, or what a Chinese keyboard types. Null:
 * there is no such moment.
 * @param {string} text
 */
export const typedMoment = text => {
  const found = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})[ T]+(\d{1,2}):(\d{2})$/.exec(plain(text));
  if (!found) return null;
  const [year, month, day, hour, minute] = found.slice(1).map(Number),
    at = new Date(Date.UTC(year, month - 1, day, hour, minute)),
    isReal = year >= 1000 && at.getUTCMonth() === month - 1 && at.getUTCDate() === day && hour < 24 && minute < 60;
  return isReal ? at.toISOString().slice(0, 16) : null;
};

/** «14:05», «9：05» as [hour, minute]; null: there is no such time.  @param {string} text */
export const typedTime = text => {
  const found = /^(\d{1,2}):(\d{2})$/.exec(plain(text));
  if (!found) return null;
  const [hour, minute] = found.slice(1).map(Number);
  return hour < 24 && minute < 60 ? [hour, minute] : null;
};

/** Full-width digits and signs as the narrow ones, without blanks around.  @param {string} text */
const plain = text => text.normalize("NFKC").trim();

/**
 * A field for one of the two: ``problem`` says what is wrong in words before anything is sent.
 * @param {string} name
 * @param {(text: string) => any} read  typedMoment, typedTime
 * @param {{like: string, wrong: string, isRequired?: boolean}} said  the example, and what is said of anything else
 */
export const typedField = (name, read, {like, wrong, isRequired = false}) => {
  const input = /** @type {HTMLInputElement} */ (
    h("input", {name, maxlength: 25, autocomplete: "off", ...(isRequired ? {required: ""} : {})})
  );
  const field = /** @type {any} */ (h("span", {class: "typed"}, input, h("span", {class: "dim"}, like)));
  field.problem = () => (input.value.trim() && read(input.value) === null ? wrong : "");
  return field;
};

/** A moment (Unix ms) as it is typed, by the district's clock.  @param {number} ms  @param {string} zone */
export const asTyped = (ms, zone) =>
  new Intl.DateTimeFormat("sv-SE", {timeZone: zone, dateStyle: "short", timeStyle: "short"}).format(ms);

/** A local date and time of the district («2026-11-24T18:00») with its offset, as RFC 3339.  @param {string|null} local  @param {string} zone */
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
