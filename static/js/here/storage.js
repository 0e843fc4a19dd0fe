/**
 * What the page keeps in the browser. Site data may be blocked (then `localStorage` itself throws, or is null), and
 * storage may be full: what the browser refuses is kept here instead, for the life of the page.
 *
 * Servers on the same host share the storage, so a server below a prefix adds the prefix to its keys.
 */
import { BASE } from "./addresses.js";

/** @param {string} key */
const named = (key) => key + BASE;

export class PageStorage {
  #open;
  /** Items that the browser refused to set; null for those it refused to remove. @type {Map<string, string | null>} */
  #own = new Map();

  /** @param {() => Storage} open  gives the browser's storage, or throws */
  constructor(open) {
    this.#open = open;
  }

  /** @param {string} key @returns {string | null} */
  getItem(key) {
    const own = this.#own.get(key);
    if (own !== undefined) return own;
    try {
      return this.#open().getItem(named(key));
    } catch {
      return null;
    }
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    try {
      this.#open().setItem(named(key), value);
      this.#own.delete(key);
    } catch {
      this.#own.set(key, value);
    }
  }

  /** Whether the browser has taken what was set last. @param {string} key */
  keeps(key) {
    return !this.#own.has(key);
  }

  /** @param {string} key */
  removeItem(key) {
    try {
      this.#open().removeItem(named(key));
      this.#own.delete(key);
    } catch {
      this.#own.set(key, null);
    }
  }
}

/** Shared by the browser's tabs, and kept when they are closed. */
export const browserStorage = new PageStorage(() => localStorage);
/** This tab's own. */
export const tabStorage = new PageStorage(() => sessionStorage);
