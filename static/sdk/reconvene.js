/**
 * The entry for pages and applications: a client of one server. docs/sdk.md says how it is used.
 *
 *     const client = new Reconvene({ server: "https://meet.example.org" });
 *     const meeting = await client.join("ABC123", { name: "Ann", media: { audio: true, video: true } });
 *
 * It needs no storage, and makes nothing global. Several clients, and several meetings, may be in one page.
 */
import { DeviceChoice } from "./device-choice.js";
import { ReconveneError } from "./errors.js";
import { PATIENCE } from "./http.js";
import { Meeting } from "./meeting.js";
import { createMeeting, getMeeting, newIdentity } from "./meetings-api.js";
import { REACTIONS } from "./protocol.js";
import { readServer, servedFrom } from "./server-address.js";

/**
 * @typedef {import("./views.js").MeetingEvents} MeetingEvents
 * @typedef {import("./views.js").MeetingState} MeetingState
 * @typedef {import("./views.js").Snapshot} Snapshot
 * @typedef {import("./views.js").ParticipantView} ParticipantView
 * @typedef {import("./chat.js").ChatMessage} ChatMessage
 * @typedef {import("./chat.js").ChatSnapshot} ChatSnapshot
 * @typedef {import("./me.js").MeView} MeView
 * @typedef {import("./meetings-api.js").MeetingInfo} MeetingInfo
 *
 * @typedef {object} JoinOptions
 * @property {string} [name]  1 to 80 characters. A name that a token gives counts in its place.
 * @property {boolean} [create]  Whether to create the meeting if there is none.
 * @property {string} [title]  of a meeting that is created
 * @property {{audio?: boolean, video?: boolean} | false} [media]  What to turn on at once; default: nothing. `false`: the
 *   application has media of its own, and uses `signal`.
 * @property {string | undefined} [password]
 * @property {string | undefined} [invite]  The secret of an invite link.
 * @property {"replace" | "reject"} [onDuplicate]  What to do if the same user is in the meeting elsewhere. Default: take the place.
 * @property {AbortSignal} [signal]  Cancels the join until it is answered.
 *
 * @typedef {object} ClientOptions
 * @property {string | URL} [server]  Default: the server that this file was loaded from.
 * @property {(() => Promise<string | null | undefined> | string | null | undefined) | null} [getToken]  Gives a token of the
 *   application, which says who the user is: asked at each join, before the token expires, and when it has. Default: the
 *   user is anonymous.
 * @property {Pick<Storage, "getItem" | "setItem"> | null} [storage]  Keeps an anonymous user's identity, so that the user is the
 *   same participant after a reload, such as `localStorage`. Default: it ends with the page.
 *
 * @typedef {object} Ground  What a meeting stands on: the client that joins it.
 * @property {string} server
 * @property {import("./login.js").GetToken | null} getToken
 * @property {() => Promise<string | undefined>} token  rejects with a `ReconveneError`. None: the session is enough
 * @property {(token: string) => void} remember  what the server has renewed
 * @property {(media: import("./devices.js").LocalMedia) => void} devices  tells new media which devices to use
 * @property {(meeting: Meeting) => void} over
 * @property {import("./devices.js").LocalMedia} [media]  whose owner stops it; default: the meeting's own
 * @property {string | undefined} [session]  of this tab, before it was loaded again
 */

