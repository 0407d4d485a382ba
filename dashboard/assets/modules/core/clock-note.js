// @ts-check
// What a page says of its own clock: stopped, faster than time, or another one than the machine's.

const APART_MS = 60_000;

/**
 * @param {any} word  the texts [word]
 * @param {{fill: (text: string, values: object) => string}} format
 * @param {{speed: number, now: number|null, note: string}} clock  ``note``: what else is said, as «演示数据»
 */
export const clockNote = (word, format, {speed, now, note}) => {
  if (speed === 0) return word.stopped_clock;
  if (speed !== 1) return format.fill(word.virtual_speed, {n: speed});
  const isApart = note && now !== null && Math.abs(now - Date.now()) > APART_MS;
  return isApart ? `${note} · ${word.virtual}` : note;
};
