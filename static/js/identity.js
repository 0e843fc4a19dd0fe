/**
 * Who this browser is: an anonymous identity's token and the name last used, shared by its tabs.
 * A tab that joined "as another person" keeps an identity of its own in its own storage.
 */
import { ApiError, newIdentity } from "./api.js";

const TOKEN = "reconvene.token";
const NAME = "reconvene.name";

export class Identity {
  #browser;
  #tab;

  /** @param {import("./storage.js").PageStorage} browser @param {import("./storage.js").PageStorage} tab */
  constructor(browser, tab) {
    this.#browser = browser;
    this.#tab = tab;
  }

  get token() {
    return this.#tab.getItem(TOKEN) ?? this.#browser.getItem(TOKEN) ?? undefined;
  }

  get name() {
    return this.#tab.getItem(NAME) ?? this.#browser.getItem(NAME) ?? "";
  }

  set name(name) {
    this.#own.setItem(NAME, name);
  }

  /**
   * Runs what needs an identity, with a new one should the server not know the stored one any more.
   * @template T
   * @param {(token: string) => Promise<T>} run
   * @returns {Promise<T>}
   * @throws {ApiError}
   */
  async with(run) {
    try {
      return await run(await this.ensure());
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "bad_token") throw error;
      this.forget();
      return run(await this.ensure());
    }
  }

  /** Keeps what the server issued. @param {string} token */
  remember(token) {
    this.#own.setItem(TOKEN, token);
  }

  /** The server no longer accepts the token. */
  forget() {
    this.#own.removeItem(TOKEN);
  }

  /** Makes this tab another person. @param {string} name @returns {Promise<void>} */
  async another(name) {
    const { token } = await newIdentity(name || undefined);
    this.#tab.setItem(TOKEN, token);
    this.#tab.setItem(NAME, name);
  }

  /** The token; made where there is none yet. @returns {Promise<string>} @throws {ApiError} */
  async ensure() {
    const token = this.token ?? (await newIdentity(this.name || undefined)).token;
    this.remember(token);
    return token;
  }

  /** Where the identity in use is kept. */
  get #own() {
    return this.#tab.getItem(TOKEN) ? this.#tab : this.#browser;
  }
}