export class Reconvene {
  /** Microphones and cameras. @readonly */
  devices = new DeviceChoice(() => this.#media());

  #server;
  #getToken;
  #storage;
  /** Those that are joined, or being joined. @type {Map<string, Meeting>} */
  #meetings = new Map();
  /** @type {Promise<string> | null} */
  #identity = null;

  /** @param {ClientOptions} [options] @throws {TypeError} if it is not known which server is meant */
  constructor({ server, getToken = null, storage = null } = {}) {
    const address = server ?? servedFrom(import.meta.url);
    if (!address) throw new TypeError("new Reconvene() needs the address of a server, as { server: \"https://meet.example.org\" }.");
    this.#server = readServer(address);
    this.#getToken = getToken && asking(getToken);
    this.#storage = storage;
  }

  /** Its address. */
  get server() {
    return this.#server;
  }

  /**
   * Joins a meeting. Answers when the user is in, or waits to be let in (`meeting.state`). To join a meeting twice is to join it
   * once: the second has the same `Meeting`.
   * @param {string} id @param {JoinOptions} [options] @returns {Promise<Meeting>}
   * @throws {ReconveneError} with the protocol's `code`, such as `unknown_meeting`; `left` when `leave` was called; or the
   *   reason of the `signal`
   */
  async join(id, options) {
    const meeting = this.open(id, options);
    await meeting.answered;
    return meeting;
  }

  /** The same, but answers at once: the `state` of the meeting is `connecting`. @param {string} id @param {JoinOptions} [options] @returns {Meeting} */
  open(id, options = {}) {
    return this.enter(id, options, {});
  }

  /** For the server's own page, which has some of what a meeting stands on. @param {string} id @param {JoinOptions} options @param {Partial<Ground>} own @returns {Meeting} @internal */
  enter(id, options, own) {
    if (typeof id !== "string") throw new TypeError("A meeting's id is a string.");
    const name = id.trim().toUpperCase();
    const known = this.#meetings.get(name);
    if (known) return known;
    const meeting = new Meeting(name, options, {
      server: this.#server,
      getToken: this.#getToken,
      token: () => this.#token(),
      remember: (token) => this.#remember(token),
      devices: (media) => this.devices.tell(media),
      over: (left) => this.#meetings.get(name) === left && this.#meetings.delete(name),
      ...own,
    });
    if (meeting.state !== "left") this.#meetings.set(name, meeting);
    return meeting;
  }

  /** Creates a meeting, whose host is the user, or finds the one that has this id. @param {{meeting?: string, title?: string}} [wish] @returns {Promise<MeetingInfo>} @throws {ReconveneError} */
  async create(wish = {}) {
    return createMeeting(this.#server, await this.#token(), wish);
  }

  /** What everybody may know of a meeting. @param {string} id @returns {Promise<MeetingInfo>} @throws {ReconveneError} */
  async find(id) {
    return getMeeting(this.#server, id);
  }

  *#media() {
    for (const { local } of this.#meetings.values()) if (local) yield local;
  }

  /** Who the user is. @returns {Promise<string>} @throws {ReconveneError} */
  async #token() {
    if (!this.#getToken) return (this.#identity ??= this.#anonymous());
    /** @type {unknown} */
    let why = "";
    const token = await this.#getToken().catch((error) => ((why = error), null));
    if (!token) throw new ReconveneError("no_token", `The application gave no token. ${why}`.trim());
    return token;
  }

  async #anonymous() {
    try {
      const kept = attempted(() => this.#storage?.getItem(this.#key));
      if (kept) return kept;
      const { token } = await newIdentity(this.#server);
      this.#remember(token);
      return token;
    } catch (error) {
      this.#identity = null;
      throw error;
    }
  }

  /** @param {string} token  of an anonymous user */
  #remember(token) {
    if (this.#getToken) return;
    this.#identity = Promise.resolve(token);
    attempted(() => this.#storage?.setItem(this.#key, token));
  }

  get #key() {
    return `reconvene.identity ${this.#server}`;
  }
}

/**
 * Asks the application, which may throw, answer with anything, or not at all.
 * @param {NonNullable<ClientOptions["getToken"]>} getToken @returns {import("./login.js").GetToken}
 */
const asking = (getToken) => async () => {
  let timer = 0;
  const late = new Promise((_, reject) => {
    timer = window.setTimeout(() => reject(new Error("It did not answer in time.")), PATIENCE);
  });
  try {
    const token = await Promise.race([(async () => getToken())(), late]);
    return typeof token === "string" && token ? token : null;
  } finally {
    clearTimeout(timer);
  }
};

/** What storage answers, if the browser lets it. @template T @param {() => T} run @returns {T | undefined} */
function attempted(run) {
  try {
    return run();
  } catch {
    return undefined;
  }
}

export { Meeting, REACTIONS, ReconveneError };
