/**
 * Who this browser is: an anonymous identity's token and the name last used, shared by its tabs.
 * A tab that joined "as another person" keeps an identity of its own in its own storage.
 *
 * A token that the server refuses is never deleted: another server may answer at this address now, or the server may
 * have lost its secret. When the person goes on as somebody new, the old token is set aside. It is used again when a
 * server refuses the new token and knows the old one.
 *
 * Who has logged in with an application is who its token says, in this tab, and never becomes somebody new.
 */
import { ReconveneError } from "../../sdk/errors.js";
import { hostedMeetings, newIdentity } from "./http-api.js";
import { Login } from "./login.js";

const TOKEN = "reconvene.token";
const NAME = "reconvene.name";
const ASIDE = "reconvene.tokens-aside";
const MOST_ASIDE = 4;

/** Codes of errors about the token. */
const REFUSED = new Set(["bad_token", "token_expired"]);

/** @typedef {() => Promise<"again" | "new" | "">} Question  How to go on with an unknown token; "": not at all. */

export class Identity {
  login = new Login();
  #browser;
  #tab;
  #ask;
  /** Tokens used again since the person was last asked, so that servers that disagree do not cause a loop. @type {Set<string>} */
  #recalled = new Set();

  /** @param {import("./storage.js").PageStorage} browser @param {import("./storage.js").PageStorage} tab @param {Question} ask */
  constructor(browser, tab, ask) {
    this.#browser = browser;
    this.#tab = tab;
    this.#ask = ask;
  }

  get token() {
    return this.login.token ?? (this.#tab.getItem(TOKEN) || this.#browser.getItem(TOKEN) || undefined);
  }

  get name() {
    return this.login.name || (this.#tab.getItem(NAME) ?? this.#browser.getItem(NAME) ?? "");
  }

  set name(name) {
    if (!this.login.name) this.#own.setItem(NAME, name);
  }

  /**
   * Runs what needs an identity. If the server does not know the identity, asks the person how to go on.
   * @template T
   * @param {(token: string) => Promise<T>} run
   * @returns {Promise<T>}
   * @throws {ReconveneError}
   */
  async with(run) {
    for (;;) {
      const token = await this.ensure();
      try {
        return await run(token);
      } catch (error) {
        if (!(error instanceof ReconveneError) || !REFUSED.has(error.code)) throw error;
        if (this.login.isOn && !(await this.login.renew())) throw error;
        if (this.login.isOn) return run(await this.ensure());
        if (!(await this.goOn(token))) throw new ReconveneError("bad_token", "This server does not know you any more.");
      }
    }
  }

  /**
   * The server refuses this token: whether to try again, with this token or another.
   * @param {string} refused @returns {Promise<boolean>} @throws {ReconveneError}
   */
  async goOn(refused) {
    // Another tab may have replaced it meanwhile.
    if (this.token !== refused || (await this.recall())) return true;
    const answer = await this.#ask();
    this.#recalled.clear();
    if (answer === "new") await this.#renew();
    return answer !== "";
  }

  /** Uses again a token that was set aside, if the server knows one. @returns {Promise<boolean>} */
  async recall() {
    if (this.login.isOn) return false;
    for (const token of this.#aside.filter((token) => !this.#recalled.has(token))) {
      try {
        await hostedMeetings(token);
      } catch (error) {
        if (error instanceof ReconveneError && error.code === "bad_token") continue;
        return false;
      }
      this.#recalled.add(token);
      this.#replace(token);
      return true;
    }
    return false;
  }

  /** Keeps what the server issued. @param {string} token */
  remember(token) {
    if (!this.login.isOn) this.#own.setItem(TOKEN, token);
  }

  /** Makes this tab another person. @param {string} name @returns {Promise<void>} */
  async another(name) {
    const { token } = await newIdentity(name || undefined);
    this.#tab.setItem(TOKEN, token);
    this.#tab.setItem(NAME, name);
  }

  /** The token; created if there is none yet. @returns {Promise<string>} @throws {ReconveneError} */
  async ensure() {
    if (this.login.isOn) return this.login.token ?? (await this.#loggedIn());
    const token = this.token ?? (await newIdentity(this.name || undefined)).token;
    this.remember(token);
    return token;
  }

  async #loggedIn() {
    const token = await this.login.renew();
    if (!token) throw new ReconveneError("token_expired", "Your login has expired.");
    return token;
  }

  /** Goes on as somebody new. @throws {ReconveneError} */
  async #renew() {
    this.#replace((await newIdentity(this.name || undefined)).token);
  }

  /** Sets the current token aside. @param {string} token  the new one */
  #replace(token) {
    const aside = [this.token, ...this.#aside].filter((other) => other && other !== token);
    this.#own.setItem(ASIDE, JSON.stringify(aside.slice(0, MOST_ASIDE)));
    this.remember(token);
  }

  /** @returns {string[]} newest first */
  get #aside() {
    try {
      const kept = JSON.parse(this.#own.getItem(ASIDE) ?? "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  }

  /** The storage that has the current identity. */
  get #own() {
    return this.#tab.getItem(TOKEN) ? this.#tab : this.#browser;
  }
}
