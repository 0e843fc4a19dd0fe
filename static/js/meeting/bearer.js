/** Who the user is on one visit: whoever this browser is, or whom the login of an application names. */
import { ReconveneError } from "../../sdk/reconvene.js";

export class Bearer {
  /** Whether this tab was in the meeting with the login of an application: without one it is nobody else. */
  outside = false;
  #identity;

  /** @param {import("../here/identity.js").Identity} identity */
  constructor(identity) {
    this.#identity = identity;
  }

  /**
   * The token to join with. The session alone is enough for a tab that was in the meeting with a login.
   * @param {string | undefined} session @returns {Promise<string | undefined>} @throws {ReconveneError}
   */
  async token(session) {
    this.outside ||= this.#identity.login.isOn;
    // Without an identity, repeating a join whose answer was lost would make a second participant.
    if (!this.isLost) {
      const token = await this.#identity.ensure();
      this.#identity.login.enter();
      return token;
    }
    if (!session) throw expired();
    return undefined;
  }

  /** Whom the login names; "" without one. */
  get user() {
    return this.#identity.login.user;
  }

  /** This tab comes back to a place. @param {boolean} outside  that it had by a login @param {string} user  whom that named */
  comesBack(outside, user) {
    this.outside = outside;
    // A token that came with the page counts, whoever was there before.
    if (!this.#identity.login.isOn) this.#identity.login.user = user;
  }

  /** The place is given up: the next one may be another user's. */
  leave() {
    this.#identity.login.user = "";
  }

  /**
   * The application gives a newer token: whoever is in the meeting, waits to be let in or joins goes on with it.
   * @param {string} token @param {import("../../sdk/reconvene.js").Meeting | null} meeting @returns {boolean} whether it is of the same user
   */
  renew(token, meeting) {
    if (!meeting || !this.#identity.login.isOf(token)) return false;
    this.#identity.login.token = token;
    meeting.renew(token);
    return true;
  }

  /**
   * For one join: gives its first token, and then only what the application gives anew.
   * @param {string | undefined} session @returns {{first: string, getToken: () => Promise<string | null>}}
   */
  bearing(session) {
    let asked = false;
    const bearing = {
      first: "",
      getToken: async () => {
        if (asked) return (await this.#identity.login.renewal?.()) ?? null;
        asked = true;
        return (bearing.first = (await this.token(session)) ?? "") || null;
      },
    };
    return bearing;
  }

  /**
   * Runs what needs a token, over HTTP.
   * @template T
   * @param {(token: string) => Promise<T>} run @returns {Promise<T>} @throws {ReconveneError}
   */
  with(run) {
    return this.isLost ? Promise.reject(expired()) : this.#identity.with(run);
  }

  /** Whether the login is gone, as after a reload: a session proves a place, and nothing else. */
  get isLost() {
    return this.outside && !this.#identity.login.isOn;
  }
}

const expired = () => new ReconveneError("token_expired", "Your login has expired. Open the meeting once more where you logged in.");
