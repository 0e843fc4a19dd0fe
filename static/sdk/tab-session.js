/**
 * The place this tab holds in a meeting, so that a reload goes straight back into it.
 *
 * A tab's storage survives a reload, but browsers also copy it when a tab is duplicated, and bring it back with a tab
 * that they restore the next morning. A Web Lock held for the page's life tells a copy: it finds the lock taken and has
 * no session. What tells a restored tab is how the page was loaded, and how long ago its session was last seen alive: it
 * keeps the session, but nobody goes live who was not asked.
 */
import { randomName } from "./random.js";

/** What is kept under it, and `seat` in it, older releases must be able to read. */
const KEY = "reconvene.seat";
/**
 * A reload may ask for the lock before the old page has let go of it, on a busy machine long before; a living tab never
 * does, and its copies need not wait. Milliseconds.
 */
const LET_GO = { reload: 5_000, otherwise: 400 };
/** How often the session of a page that lives is marked. Milliseconds; a page that is hidden does it less often. */
const ALIVE_EVERY = 4_000;

/**
 * @typedef {object} TabSession
 * @property {string} meeting
 * @property {string} session  The server's credential for the tab.
 * @property {string} name
 * @property {boolean} audio
 * @property {boolean} video
 * @property {number} grace  For how long the server keeps a place. Seconds.
 *
 * @typedef {object} Kept
 * @property {string} tab
 * @property {TabSession | null} seat
 * @property {number} at  When the page last lived. A date, since it has to be told after a restart of the browser.
 *
 * @typedef {{type: string, discarded: boolean}} Loading  How the page was loaded; `type` as in Navigation Timing.
 */

/**
 * Whether a page goes back into the meeting without a question: a reload of a call that was going on a moment ago.
 * A clock that was set back tells nothing, so the session counts as old.
 * @param {{grace: number, at: number}} kept @param {number} now @param {Loading} loading @returns {boolean}
 */
export function goesStraightBack({ grace, at }, now, { type, discarded }) {
  const age = now - at;
  return type === "reload" && !discarded && age >= 0 && age <= grace * 1000;
}

export class TabSessionKeeper {
  #storage;
  /** Names the lock; no credential. */
  #tab = "";
  #timer = 0;

  /** @param {import("./storage.js").PageStorage} storage  the tab's */
  constructor(storage) {
    this.#storage = storage;
    window.addEventListener("pagehide", () => this.#timer && this.update({}));
  }

  /** @param {string} meeting @returns {Promise<{tabSession: TabSession, straight: boolean} | null>} straight: without a question */
  async find(meeting) {
    const { tab, seat: tabSession, at } = this.#read();
    if (tabSession?.meeting !== meeting) return null;
    const how = loading();
    const now = Date.now();
    if (tab === this.#tab || (await hold(tab, how.type === "reload" ? LET_GO.reload : LET_GO.otherwise))) {
      this.#tab = tab;
      const straight = goesStraightBack({ grace: tabSession.grace, at }, now, how);
      // Who is asked once is asked again: a reload of the question is no reload of the call.
      if (!straight) this.#keep(tabSession, 0);
      return { tabSession, straight };
    }
    this.leave();
    return null;
  }

  /** @param {TabSession} tabSession */
  take(tabSession) {
    if (!this.#tab) {
      this.#tab = randomName();
      void hold(this.#tab, LET_GO.otherwise);
    }
    this.#timer ||= window.setInterval(() => this.update({}), ALIVE_EVERY);
    this.#keep(tabSession, Date.now());
  }

  /** What changed meanwhile. @param {Partial<TabSession>} change */
  update(change) {
    const { seat: tabSession } = this.#read();
    if (tabSession) this.take({ ...tabSession, ...change });
  }

  leave() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#storage.removeItem(KEY);
  }

  /** @param {TabSession} tabSession @param {number} at */
  #keep(tabSession, at) {
    /** @type {Kept} */
    const kept = { tab: this.#tab, seat: tabSession, at };
    this.#storage.setItem(KEY, JSON.stringify(kept));
  }

  /** @returns {Kept} */
  #read() {
    try {
      const kept = JSON.parse(this.#storage.getItem(KEY) ?? "");
      // Whatever else is wrong with it, the server says so, and it is asked for again.
      return typeof kept?.seat?.session === "string" ? kept : NONE;
    } catch {
      return NONE;
    }
  }
}

/** @type {Kept} */
const NONE = { tab: "", seat: null, at: 0 };

/** @returns {Loading} */
function loading() {
  const [entry] = performance.getEntriesByType("navigation");
  const type = entry instanceof PerformanceNavigationTiming ? entry.type : "navigate";
  // A tab that the browser put away to save memory is loaded anew when somebody looks at it.
  return { type, discarded: "wasDiscarded" in document && document.wasDiscarded === true };
}

/** Takes the tab's lock for as long as the page lives. @param {string} tab @param {number} patience  milliseconds @returns {Promise<boolean>} */
async function hold(tab, patience) {
  const options = { signal: AbortSignal.timeout(patience) };
  return new Promise((resolve) => {
    const forever = () => (resolve(true), new Promise(() => {}));
    // Without locks (no secure context, site data blocked) a copy is not told from its original: the server asks then.
    const without = () => resolve(true);
    try {
      navigator.locks.request(`reconvene.tab.${tab}`, options, forever).catch(() => (options.signal.aborted ? resolve(false) : without()));
    } catch {
      without();
    }
  });
}
