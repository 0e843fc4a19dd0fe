/**
 * A client's state in one meeting, kept across reconnections: its own participant, the last event received, and the
 * commands it has given. signalling/client/membership.py is its twin.
 */
import { emit, interrupted, send, tooLate } from "./actions.js";
import { ChatLog } from "./chat-log.js";
import { Outbox, isKeyed, isOrder } from "./outbox.js";
import { FEATURES } from "./protocol.js";
import { inCharge, may } from "./rights.js";
import { applied, changedMedia, rosterOf } from "./roster.js";

/**
 * @typedef {import("./actions.js").Action} Action
 * @typedef {import("./outbox.js").Change} Change
 *
 * @typedef {object} Place  Where to join, and as whom.
 * @property {string} meeting
 * @property {string} name
 * @property {string} page  A random name by which the server recognizes this page's joins and resumes.
 * @property {boolean} [create]
 * @property {string | undefined} [title]
 * @property {string | undefined} [token]
 * @property {string | undefined} [session]
 * @property {boolean} [renewable]  Whether the token is an application's, which can be asked for a newer one.
 * @property {"replace" | "reject"} onDuplicate  Used once: later the page resumes, and never replaces a newer one.
 * @property {import("./protocol.js").MediaState} media
 * @property {string | undefined} [password]
 * @property {string | undefined} [invite]
 * @property {string | undefined} [knock]  Names a place among those who wait.
 */

const FLAGS = /** @type {const} */ (["audio", "video", "screen"]);
/** @typedef {typeof FLAGS[number]} Flag */

export class Membership {
  /** Names the room's log on the server; empty before the first join. */
  epoch = "";
  /** Number of the last event received. */
  seq = 0;
  outbox = new Outbox();
  chat = new ChatLog();
  #readsChat = false;

  #place;
  #myId = "";
  /** This page's own entry. @type {import("./protocol.js").Participant | undefined} */
  #me;
  /** @type {Pick<import("./protocol.js").Meeting, "settings">} */
  #meeting = {};
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
    const { epoch, seq } = this;
    if (epoch) return { type: "resume", ...ask, epoch, seq, hand: this.#hand, knock: place.knock, password: place.password, invite: place.invite };
    return { type: "join", ...ask, ...place, on_duplicate: onDuplicate };
  }

