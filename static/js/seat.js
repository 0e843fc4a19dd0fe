/**
 * The place this tab holds in a meeting, so that a reload goes straight back into it.
 *
 * sessionStorage survives a reload, but browsers also copy it when a tab is duplicated. A Web Lock held
 * for the page's life tells the two apart: a copy finds the lock taken and has no seat.
 */
import { randomName } from "./random.js";

const KEY = "reconvene.seat";
/** A reload may ask for the lock just before the old page has let go of it; a living tab never does. Milliseconds. */
const LET_GO = 400;

/**
 * @typedef {object} Seat
 * @property {string} meeting
 * @property {string} session  The server's credential for the tab.
 * @property {string} name
 * @property {boolean} audio
 * @property {boolean} video
 */

export class SeatKeeper {
  #storage;
  /** Names the lock; no credential. */
  #tab = "";

  /** @param {Storage} storage  sessionStorage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @param {string} meeting @returns {Promise<Seat | null>} */
  async find(meeting) {
    const { tab, seat } = this.#read();
    if (seat?.meeting !== meeting) return null;
    if (tab === this.#tab || (await hold(tab))) {
      this.#tab = tab;
      return seat;
    }
    this.leave();
    return null;
  }

  /** @param {Seat} seat */
  take(seat) {
    if (!this.#tab) {
      this.#tab = randomName();
      void hold(this.#tab);
    }
    this.#storage.setItem(KEY, JSON.stringify({ tab: this.#tab, seat }));
  }

  /** What changed while sitting. @param {Partial<Seat>} change */
  update(change) {
    const { seat } = this.#read();
    if (seat) this.take({ ...seat, ...change });
  }

  leave() {
    this.#storage.removeItem(KEY);
  }

  /** @returns {{tab: string, seat: Seat | null}} */
  #read() {
    try {
      return JSON.parse(this.#storage.getItem(KEY) ?? "") ?? { tab: "", seat: null };
    } catch {
      return { tab: "", seat: null };
    }
  }
}

/** Takes the tab's lock for as long as the page lives. @param {string} tab @returns {Promise<boolean>} */
async function hold(tab) {
  if (!navigator.locks) return true; // Not a secure context: then there is no camera either.
  return new Promise((resolve) => {
    const options = { signal: AbortSignal.timeout(LET_GO) };
    const forever = () => (resolve(true), new Promise(() => {}));
    navigator.locks.request(`reconvene.tab.${tab}`, options, forever).catch(() => resolve(false));
  });
}
