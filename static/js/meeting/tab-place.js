/** The place that this tab holds in the meeting of a visit, for a reload: with whom logged in, and with which devices on. */

/** How long a server lets whoever waits to be let in come back to the same position. Seconds. */
const WAITS = 30;

export class TabPlace {
  /** Its session when the page was loaded. @type {string | undefined} */
  session;
  #id;
  #keeper;
  #bearer;
  #own;
  /** As JSON. */
  #kept = "";

  /**
   * @param {string} id  of the meeting @param {import("../here/tab-session.js").TabSessionKeeper} keeper
   * @param {import("./bearer.js").Bearer} bearer @param {import("./own-media.js").OwnMedia} own
   */
  constructor(id, keeper, bearer, own) {
    this.#id = id;
    this.#keeper = keeper;
    this.#bearer = bearer;
    this.#own = own;
  }

  /** As it was before the page was loaded. @returns {Promise<{name: string, straight: boolean} | null>} `straight`: without asking */
  async find() {
    const found = await this.#keeper.find(this.#id);
    if (!found) return null;
    const { name, session, audio, video, outside = false, user = "" } = found.tabSession;
    this.session = session || undefined;
    this.#own.wanted = { audio, video };
    this.#bearer.comesBack(outside, user);
    return { name, straight: found.straight };
  }

  /** @param {{session: string, grace: number}} held @param {string} name */
  take({ session, grace }, name) {
    const { outside, user } = this.#bearer;
    this.#kept = "";
    this.#keeper.take({ meeting: this.#id, session, name, ...this.#own.media.wanted, grace, outside, user });
  }

  /** Somebody in charge has to let the user in: a reload asks once more. @param {string} name */
  wait(name) {
    this.take({ session: "", grace: WAITS }, name);
  }

  /** @param {string} name @returns {boolean} whether anything was to be kept */
  update(name) {
    const now = { ...this.#own.media.wanted, name };
    const said = JSON.stringify(now);
    if (said === this.#kept) return false;
    this.#kept = said;
    this.#keeper.update(now);
    return true;
  }

  leave() {
    this.#keeper.leave();
    this.#bearer.leave();
    this.session = undefined;
  }
}
