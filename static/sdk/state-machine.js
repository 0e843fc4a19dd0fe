/**
 * The client's side of the protocol as a state machine without I/O, clock or randomness: what happened goes in
 * with the time it happened, what is to be done comes out as a list of actions, and `wakeAt` says when `tick`
 * wants to be called. socket.js is its shell, signalling/client/state_machine.py the same machine; tests/vectors hold them together.
 *
 *     idle ─start→ connecting ─opened→ joining ─joined, resumed→ joined
 *                      ↑                  │ closed, no answer      │ closed, no pong
 *                      └── due ─ waiting ←┴────────────────────────┘
 *
 * From anywhere: a final close code, a refusal that stays, or `leave` → over.
 */
import { BackOff } from "./back-off.js";
import { Outbox } from "./outbox.js";
import { CLOSE, FEATURES, isFinal, parse } from "./protocol.js";

/**
 * @typedef {import("./protocol.js").MediaState} MediaState
 * @typedef {import("./protocol.js").RoomEvent} RoomEvent
 * @typedef {import("./outbox.js").Change} Change
 * @typedef {import("./outbox.js").Status} Status
 * @typedef {import("./outbox.js").Signal} Signal
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
 * @property {MediaState} media
 *
 * @typedef {object} Back
 * @property {number} replayed  How many missed events follow.
 * @property {import("./protocol.js").Snapshot} [snapshot]  Comes where they could not all be replayed.
 * @property {boolean} restarted  Whether the server was; signals that were on their way may be lost.
 * @property {string} [session]  A new credential for the tab.
 * @property {RTCIceServer[]} ice_servers
 *
 * @typedef {object} ClientEvents
 * @property {import("./protocol.js").Joined} joined
 * @property {Back} resumed
 * @property {RoomEvent} event
 * @property {import("./protocol.js").IceServers} ice_servers  New credentials.
 * @property {{code: string, message: string}} refused  The join was answered with an error that stays.
 * @property {{code: string, message: string}} error
 * @property {null} away  The connection is lost and being restored.
 * @property {{code: number}} closed  The server closed for good.
 *
 * @typedef {{do: "open"} | {do: "send", text: string} | {do: "drop", code: number}
 *   | {do: "goodbye", session: string, attempt: number}
 *   | {[Name in keyof ClientEvents]: {do: "emit", name: Name, detail: ClientEvents[Name]}}[keyof ClientEvents]} Action
 *
 * @typedef {"idle" | "connecting" | "joining" | "joined" | "waiting" | "over"} Phase
 */

/** Milliseconds. */
const CONNECT_TIMEOUT = 10_000;
const PONG_TIMEOUT = 8_000;
/** When the network may just have changed, a dead socket is to be found out quickly. */
const PROBE_TIMEOUT = 2_500;

/** Errors to a join or resume that pass by themselves. */
const PASSING = new Set(["unavailable", "rate_limited"]);

export class SignallingClient {
  /** @type {Phase} */
  phase = "idle";
  /** When to call `tick`, in the caller's milliseconds. @type {number} */
  wakeAt = Infinity;
  epoch = "";
  seq = 0;

  #place;
  #myId = "";
  /** Unknown until the first join: the server remembers it over a reload. @type {boolean | undefined} */
  #hand;
  #outbox = new Outbox();
  #lastId = 0;
  /** The id of the join or resume on its way. */
  #askedWith = 0;
  #attempt = 0;
  #leaving = false;
  #backOff;
  #heartbeat = 15_000;
  #pongBy = Infinity;
  /** When the connection is looked after next. */
  #lookAt = Infinity;
  #notBefore = 0;

  /**
   * @param {Place} place
   * @param {() => number} random  in [0, 1)
   */
  constructor(place, random) {
    this.#place = { ...place, media: { ...place.media } };
    this.#backOff = new BackOff(random);
  }

