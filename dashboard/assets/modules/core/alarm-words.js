// @ts-check
// What an alarm (ISA-18.2) says, in words.

/**
 * What an alarm says, in words; the same on a wall and on a desk.
 * @param {Texts} texts
 * @param {Format} format
 * @param {Tiles} tiles
 */
export const alarmWords = (texts, format, tiles) => {
  const words = texts.alarm;
  /** @param {number} number */
  const report = number =>
    number === 0
      ? words.reports.phone
      : number === 1
        ? words.reports.written
        : format.fill(words.reports.follow_up, {n: number - 1});
  /** @param {import("../types/wire.d.ts").ShownAlarm} alarm */
  const template = alarm =>
    (alarm.cases && alarm.cases.length > 1 && words.together[alarm.kind]) ||
    words.kinds[alarm.kind] ||
    words.names[alarm.kind] ||
    alarm.kind;
  /** @param {import("../types/wire.d.ts").ShownAlarm} alarm */
  return alarm =>
    format.fill(template(alarm), {
      street: alarm.subject.street ? tiles.street(alarm.subject.street) : words.no_street,
      class: (texts.language !== "en" && alarm.class_name) || texts.domain[alarm.domain] || "",
      n: alarm.number,
      time: alarm.due_at ? format.hm(alarm.due_at) : "",
      source: alarm.subject.source || "",
      report: report(alarm.number),
    });
};
