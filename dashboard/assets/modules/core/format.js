// @ts-check
// Numbers, times and durations as DOMAIN.md §8 wants them. Words come from the page.

/**
 * @param {Texts} texts
 * @param {string} zone
 * @param {() => number|null} present  the district's present moment: a time of another day names the day
 */
export const makeFormat = (texts, zone, present = () => null) => {
  const unit = texts.unit;
  /** @type {{[options: string]: Intl.DateTimeFormat}} */
  const clock = {};
  /** @param {number} ms  @param {Intl.DateTimeFormatOptions} options */
  const parts = (ms, options) => {
    const key = Object.keys(options).join();
    clock[key] = clock[key] || new Intl.DateTimeFormat("en-GB", {timeZone: zone, hourCycle: "h23", ...options});
    return Object.fromEntries(clock[key].formatToParts(ms).map(p => [p.type, p.value]));
  };
  /** @type {Intl.DateTimeFormatOptions} */
  const day = {year: "numeric", month: "2-digit", day: "2-digit"};
  /** @type {Intl.DateTimeFormatOptions} */
  const two = {hour: "2-digit", minute: "2-digit"};
  /** 2天3小时 · 1小时12分 · 15分: whole minutes and nothing that is zero, for what is chosen, about or long ago. @param {number} ms */
  const span = ms => {
    const minutes = Math.max(Math.round(Math.abs(ms) / 60000), 1),
      d = Math.floor(minutes / 1440),
      h = Math.floor(minutes / 60) % 24;
    return join([
      [d, unit.day],
      [h, unit.hour],
      [d ? 0 : minutes % 60, unit.minute],
    ]);
  };
  /** @param {string} text  @param {{[name: string]: any}} values  what stands for {name} */
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  /** @param {[number|string, string][]} pieces  number and unit; those of 0 are left out */
  const join = pieces =>
    pieces
      .filter(([n]) => n)
      .map(([n, u]) => `${n}${u}`)
      .join(unit.tight ? "" : " ");
  return {
    fill,
    span,
    /** 3,214 · 1.23万; the exact number belongs into the title. @param {number} n */
    count(n) {
      if (unit.ten_thousand && n >= 10000) return `${(n / 10000).toFixed(n < 100000 ? 2 : 1)}${unit.ten_thousand}`;
      return n.toLocaleString("en-US");
    },
    /** A share with as many digits as tell it from its target: 4.04% beside 4%. @param {number|null|undefined} share  @param {number|null} target */
    percentBeside(share, target) {
      if (share === null || share === undefined) return texts.word.no_rate;
      let digits = 1;
      while (digits < 3 && share !== target && (100 * share).toFixed(digits) === (100 * (target || 0)).toFixed(digits))
        digits++;
      return `${(100 * share).toFixed(digits)}%`;
    },
    /** @param {number|null|undefined} share */
    percent: share => (share === null || share === undefined ? texts.word.no_rate : `${(100 * share).toFixed(1)}%`),
    /** 14:05 · 11-23 14:05 where that is not today @param {number} ms */
    hm(ms) {
      const p = parts(ms, {...day, ...two}),
        now = present(),
        today = now === null ? p : parts(now, {...day, ...two});
      const isToday = p.year === today.year && p.month === today.month && p.day === today.day;
      return `${isToday ? "" : `${p.month}-${p.day} `}${p.hour}:${p.minute}`;
    },
    /** @param {number} ms */
    hms(ms) {
      const p = parts(ms, {...two, second: "2-digit"});
      return `${p.hour}:${p.minute}:${p.second}`;
    },
    /** @param {number} ms */
    date(ms) {
      const p = parts(ms, {year: "numeric", month: "numeric", day: "numeric"});
      const w = new Date(Date.UTC(+p.year, +p.month - 1, +p.day)).getUTCDay();
      return fill(unit.date, {m: p.month, d: p.day, w: unit.weekdays[w]});
    },
    /** The hour of the district's day at ms, with its fraction. @param {number} ms */
    dayHour(ms) {
      const p = parts(ms, two);
      return +p.hour + +p.minute / 60;
    },
    /** 850 米 · 1.2 公里 @param {number} metres */
    far(metres) {
      const whole = Math.round(metres);
      return whole < 1000 ? `${whole} ${unit.metre}` : `${(metres / 1000).toFixed(1)} ${unit.kilometre}`;
    },
    /** 2天3小时 · 1小时12分 · 46分 · 18分20秒 (seconds only in the last half hour) @param {number} ms */
    duration(ms) {
      const s = Math.floor(Math.abs(ms) / 1000),
        d = Math.floor(s / 86400),
        h = Math.floor(s / 3600) % 24,
        m = Math.floor(s / 60) % 60;
      if (d)
        return join([
          [d, unit.day],
          [h, unit.hour],
        ]);
      if (h)
        return join([
          [h, unit.hour],
          [m, unit.minute],
        ]);
      if (m >= 30) return m + unit.minute;
      return m
        ? join([
            [m, unit.minute],
            [String(s % 60).padStart(2, "0"), unit.second],
          ])
        : s + unit.second;
    },
  };
};