  /** The server has answered a join or resume. @param {import("./protocol.js").Joined | import("./protocol.js").Resumed | import("./protocol.js").Waiting} message @param {number} now @returns {Action[]} */
  cameIn(message, now) {
    if (message.type === "waiting") return this.#waits(message);
    const late = tooLate(this.outbox.tooLate(now, true));
    return [...late, ...(message.type === "joined" ? this.#joined(message) : this.#resumed(message))];
  }

  /** @param {import("./protocol.js").Joined} message @returns {Action[]} */
  #joined(message) {
    this.epoch = message.epoch;
    this.seq = message.seq;
    this.#myId = message.you.id;
    this.#place.session = message.session;
    this.#place.token = message.token ?? this.#place.token;
    delete this.#place.knock;
    const forgotten = interrupted(this.outbox.startAnew());
    this.#lookAround(message);
    const orders = [...this.outbox.all().map(send), ...this.#readAnew()];
    return [emit("joined", message), ...forgotten, ...orders, ...this.#obey(turnedOff(message)), ...this.#catchUp()];
  }

  /** Somebody in charge has to let this client in. It keeps what brings it back to its position. @param {import("./protocol.js").Waiting} message @returns {Action[]} */
  #waits(message) {
    this.#place.knock = message.knock ?? this.#place.knock;
    this.#place.token = message.token ?? this.#place.token;
    return [emit("waiting", message)];
  }

  /** @param {import("./protocol.js").Resumed} message @returns {Action[]} */
  #resumed(message) {
    const { epoch, seq, replayed, snapshot, session, ice_servers, lasted } = message;
    const restarted = epoch !== this.epoch;
    this.epoch = epoch;
    this.#place.session = session ?? this.#place.session;
    // Replayed events carry their own numbers.
    if (snapshot) {
      this.seq = seq;
      this.#lookAround(snapshot);
    }
    const isUp = restarted && this.outbox.isToRaiseHand();
    const forgotten = restarted ? interrupted(this.outbox.forgetWhatMayHaveHappened()) : [];
    // The event that lowered it will not come any more.
    if (!restarted && snapshot && this.#me && !this.#me.hand) this.#lowerHand();
    // A status that waits turns on again what was turned off before it, and raises the hand again.
    const off = turnedOff(message).filter((flag) => (flag === "hand" ? !isUp : !this.outbox.turnsOn(flag)));
    const detail = { replayed, restarted, ice_servers, ...(session && { session }), ...(snapshot && { snapshot }), ...(lasted !== undefined && { lasted }) };
    const commands = this.outbox.all().map(send);
    const obeyed = this.#obey(off);
    const asked = snapshot ? this.#readAnew() : [];
    return [...forgotten, ...commands, ...obeyed, ...asked, ...(restarted ? this.#catchUp() : []), emit("resumed", detail)];
  }

  /** A newer token, for the next join or resume. @param {string} token */
  renew(token) {
    this.#place.token = token;
  }

  /** Shows the server the newer token. */
  authenticate() {
    return send({ type: "authenticate", id: this.nextId(), token: this.#place.token });
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
    const led = inCharge(this.#me);
    this.#me = this.#me && applied(rosterOf([this.#me]), event).get(this.#myId);
    const told = this.chat.event(event);
    if (event.type === "meeting_updated") this.#meeting = { ...this.#meeting, ...event.meeting };
    return [emit("event", told), ...this.#ordered(event), ...(inCharge(this.#me) && !led ? this.#readAll() : [])];
  }

  /** Obeys what the event says of this page. @param {import("./protocol.js").RoomEvent} event @returns {Action[]} */
  #ordered(event) {
    if (event.type === "meeting_updated") return this.#obey([]);
    if (event.type !== "participant_updated" || event.participant.id !== this.#myId) return [];
    const { by, participant: { media, hand } } = event;
    if (by === undefined) return this.#obey([]);
    if (hand === false) this.#lowerHand();
    return this.#obey(FLAGS.filter((flag) => media?.[flag] === false), by);
  }

  /** Reports what changed. The command is kept until the server has answered, across reconnections. @param {Change} change @param {boolean} connected @returns {Action[]} */
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

  /**
   * Gives an order, or writes in the chat. The caller makes the `key` of what has one. Whoever asks for the latest of the
   * history has `chat` kept complete from then on. A reaction is of the moment: it is sent now, or not at all.
   * @param {import("./outbox.js").NewOrder} order @param {number} now @param {boolean} connected @returns {Action[]}
   */
  order(order, now, connected) {
    if (order.type === "react") return connected ? [send(order)] : [];
    if (order.type === "chat_history" && order.before === undefined) {
      this.#readsChat = true;
      if (this.outbox.asksForHistory) return [];
    }
    return this.epoch ? this.#command({ ...order, type: order.type, id: this.nextId() }, connected, now) : [];
  }

  /**
   * Whether the refused command is to be sent again a little later: anything after `busy`, an order when the server
   * cannot carry it out now.
   * @param {import("./protocol.js").ServerError} error @param {number} now
   */
  hold({ id, code, retry_after }, now) {
    const command = this.outbox.find(id);
    if (!command) return false;
    const passes = code === "unavailable" && retry_after !== undefined && isOrder(command);
    // The room may have taken it over already.
    if (passes && isKeyed(command)) /** @type {import("./outbox.js").Order} */ (command).again = true;
    return (passes || code === "busy") && this.outbox.hold(id, now + (retry_after ?? 1) * 1000);
  }

  /** A command was answered with `ack`, a `chat_page`, or for good with `error`. @param {{id?: number, again?: boolean, code?: string, message?: string} | import("./protocol.js").ChatPage} answer @returns {Action[]} */
  answer(answer) {
    const command = this.outbox.find(answer.id);
    this.outbox.answered(answer.id);
    if ("messages" in answer) {
      if (command?.type !== "chat_history") return [];
      const order = /** @type {import("./outbox.js").Order} */ (command);
      this.chat.page(answer, /** @type {string | undefined} */ (order.before));
      return [emit("answered", { order, page: answer })];
    }
    const { again, code, message = "" } = answer;
    const error = code === undefined ? undefined : { code, message };
    if (command && isOrder(command)) return [emit("answered", { order: command, ...(again && { again }), ...(error && { error }) })];
    // Somebody has lowered it since: that was told before this answer.
    if (!error && command?.type === "status" && /** @type {import("./outbox.js").Status} */ (command).hand && this.#me && !this.#me.hand) this.#lowerHand();
    if (!error) return [];
    return [emit("error", error), ...(code === "forbidden" && command?.type === "status" ? this.#forbidden(/** @type {import("./outbox.js").Status} */ (command)) : [])];
  }

  /** Messages may have been missed. @returns {Action[]} */
  #readAnew() {
    this.chat.doubt();
    if (!this.#readsChat || this.outbox.asksForHistory) return [];
    return this.#command({ type: "chat_history", id: this.nextId() }, true);
  }

  /** Whoever comes to be in charge may read more than before, also than in a page that is on its way. @returns {Action[]} */
  #readAll() {
    if (!this.#readsChat) return [];
    this.chat.doubt();
    return this.#command({ type: "chat_history", id: this.nextId() }, true);
  }

  /** Nothing before the first join: until then, the stored session is an earlier page's. @returns {Action[]} */
  goodbye() {
    const { session } = this.#place;
    return this.epoch && session ? [{ do: "goodbye", session, attempt: this.#attempt }] : [];
  }

  /** @param {import("./outbox.js").Message} message @param {boolean} connected @param {number} [now] @returns {Action[]} */
  #command(message, connected, now) {
    const mayGo = this.outbox.add(message, connected, now);
    return mayGo && connected ? [send(message)] : [];
  }

  /** @param {import("./protocol.js").Snapshot} whole */
  #lookAround({ meeting, participants }) {
    this.#meeting = meeting;
    this.#me = participants.find(({ id }) => id === this.#myId);
  }

  /**
   * Turns off what somebody else has turned off, and what this page may not send. The server has it so already: it is
   * told only where a status on its way would turn it on again.
   * @param {(Flag | "hand")[]} off @param {string} [by] @returns {Action[]}
   */
  #obey(off, by) {
    const me = this.#me;
    if (!me) return [];
    if (this.#hand && (off.includes("hand") || !may(me, this.#meeting, "hand"))) this.#lowerHand();
    const { media } = this.#place;
    const flags = FLAGS.filter((flag) => media[flag] && (off.includes(flag) || !may(me, this.#meeting, flag)));
    if (!flags.length) return [];
    const change = allOff(flags);
    Object.assign(media, change);
    const undone = flags.filter((flag) => this.outbox.turnsOn(flag));
    const told = emit("muted", { media: change, ...(by !== undefined && { by }) });
    return [told, ...(undone.length ? this.status({ media: allOff(undone) }, true) : [])];
  }

  #lowerHand() {
    if (!this.outbox.raisesHand()) this.#hand = false;
  }

  /**
   * The server took nothing of this status, or somebody has undone it since: turns off what is off there, and says the rest
   * again. What was on before still is, and what another status turns on is answered with that.
   * @param {import("./outbox.js").Status} status @returns {Action[]}
   */
  #forbidden({ media: said = {}, hand }) {
    const { media } = this.#place;
    const me = this.#me;
    if (hand && !me?.hand) this.#lowerHand();
    const off = FLAGS.filter((flag) => said[flag] && media[flag] && !me?.media[flag] && !this.outbox.turnsOn(flag));
    Object.assign(media, allOff(off));
    const rest = FLAGS.filter((flag) => said[flag] === false && !media[flag]);
    const change = {
      ...(rest.length && { media: allOff(rest) }),
      ...(hand === false && this.#hand === false && { hand }),
    };
    const told = off.length ? [emit("muted", { media: allOff(off) })] : [];
    return Object.keys(change).length ? [...told, ...this.status(change, true)] : told;
  }

  /** Reports what others see wrongly. @returns {Action[]} */
  #catchUp() {
    const me = this.#me;
    if (!me) return [];
    this.#hand ??= me.hand;
    const media = changedMedia(me.media, this.#place.media);
    const hand = me.hand === this.#hand ? undefined : this.#hand;
    return media || hand !== undefined ? this.status({ media, hand }, true) : [];
  }
}

/** @param {Flag[]} flags @returns {Partial<import("./protocol.js").MediaState>} */
const allOff = (flags) => Object.fromEntries(flags.map((flag) => [flag, false]));

/**
 * What an answer says that this page has to turn off.
 * @param {{muted?: import("./protocol.js").Muted}} answer
 */
const turnedOff = ({ muted }) => /** @type {const} */ ([...FLAGS, "hand"]).filter((flag) => muted?.[flag] === false);