  /** @param {number} now @returns {Action[]} */
  start(now) {
    return this.phase === "idle" ? this.#connect(now) : [];
  }

  /** The socket is open. @param {number} now @returns {Action[]} */
  opened(now) {
    if (this.phase !== "connecting") return [];
    this.phase = "joining";
    return this.#ask(now);
  }

  /** @param {string} text @param {number} now @returns {Action[]} */
  received(text, now) {
    if (this.phase !== "joining" && this.phase !== "joined") return [];
    // Any frame proves the connection alive, not just the pong.
    if (this.phase === "joined") this.#alive(now);
    const message = parse(text);
    if (!message) return [];
    switch (message.type) {
      case "joined":
        return this.#joined(message, now);
      case "resumed":
        return this.#resumed(message, now);
      case "ack":
        this.#outbox.answered(message.id);
        return this.#sendDue(now);
      case "pong":
        return [];
      case "ice_servers":
        return [{ do: "emit", name: "ice_servers", detail: message }];
      case "error":
        return this.#error(message, now);
      case "going_away":
        this.#notBefore = now + message.delay * 1000;
        return [];
      case "batch":
        return message.events.flatMap((event) => this.#roomEvent(event));
      default:
        return this.#roomEvent(message);
    }
  }

  /** The socket is closed, or could not be opened. @param {number} code @param {number} now @returns {Action[]} */
  closed(code, now) {
    if (this.phase === "idle" || this.phase === "waiting" || this.phase === "over") return [];
    if (isFinal(code)) return this.#over({ do: "emit", name: "closed", detail: { code } });
    return this.#lost(now);
  }

  /** @param {number} now @returns {Action[]} */
  tick(now) {
    if (now < this.wakeAt) return [];
    switch (this.phase) {
      case "waiting":
        return this.#connect(now);
      case "connecting":
        return this.#giveUp(now);
      case "joining":
        // Either the answer never came, or the wait that a passing error asked for is over.
        return this.#askedWith ? this.#giveUp(now) : this.#ask(now);
      case "joined":
        return [...this.#sendDue(now), ...this.#look(now)];
      default:
        return [];
    }
  }

  /** The network or the page came back: do not sit out a wait, do not trust an old socket. @param {number} now @returns {Action[]} */
  hurry(now) {
    switch (this.phase) {
      case "waiting":
        if (now >= this.#notBefore) return this.#connect(now);
        this.wakeAt = this.#notBefore;
        return [];
      case "joined":
        return this.#ping(now, PROBE_TIMEOUT);
      case "connecting":
      case "joining":
        // The wait that a passing error asked for is the server's to set.
        if (this.phase === "connecting" || this.#askedWith) this.wakeAt = Math.min(this.wakeAt, now + PROBE_TIMEOUT);
        return [];
      default:
        return [];
    }
  }

  /** The page is put away or closed, which a close in good order tells the server. `hurry` comes back from it. @returns {Action[]} */
  suspend() {
    if (this.phase === "idle" || this.phase === "over") return [];
    const { session } = this.#place;
    /** Before it was in, the session it knows is that of an earlier page. @type {Action[]} */
    const goodbye = this.epoch && session ? [{ do: "goodbye", session, attempt: this.#attempt }] : [];
    if (this.#leaving) return this.#over(...goodbye);
    const wasJoined = this.phase === "joined";
    this.phase = "waiting";
    this.#pongBy = this.wakeAt = Infinity;
    return [{ do: "drop", code: CLOSE.normal }, ...goodbye, ...away(wasJoined)];
  }

  /** What changed; kept until the server has answered, over as many connections as that takes. @param {Change} change @returns {Action[]} */
  status({ media, hand }) {
    Object.assign(this.#place.media, media);
    this.#hand = hand ?? this.#hand;
    // Who has not been in yet says it when joining.
    if (!this.epoch || this.phase === "over") return [];
    if (this.#outbox.merge({ media, hand })) return [];
    return this.#command({ type: "status", id: this.#nextId(), media, hand });
  }

  /** @param {string} to @param {import("./protocol.js").SignalData} data @returns {Action[]} */
  signal(to, data) {
    if (!this.epoch || this.phase === "over") return [];
    return this.#command({ type: "signal", id: this.#nextId(), to, data });
  }

  /** Leaves for good. @returns {Action[]} */
  leave() {
    if (this.phase === "joined") return this.#farewell();
    if (this.phase === "over") return [];
    if (!this.epoch) return this.#over();
    // The server keeps the place of who is only away: come back once, to say so.
    this.#leaving = true;
    if (this.phase === "waiting") this.wakeAt = 0;
    return [];
  }

  #farewell() {
    return [send({ type: "leave", id: this.#nextId() }), ...this.#over()];
  }

  /** @param {number} now @returns {Action[]} */
  #connect(now) {
    this.phase = "connecting";
    this.wakeAt = now + CONNECT_TIMEOUT;
    return [{ do: "open" }];
  }

  /** Joins, or resumes when this page has been in before. @param {number} now @returns {Action[]} */
  #ask(now) {
    const { onDuplicate, session, token, media, ...place } = this.#place;
    this.#askedWith = this.#nextId();
    this.#attempt += 1;
    this.wakeAt = now + CONNECT_TIMEOUT;
    const ask = { id: this.#askedWith, attempt: this.#attempt, session, token, media, features: FEATURES };
    if (this.epoch) return [send({ type: "resume", ...ask, epoch: this.epoch, seq: this.seq, hand: this.#hand })];
    return [send({ type: "join", ...ask, ...place, on_duplicate: onDuplicate })];
  }

  /** @param {import("./protocol.js").Joined} message @param {number} now @returns {Action[]} */
  #joined(message, now) {
    if (this.phase !== "joining") return [];
    if (this.#leaving) return this.#farewell();
    this.#heartbeat = message.heartbeat * 1000;
    this.#comeIn(message.epoch, now);
    this.seq = message.seq;
    this.#myId = message.you.id;
    this.#place.session = message.session;
    this.#place.token = message.token ?? this.#place.token;
    this.#outbox.clear();
    return [{ do: "emit", name: "joined", detail: message }, ...this.#catchUp(message.you)];
  }

  /** @param {import("./protocol.js").Resumed} message @param {number} now @returns {Action[]} */
  #resumed({ epoch, seq, replayed, snapshot, session, ice_servers }, now) {
    if (this.phase !== "joining") return [];
    if (this.#leaving) return this.#farewell();
    const restarted = epoch !== this.epoch;
    this.#place.session = session ?? this.#place.session;
    this.#comeIn(epoch, now);
    // Replayed events carry their own numbers.
    if (snapshot) this.seq = seq;
    if (restarted) this.#outbox.forgetWhatMayHaveHappened();
    const me = restarted ? snapshot?.participants.find(({ id }) => id === this.#myId) : undefined;
    const detail = { replayed, restarted, ice_servers, ...(session && { session }), ...(snapshot && { snapshot }) };
    return [...this.#outbox.all().map(send), ...(me ? this.#catchUp(me) : []), { do: "emit", name: "resumed", detail }];
  }

  /** @param {string} epoch @param {number} now */
  #comeIn(epoch, now) {
    this.phase = "joined";
    this.epoch = epoch;
    this.#backOff.succeeded();
    this.#notBefore = 0;
    this.#alive(now);
  }

  /** Tells what the others see otherwise than it is. @param {import("./protocol.js").Participant} me @returns {Action[]} */
  #catchUp({ media, hand }) {
    this.#hand ??= hand;
    const names = /** @type {const} */ (["audio", "video", "screen"]);
    const changed = names.filter((name) => media[name] !== this.#place.media[name]);
    /** @type {Change} */
    const change = {};
    if (changed.length) change.media = Object.fromEntries(changed.map((name) => [name, this.#place.media[name]]));
    if (hand !== this.#hand) change.hand = this.#hand;
    return Object.keys(change).length ? this.status(change) : [];
  }

  /** @param {import("./protocol.js").ServerError} error @param {number} now @returns {Action[]} */
  #error({ id, code, message, retry_after }, now) {
    if (this.phase !== "joining" || (id ?? this.#askedWith) !== this.#askedWith) {
      const againAt = now + (retry_after ?? 1) * 1000;
      if (code === "busy" && this.#outbox.hold(id, againAt)) return this.#sendDue(now);
      this.#outbox.answered(id);
      return [{ do: "emit", name: "error", detail: { code, message } }, ...this.#sendDue(now)];
    }
    if (this.#leaving) return this.#over();
    if (!PASSING.has(code)) return this.#over({ do: "emit", name: "refused", detail: { code, message } });
    this.#askedWith = 0;
    // Where the error also closes the socket, the wait holds for the next connection.
    this.#notBefore = this.wakeAt = now + Math.max((retry_after ?? 1) * 1000, this.#backOff.failed());
    return [];
  }

  /** What is not above the last one seen has been taken already. @param {RoomEvent} event @returns {Action[]} */
  #roomEvent(event) {
    if (this.phase !== "joined" || !(event.seq > this.seq)) return [];
    this.seq = event.seq;
    return [{ do: "emit", name: "event", detail: event }];
  }

  /** @param {Status | Signal} message @returns {Action[]} */
  #command(message) {
    const mayGo = this.#outbox.add(message, this.phase === "joined");
    return mayGo && this.phase === "joined" ? [send(message)] : [];
  }

  /** Sends again what the server was too busy for, as far as its time has come. @param {number} now @returns {Action[]} */
  #sendDue(now) {
    if (this.phase !== "joined") return [];
    const actions = this.#outbox.due(now).map(send);
    this.#setWake();
    return actions;
  }

  #nextId() {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** The server does not answer. @param {number} now @returns {Action[]} */
  #giveUp(now) {
    // Not 1000: should the close arrive after all, it is no goodbye.
    return [{ do: "drop", code: CLOSE.noAnswer }, ...this.#lost(now)];
  }

  /** @param {number} now @returns {Action[]} */
  #lost(now) {
    if (this.#leaving) return this.#over();
    const wasJoined = this.phase === "joined";
    this.phase = "waiting";
    this.#pongBy = Infinity;
    this.wakeAt = Math.max(now + this.#backOff.failed(), this.#notBefore);
    return away(wasJoined);
  }

  /** @param {number} now @returns {Action[]} */
  #look(now) {
    if (now < this.#lookAt) return [];
    return now >= this.#pongBy ? this.#giveUp(now) : this.#ping(now, PONG_TIMEOUT);
  }

  /** @param {number} now */
  #alive(now) {
    this.#pongBy = Infinity;
    this.#lookAt = now + this.#heartbeat;
    this.#setWake();
  }

  #setWake() {
    this.wakeAt = Math.min(this.#lookAt, this.#outbox.dueAt);
  }

  /** @param {number} now @param {number} patience @returns {Action[]} */
  #ping(now, patience) {
    this.#pongBy = this.#lookAt = Math.min(this.#pongBy, now + patience);
    this.#setWake();
    return [send({ type: "ping", t: now })];
  }

  /** @param {Action[]} actions @returns {Action[]} */
  #over(...actions) {
    this.phase = "over";
    this.wakeAt = Infinity;
    return [{ do: "drop", code: CLOSE.normal }, ...actions];
  }
}

/** @param {object} message @returns {Action} */
const send = (message) => ({ do: "send", text: JSON.stringify(message) });

/** @param {boolean} wasJoined @returns {Action[]} */
const away = (wasJoined) => (wasJoined ? [{ do: "emit", name: "away", detail: null }] : []);
