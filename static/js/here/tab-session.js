/**
 * The place this tab holds in a meeting, so that a reload goes straight back into it.
 *
 * A tab's storage survives a reload, but browsers also copy it when a tab is duplicated, and bring it back with a tab
 * that they restore the next morning. A Web Lock held for the page's life detects a copy: the copy finds the lock taken
 * and has no session. A restored tab is detected by how the page was loaded, and how long ago its session was alive: it
 * keeps the session, but nobody goes live without being asked.
 */

/** Older releases must be able to read what is stored under this key, and `seat` in it. */
const KEY = "reconvene.seat";
/**
 * How long to wait for the lock. A reload may request it before the old page releases it, on a busy machine long
 * before; a living tab never releases it, and its copies need not wait. Milliseconds.
 */
const LET_GO = { reload: 5_000, otherwise: 400 };
/** How often a living page marks its session as alive. Milliseconds; a hidden page does it less often. */
const ALIVE_EVERY = 4_000;

/**
 * @typedef {object} TabSession
 * @property {string} meeting
 * @property {string} session  The tab session's token from the server; "" while the user waits to be let in.
 * @property {string} name
 * @property {boolean} audio
 * @property {boolean} video
 * @property {boolean} [outside]  Whether the user has logged in with an application.
 * @property {string} [user]  Whom the login named: a newer token of the same user counts here.
 * @property {number} grace  How long the server keeps a place. Seconds.
 *
 * @typedef {object} Kept
 * @property {string} tab
 * @property {TabSession | null} seat
 * @property {number} at  When the page was last alive. Wall-clock time, to be valid after a restart of the browser.
 *
 * @typedef {{type: string, discarded: boolean}} Loading  How the page was loaded; `type` as in Navigation Timing.
 */

/**
 * Whether a page goes back into the meeting without asking: after a reload of a call that was live a moment ago.
 * If the clock was set back, the age is unknown, so the session counts as old.
 * @param {{grace: number, at: number}} kept @param {number} now @param {Loading} loading @returns {boolean}
 */
export function goesStraightBack({ grace, at }, now, { type, discarded }) {
  const age = now - at;
  return type === "reload" && !discarded && age >= 0 && age <= grace * 1000;
}

export class TabSessionKeeper {
  #storage;
  /** The name of the lock; not a credential. */
  #tab = "";
  #timer = 0;
  /** @type {{tab: string, held: Promise<boolean>} | null} */
  #asked = null;

  /** @param {import("./storage.js").PageStorage} storage  the tab's */
  constructor(storage) {
    this.#storage = storage;
    window.addEventListener("pagehide", () => this.#timer && this.update({}));
  }

  /** @param {string} meeting @returns {Promise<{tabSession: TabSession, straight: boolean} | null>} straight: without asking */
  async find(meeting) {
    const { tab, seat: tabSession, at } = this.#read();
    if (tabSession?.meeting !== meeting) return null;
    const how = loading();
    const now = Date.now();
    if (tab === this.#tab || (await this.#hold(tab, how.type === "reload" ? LET_GO.reload : LET_GO.otherwise))) {
      this.#tab = tab;
      const straight = goesStraightBack({ grace: tabSession.grace, at }, now, how);
      // If the person was asked, ask again after a reload: that reloads the question, not the call.
      if (!straight) this.#keep(tabSession, 0);
      return { tabSession, straight };
    }
    this.leave();
    return null;
  }

  /** @param {TabSession} tabSession */
  take(tabSession) {
    if (!this.#tab) {
      this.#tab = crypto.getRandomValues(new Uint32Array(4)).join("-");
      void hold(this.#tab, LET_GO.otherwise);
    }
    this.#timer ||= window.setInterval(() => this.update({}), ALIVE_EVERY);
    this.#keep(tabSession, Date.now());
  }

  /** Stores what changed meanwhile. @param {Partial<TabSession>} change */
  update(change) {
    const { seat: tabSession } = this.#read();
    if (tabSession) this.take({ ...tabSession, ...change });
  }

  leave() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#storage.removeItem(KEY);
  }

  /** Who looks again meanwhile waits for the same answer: a page that asked twice would be taken for a copy of itself. @param {string} tab @param {number} patience */
  #hold(tab, patience) {
    if (this.#asked && this.#asked.tab === tab) return this.#asked.held;
    const held = hold(tab, patience);
    this.#asked = { tab, held };
    // The other tab may be closed by the next time.
    void held.then((isOurs) => isOurs || (this.#asked = null));
    return held;
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
      // If anything else is wrong with it, the server ignores or refuses it.
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
  // A tab that the browser discarded to save memory is loaded again when somebody opens it.
  return { type, discarded: "wasDiscarded" in document && document.wasDiscarded === true };
}

/** Takes the tab's lock for as long as the page lives. @param {string} tab @param {number} patience  milliseconds @returns {Promise<boolean>} */
async function hold(tab, patience) {
  const options = { signal: AbortSignal.timeout(patience) };
  return new Promise((resolve) => {
    const forever = () => (resolve(true), new Promise(() => {}));
    // Without locks (no secure context, site data blocked) a copy cannot be told from its original: the server decides.
    const without = () => resolve(true);
    try {
      navigator.locks.request(`reconvene.tab.${tab}`, options, forever).catch(() => (options.signal.aborted ? resolve(false) : without()));
    } catch {
      without();
    }
  });
}
