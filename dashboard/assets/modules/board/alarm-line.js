// @ts-check
// The line of the alarms below a board's head, and its sound.
import {alarmWords} from "../core/alarm-words.js";
import {$, h} from "../core/dom.js";
import {makeSound} from "../core/sound.js";

/** ``isPast``: of a moment of the past nothing sounds.  @param {Scope} scope  @param {{texts: Texts, format: Format, tiles: Tiles}} board  @param {boolean} isPast */
export const makeAlarmLine = (scope, {texts, format, tiles}, isPast) => {
  const sound = makeSound(scope, {isUnattended: !isPast}),
    sayAlarm = alarmWords(texts, format, tiles);
  let alarmsTold = "";
  /** The gravest untaken alarm, how many there are, the budget of the hour; a wall shows, a desk takes.  @param {import("../types/wire.d.ts").WallAlarmsTile} t */
  return t => {
    if (!isPast) sound.set(t.sound);
    const open = t.alarms.filter(a => a.state === "unacknowledged"),
      first = open[0],
      said = JSON.stringify([t, sound.ready()]);
    if (said === alarmsTold) return;
    alarmsTold = said;
    const b = t.budget,
      w = texts.alarm,
      late = b.raised > b.most ? "bad" : b.raised > b.acceptable ? "warn" : "";
    $("wall-alarms").replaceChildren(
      ...(first
        ? [
            h(
              "b",
              {class: first.severity === 1 ? "bad" : "warn"},
              tiles.sign(first.severity === 1 ? "overdue" : "soon"),
              sayAlarm(first),
            ),
            ...(t.untaken > 1 ? [h("span", {class: "mid"}, format.fill(w.more_untaken, {n: t.untaken - 1}))] : []),
          ]
        : []),
      h("span", {class: late || "dim"}, format.fill(w.hour, {n: b.raised, acceptable: b.acceptable})),
      ...(first && !isPast && !sound.ready() ? [h("span", {class: "warn"}, w.acts.silent_wall)] : []),
    );
  };
};
