/**
 * The entry for pages and applications: a client of one server. docs/sdk.md says how it is used.
 *
 *     const client = new Reconvene({ server: "https://meet.example.org" });
 *     const meeting = await client.join("ABC123", { name: "Ann", media: { audio: true, video: true } });
 *
 * It needs no storage, and makes nothing global. Several clients, and several meetings, may be in one page.
 */
import { PROCESSING } from "./capture.js";
import { DeviceChoice } from "./device-choice.js";
import { LocalMedia } from "./devices.js";
import { ReconveneError } from "./errors.js";
import { Emitter } from "./events.js";
import { PATIENCE, fetchAnswer, request } from "./http.js";
import { LevelMeter, SpeakingDetector } from "./levels.js";
import { Meeting } from "./meeting.js";
import { createMeeting, getMeeting, newIdentity } from "./meetings-api.js";
import { REACTIONS } from "./protocol.js";
import { Speaker } from "./speaker.js";
import { readServer, servedFrom } from "./server-address.js";
import { canCall } from "./webrtc.js";

/**
 * @typedef {import("./views.js").MeetingEvents} MeetingEvents
 * @typedef {import("./views.js").MeetingState} MeetingState
 * @typedef {import("./views.js").Snapshot} Snapshot
 * @typedef {import("./views.js").ParticipantView} ParticipantView
 * @typedef {import("./chat.js").ChatMessage} ChatMessage
 * @typedef {import("./chat.js").ChatSnapshot} ChatSnapshot
 * @typedef {import("./chat.js").Outgoing} Outgoing
 * @typedef {import("./views.js").Waiting} Waiting
 * @typedef {import("./capture.js").Processing} Processing
 * @typedef {import("./connection-quality.js").Quality} Quality
 * @typedef {import("./me.js").MeView} MeView
 * @typedef {import("./protocol.js").Right} Right
 * @typedef {import("./capture.js").Kind} Kind
 * @typedef {import("./capture.js").DeviceError} DeviceError
 * @typedef {import("./capture.js").ScreenError} ScreenError
 * @typedef {import("./device.js").DeviceState} DeviceState
 * @typedef {import("./devices.js").News} DeviceNews
 * @typedef {import("./http.js").Method} Method
 * @typedef {import("./http.js").RequestOptions} RequestOptions
 * @typedef {import("./meetings-api.js").MeetingInfo} MeetingInfo
 *
 * @typedef {object} JoinOptions
 * @property {string} [name]  1 to 80 characters. A name that a token gives counts in its place.
 * @property {boolean} [create]  Whether to create the meeting if there is none.
 * @property {string} [title]  of a meeting that is created
 * @property {{audio?: boolean, video?: boolean} | LocalMedia | false} [media]  What to turn on at once; default: nothing. Or
 *   media that are open already, such as those of a view before the join: whoever has made them stops them. `false`: the
 *   application has media of its own, and uses `signal`.
 * @property {string | undefined} [session]  What a `session` event has said before this page was loaded again: the user gets
 *   the same place back, without any token.
 * @property {number} [others]  What is sent is made for as many others at least; default: for those who are there. The more
 *   there are, the smaller is each one's picture.
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
 * @property {import("./socket.js").GetToken | null} getToken
 * @property {() => Promise<string | undefined>} token  rejects with a `ReconveneError`. None: the session has to do
 * @property {(token: string) => void} remember  what the server has renewed
 * @property {DeviceChoice} devices  tells new media which devices to use
 * @property {(meeting: Meeting) => void} over
 */

export class Reconvene {
  /** Microphones and cameras. @readonly */
  devices = new DeviceChoice();

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
    if (typeof id !== "string") throw new TypeError("A meeting's id is a string.");
    const name = id.trim().toUpperCase();
    const known = this.#meetings.get(name);
    if (known) return known;
    const meeting = new Meeting(name, options, {
      server: this.#server,
      getToken: this.#getToken,
      token: () => this.#token(options.session),
      remember: (token) => this.#remember(token),
      devices: this.devices,
      over: (left) => this.#meetings.get(name) === left && this.#meetings.delete(name),
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

  /** Who the user is. @param {string} [session]  that proves it, too @returns {Promise<string>} "" if that has to do @throws {ReconveneError} */
  async #token(session) {
    if (!this.#getToken) return session && !this.#kept ? "" : (this.#identity ??= this.#anonymous());
    /** @type {unknown} */
    let why = "";
    const token = await this.#getToken().catch((error) => ((why = error), null));
    if (why instanceof ReconveneError) throw why;
    if (!token && !session) throw new ReconveneError("no_token", `The application gave no token. ${why}`.trim());
    return token ?? "";
  }

  async #anonymous() {
    try {
      const kept = this.#kept;
      if (kept) return kept;
      const { token } = await newIdentity(this.#server);
      this.#remember(token);
      return token;
    } catch (error) {
      this.#identity = null;
      throw error;
    }
  }

  get #kept() {
    return attempted(() => this.#storage?.getItem(this.#key)) ?? "";
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
 * @param {NonNullable<ClientOptions["getToken"]>} getToken @returns {import("./socket.js").GetToken}
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

export { Emitter, LevelMeter, LocalMedia, Meeting, PROCESSING, REACTIONS, ReconveneError, Speaker, SpeakingDetector, canCall, fetchAnswer, request };
