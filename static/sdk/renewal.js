/** Whether the application has to be asked for a newer token. signalling/client/renewal.py is its twin. */
import { CLOSE } from "./protocol.js";

/** What a server answers to a token of an application that a newer one may put right. */
const ASKS_FOR_TOKEN = new Set(["token_expired", "bad_token"]);

/** The same by the code it closes with: an answer may be lost. @type {Record<number, string>} */
export const CLOSED_FOR = { [CLOSE.badToken]: "bad_token", [CLOSE.tokenExpired]: "token_expired" };

/** @typedef {{code: string, message: string}} Why */

export class Renewal {
  /** What the token was refused with, while a newer one is waited for. @type {Why | null} */
  needed = null;
  /** Whether a newer token has come that no server has been shown yet. */
  fresh = false;
  #renewable;
  #askedFor = "";

  /** @param {boolean} renewable  whether the token is an application's, which can be asked for a newer one */
  constructor(renewable) {
    this.#renewable = renewable;
  }

  /**
   * Whether the application is asked after this refusal. Once, if its token is bad: the next one would be no better.
   * @param {string} code @returns {boolean}
   */
  asks(code) {
    return this.#renewable && ASKS_FOR_TOKEN.has(code) && !(code === "bad_token" && this.#askedFor === code);
  }

  /** A newer token is needed. @param {Why} why @returns {boolean} whether that is so once more, without success in between */
  need(why) {
    const before = this.#askedFor;
    this.#askedFor = why.code;
    this.needed = why;
    return before !== "";
  }

  /** A newer token has come. @returns {boolean} whether it was waited for */
  came() {
    const waited = this.needed !== null;
    this.fresh = true;
    this.needed = null;
    return waited;
  }

  /** The server is shown the token. */
  shown() {
    this.fresh = false;
  }

  accepted() {
    this.#askedFor = "";
  }
}
