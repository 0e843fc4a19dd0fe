/**
 * A client's state in one meeting, kept across reconnections: its own participant, the last event received, and the
 * commands it has given. signalling/client/membership.py is its twin.
 */
import { emit, send } from "./actions.js";
import { Outbox } from "./outbox.js";
import { FEATURES } from "./protocol.js";
import { changedMedia } from "./roster.js";

/**
 * @typedef {import("./actions.js").Action} Action
 * @typedef {import("./outbox.js").Change} Change
 *
 * @typedef {object} Place  Where to join, and as whom.
 * @property {string} meeting
 * @property {string} name
 * @property {string} page  A random name by which the server recognizes this page's joins and resumes.
 * @property {boolean} [create]
 * @property {string} [title]
 * @property {string} [token]
 * @property {string} [session]
 * @property {boolean} [renewable]  Whether the token is an application's, which can be asked for a newer one.
 * @property {"replace" | "reject"} onDuplicate  Used once: later the page resumes, and never replaces a newer one.
 * @property {import("./protocol.js").MediaState} media
 */

export class Membership {
  /** Names the room's log on the server; empty before the first join. */
  epoch = "";
  /** Number of the last event received. */
  seq = 0;
  outbox = new Outbox();

  #place;
  #myId = "";
  /** Unknown until the first join: the server remembers the hand across a reload. @type {boolean | undefined} */
  #hand;
  #lastId = 0;
  #attempt = 0;

  /** @param {Place} place */
  constructor(place) {
    this.#place = { ...place, media: { ...place.media } };
  }

  /** The next message id. Commands, joins and resumes share one sequence. */
  nextId() {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Enters the meeting: resumes if this page has joined before, otherwise joins. */
  ask() {
    const { onDuplicate, session, token, media, renewable: _, ...place } = this.#place;
    this.#attempt += 1;
    const ask = { id: this.nextId(), attempt: this.#attempt, session, token, media, features: FEATURES };
    if (this.epoch) return { type: "resume", ...ask, epoch: this.epoch, seq: this.seq, hand: this.#hand };
    return { type: "join", ...ask, ...place, on_duplicate: onDuplicate };
  }

  /** @param {import("./protocol.js").Joined} message @returns {Action[]} */
  joined(message) {
    this.epoch = message.epoch;
    this.seq = message.seq;
    this.#myId = message.you.id;
    this.#place.session = message.session;
    this.#place.token = message.token ?? this.#place.token;
    this.outbox.clear();
    return [emit("joined", message), ...this.#catchUp(message.you)];
  }

  /** @param {import("./protocol.js").Resumed} message @returns {Action[]} */
  resumed({ epoch, seq, replayed, snapshot, session, ice_servers }) {
    const restarted = epoch !== this.epoch;
    this.epoch = epoch;
    this.#place.session = session ?? this.#place.session;
    // Replayed events carry their own numbers.
    if (snapshot) this.seq = seq;
    if (restarted) this.outbox.forgetWhatMayHaveHappened();
    const me = restarted ? snapshot?.participants.find(({ id }) => id === this.#myId) : undefined;
    const detail = { replayed, restarted, ice_servers, ...(session && { session }), ...(snapshot && { snapshot }) };
    return [...this.outbox.all().map(send), ...(me ? this.#catchUp(me) : []), emit("resumed", detail)];
  }

  /** Shows the server a newer token, if it is connected. @param {string} token @param {boolean} connected @returns {Action[]} */
  renew(token, connected) {
    this.#place.token = token;
    return connected ? [send({ type: "authenticate", id: this.nextId(), token })] : [];
  }

  /** @param {import("./protocol.js").Authenticated} message @returns {Action[]} */
  authenticated(message) {
    this.#place.session = message.session;
    return [emit("authenticated", message)];
  }

  /** Ignores an event that is not newer than the last one. @param {import("./protocol.js").RoomEvent} event @returns {Action[]} */
  event(event) {
    if (!(event.seq > this.seq)) return [];
    this.seq = event.seq;
    return [emit("event", event)];
  }

  /**
   * Reports what changed. The command is kept until the server has answered, across reconnections.
   * @param {Change} change @param {boolean} connected @returns {Action[]}
   */
  status({ media, hand }, connected) {
    Object.assign(this.#place.media, media);
    this.#hand = hand ?? this.#hand;
    // Before the first join nothing is sent: the join carries the media, `#catchUp` the rest.
    if (!this.epoch || this.outbox.merge({ media, hand })) return [];
    return this.#command({ type: "status", id: this.nextId(), media, hand }, connected);
  }

  /** @param {string} to @param {import("./protocol.js").SignalData} data @param {boolean} connected @returns {Action[]} */
  signal(to, data, connected) {
    return this.epoch ? this.#command({ type: "signal", id: this.nextId(), to, data }, connected) : [];
  }

  /** Nothing before the first join: until then, the stored session is an earlier page's. @returns {Action[]} */
  goodbye() {
    const { session } = this.#place;
    return this.epoch && session ? [{ do: "goodbye", session, attempt: this.#attempt }] : [];
  }

  /** @param {import("./outbox.js").Status | import("./outbox.js").Signal} message @param {boolean} connected @returns {Action[]} */
  #command(message, connected) {
    const mayGo = this.outbox.add(message, connected);
    return mayGo && connected ? [send(message)] : [];
  }

  /** Reports what others see wrongly. @param {import("./protocol.js").Participant} me @returns {Action[]} */
  #catchUp(me) {
    this.#hand ??= me.hand;
    const media = changedMedia(me.media, this.#place.media);
    const hand = me.hand === this.#hand ? undefined : this.#hand;
    return media || hand !== undefined ? this.status({ media, hand }, true) : [];
  }
}
