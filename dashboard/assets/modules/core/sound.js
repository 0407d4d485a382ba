// @ts-check
// The sound of an alarm: it repeats until somebody takes the alarm.

/**
 * Two short tones, again every 10 s while something is untaken. A browser lets a page sound only after a hand has
 * touched it: until then the page says 声音未启用. A wall that nobody touches may have a browser that lets it.
 * @param {import("./scope.js").Scope} scope
 * @param {{isUnattended?: boolean}} [how]
 */
export const makeSound = (scope, {isUnattended = false} = {}) => {
  /** @type {AudioContext|null} */
  let context = null;
  let timer = 0,
    severity = 0;
  const ready = () => context && context.state === "running";
  const mayOpen = () => isUnattended || !navigator.userActivation || navigator.userActivation.hasBeenActive;
  const open = () => {
    if (!mayOpen()) return; // the browser would only complain
    const Context = window.AudioContext || window.webkitAudioContext;
    context = context || new Context();
    if (context.state === "suspended") context.resume().catch(() => {});
  };
  /** @param {AudioContext} context  @param {number} at  @param {number} pitch  @param {number} length */
  const tone = (context, at, pitch, length) => {
    const osc = context.createOscillator(),
      gain = context.createGain();
    osc.frequency.value = pitch;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.25, at + 0.02);
    gain.gain.setValueAtTime(0.25, at + length - 0.04);
    gain.gain.linearRampToValueAtTime(0, at + length);
    osc.connect(gain).connect(context.destination);
    osc.start(at);
    osc.stop(at + length);
  };
  const play = () => {
    sound.played += 1;
    if (!context || !ready()) return;
    const at = context.currentTime,
      n = severity === 1 ? 3 : 2;
    for (let k = 0; k < n; k++) tone(context, at + k * 0.25, severity === 1 ? 880 : 660, 0.18);
  };
  const sound = {
    played: 0,
    ready,
    /** 0: silence @param {number} next */
    set(next) {
      const louder = next && (!severity || next < severity);
      severity = next;
      clearInterval(timer);
      timer = 0;
      if (!next) return;
      try {
        open();
      } catch {
        return;
      }
      if (louder) play();
      timer = setInterval(play, 10000);
    },
    /** A hand has touched the page: sound may begin. */
    touch() {
      if (!ready()) {
        try {
          open();
        } catch {
          /* no sound on this machine: the page says so */
        }
      }
    },
  };
  scope.listen(document, "pointerdown pointerup keydown", sound.touch, {passive: true});
  scope.add(() => {
    clearInterval(timer);
    if (context) context.close();
  });
  try {
    open();
  } catch {
    /* the same */
  }
  return sound;
};
