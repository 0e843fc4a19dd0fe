/**
 * The login of an application: its token says who this tab is, in place of the browser's own identity.
 *
 * The token comes in the link (fragment.js) or from `getToken`. It stays in this tab's memory and nowhere else, so that a
 * link which somebody else made does not decide who one is tomorrow. What it says is shown before joining; whether that is
 * true the server decides.
 */

/** @typedef {() => Promise<string | null | undefined>} GetToken  Asks the application for a token; nothing: it gives none. */

export class Login {
  /** @type {string | undefined} */
  token;
  /** Whether the token has come by a link whose name nobody has seen yet. */
  unseen = false;
  /** Who is in a call by it, also when a reload has lost the token: until that is over, nobody else's is taken. "": nobody. */
  user = "";
  /** @type {GetToken | null} */
  getToken = null;
  /** @type {Promise<string | null> | null} */
  #asking = null;

  /** Takes the token of a link. @param {string | undefined} token */
  take(token) {
    if (!token) return;
    this.token = token;
    this.unseen = true;
  }

  /** Whether a token claims to be of the user who is here. @param {string} token */
  isOf(token) {
    const mine = this.user || userOf(this.token);
    return mine !== "" && mine === userOf(token);
  }

  /** Whoever the token names is in a call. */
  enter() {
    this.user = userOf(this.token) || this.user;
  }

  /** Whether somebody has logged in with an application. */
  get isOn() {
    return this.token !== undefined || this.getToken !== null;
  }

  /** The name that the token gives, or "". */
  get name() {
    const { name, user_metadata: about } = claims(this.token ?? "");
    const said = [name, about?.full_name, about?.name].find((text) => typeof text === "string" && text.trim());
    return said?.trim() ?? "";
  }

  /** How to ask the application for a newer token; null if nobody has said. @returns {GetToken | null} */
  get renewal() {
    return this.getToken && (() => this.renew());
  }

  /** Asks the application for a newer token, once at a time. @returns {Promise<string | null>} null if it gives none */
  renew() {
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #ask() {
    try {
      const token = await this.getToken?.();
      if (!token || (this.user && !this.isOf(token))) return null;
      this.token = token;
      return token;
    } catch {
      // Whatever is wrong with the application: it gives none.
      return null;
    }
  }
}

/** Whom a token names, as a text; "" if it names nobody. @param {string | undefined} token */
function userOf(token = "") {
  const { iss, sub } = claims(token);
  return typeof sub === "string" ? JSON.stringify([iss, sub]) : "";
}

/** What a token claims; nothing if it is none. @param {string} token @returns {any} */
function claims(token) {
  try {
    const text = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0)))) ?? {};
  } catch {
    return {};
  }
}
