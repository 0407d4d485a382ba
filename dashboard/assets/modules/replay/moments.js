// @ts-check
// A day and a time as they are typed and shown, on the district's clocks.

/** @param {string} zone  of the district, as «Asia/Shanghai» */
export const makeMoments = zone => {
  /** @param {number} ms */
  const dayText = ms =>
    new Intl.DateTimeFormat("sv-SE", {timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit"}).format(ms);
  /** The Unix ms of a day and a time on the district's clocks, or NaN. @param {string} d  @param {string} t */
  const moment = (d, t) => {
    const found = /^(\d{4})-(\d\d?)-(\d\d?)$/.exec(d.trim()),
      at = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(t.trim());
    if (!found || !at || +at[1] > 23 || +at[2] > 59 || +(at[3] || 0) > 59) return NaN;
    const utc = Date.UTC(+found[1], +found[2] - 1, +found[3], +at[1], +at[2], +(at[3] || 0));
    const check = new Date(utc);
    if (check.getUTCMonth() !== +found[2] - 1 || check.getUTCDate() !== +found[3]) return NaN;
    const shown = Date.parse(
      `${new Intl.DateTimeFormat("sv-SE", {timeZone: zone, dateStyle: "short", timeStyle: "medium"}).format(utc).replace(" ", "T")}Z`,
    );
    return utc - (shown - utc);
  };
  return {dayText, moment};
};
