// @ts-check
// What a page has begun and must end when it is left: listeners, timers, observers, the socket.

/** Collects what ends with a page; `close` ends all of it, once. */
export class Scope {
  constructor() {
    this.controller = new AbortController();
    /** @type {(() => void)[]} */
    this.endings = [];
    /** @type {Set<number>} */
    this.timers = new Set();
  }
  /** For fetch and addEventListener. */
  get signal() {
    return this.controller.signal;
  }
  get isClosed() {
    return this.signal.aborted;
  }
  /** @param {() => void} end  called when the page is left */
  add(end) {
    if (this.isClosed) end();
    else this.endings.push(end);
  }
  /**
   * @param {EventTarget} target
   * @param {string} names  one or more events, separated by spaces
   * @param {(event: any) => void} heard  which event it takes its names say
   * @param {AddEventListenerOptions} [options]
   */
  listen(target, names, heard, options = {}) {
    for (const name of names.split(" ")) target.addEventListener(name, heard, {...options, signal: this.signal});
  }
  /** Calls `work` again and again; milliseconds between two calls. @param {number} ms  @param {() => void} work */
  every(ms, work) {
    if (this.isClosed) return;
    const timer = setInterval(work, ms);
    this.add(() => clearInterval(timer));
  }
  /** Calls `work` once, after so many milliseconds, unless the page is left; answers what `cancel` takes. @param {number} ms  @param {() => void} work */
  after(ms, work) {
    if (this.isClosed) return 0;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, ms);
    this.timers.add(timer);
    return timer;
  }
  /** @param {number} timer */
  cancel(timer) {
    clearTimeout(timer);
    this.timers.delete(timer);
  }
  /**
   * Takes over a MutationObserver or ResizeObserver.
   * @template {{disconnect: () => void}} O
   * @param {O} observer
   */
  observe(observer) {
    this.add(() => observer.disconnect());
    return observer;
  }
  close() {
    if (this.isClosed) return;
    this.controller.abort();
    for (const timer of this.timers) clearTimeout(timer);
    for (const end of this.endings.reverse()) end();
    this.endings = [];
  }
}
