/**
 * What a client holds of the meeting that it is in, over as many connections as that takes: who it is there, how far it
 * has heard, and what it has said. signalling/client/membership.py is its twin.
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
 * @property {string} page  A random name, by which the server knows this page's next join or resume.
 * @property {boolean} [create]
 * @property {string} [title]
 * @property {string} [token]
 * @property {string} [session]
 * @property {"replace" | "reject"} onDuplicate  Meant once: whoever was in resumes, and never takes over a newer page.
 * @property {import("./protocol.js").MediaState} media
 */

export class Membership {
  /** The server's life in which this page has been in; empty: in none. */
  epoch = "";
  /** Number of the last event heard. */
  seq = 0;
  outbox = new Outbox();

  #place;
  #myId = "";
  /** Unknown until the first join: the server remembers it over a reload. @type {boolean | undefined} */
  #hand;
  #lastId = 0;
  #attempt = 0;

  /** @param {Place} place */
  constructor(place) {
    this.#place = { ...place, media: { ...place.media } };
  }

  /** Of commands, joins and resumes alike. */
  nextId() {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Joins, or resumes when this page has been in before. */
  ask() {
    const { onDuplicate, session, token, media, ...place } = this.#place;
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

  /** An event that is not above the last one heard has been taken already. @param {import("./protocol.js").RoomEvent} event @returns {Action[]} */
  event(event) {
    if (!(event.seq > this.seq)) return [];
    this.seq = event.seq;
    return [emit("event", event)];
  }

  /**
   * What changed; kept until the server has answered, over as many connections as that takes.
   * @param {Change} change @param {boolean} connected @returns {Action[]}
   */
  status({ media, hand }, connected) {
    Object.assign(this.#place.media, media);
    this.#hand = hand ?? this.#hand;
    // Who has not been in yet says it when joining.
    if (!this.epoch || this.outbox.merge({ media, hand })) return [];
    return this.#command({ type: "status", id: this.nextId(), media, hand }, connected);
  }

  /** @param {string} to @param {import("./protocol.js").SignalData} data @param {boolean} connected @returns {Action[]} */
  signal(to, data, connected) {
    return this.epoch ? this.#command({ type: "signal", id: this.nextId(), to, data }, connected) : [];
  }

  /** Before it was in, the session it knows is that of an earlier page. @returns {Action[]} */
  goodbye() {
    const { session } = this.#place;
    return this.epoch && session ? [{ do: "goodbye", session, attempt: this.#attempt }] : [];
  }

  /** @param {import("./outbox.js").Status | import("./outbox.js").Signal} message @param {boolean} connected @returns {Action[]} */
  #command(message, connected) {
    const mayGo = this.outbox.add(message, connected);
    return mayGo && connected ? [send(message)] : [];
  }

  /** Tells what the others see otherwise than it is. @param {import("./protocol.js").Participant} me @returns {Action[]} */
  #catchUp(me) {
    this.#hand ??= me.hand;
    const media = changedMedia(me.media, this.#place.media);
    const hand = me.hand === this.#hand ? undefined : this.#hand;
    return media || hand !== undefined ? this.status({ media, hand }, true) : [];
  }
}
