/**
 * The client's side of the wire protocol as a state machine without I/O, clock or randomness:
 * what happened goes in with the time it happened, what is to be done comes out as a list of actions,
 * and `wakeAt` says when `tick` wants to be called. socket.js is its shell.
 *
 *     idle ─start→ connecting ─opened→ joining ─joined→ joined
 *                      ↑                  │ closed         │ closed, or no pong
 *                      └── due ─ waiting ←┴────────────────┘
 *
 * From anywhere: a final close code, a refused join or `leave` → over. A room's events are taken once:
 * `seq` rises, and what is not above the last one seen is ignored.
 */
import { CLOSE, isFinal, parse } from "./protocol.js";

/**
 * @typedef {import("./protocol.js").MediaState} MediaState
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {import("./protocol.js").RoomEvent} RoomEvent
 *
 * @typedef {object} Place  Where to join, and as whom.
 * @property {string} meeting
 * @property {string} name
 * @property {string} [token]
 * @property {string} [session]
 * @property {"replace" | "reject"} onDuplicate
 * @property {MediaState} media
 *
 * @typedef {object} ClientEvents
 * @property {import("./protocol.js").Joined} joined
 * @property {RoomEvent} event
 * @property {{code: string, message: string}} refused  The join was answered with an error that stays.
 * @property {{code: string, message: string}} error
 * @property {null} away  The connection is lost and being restored.
 * @property {{code: number}} closed  The server closed for good.
 *
 * @typedef {{do: "open"} | {do: "send", text: string} | {do: "drop", code: number}
 *   | {[Name in keyof ClientEvents]: {do: "emit", name: Name, detail: ClientEvents[Name]}}[keyof ClientEvents]} Action
 *
 * @typedef {"idle" | "connecting" | "joining" | "joined" | "waiting" | "over"} Phase
 */

/** Milliseconds. */
const CONNECT_TIMEOUT = 10_000;
const PONG_TIMEOUT = 8_000;
/** When the network may just have changed, a dead socket is to be found out quickly. */
const PROBE_TIMEOUT = 2_500;
const BACK_OFF = { base: 400, cap: 12_000 };

/** Errors that answer a join and pass by themselves. */
const PASSING = new Set(["unavailable", "rate_limited"]);

export class SignallingClient {
  /** @type {Phase} */
  phase = "idle";
  /** When to call `tick`, in the caller's milliseconds. @type {number} */
  wakeAt = Infinity;
  epoch = "";
  seq = 0;

  #place;
  #random;
  /** Unknown until the first join: the server remembers it over a reload. @type {boolean | undefined} */
  #hand;
  #lastId = 0;
  #joinId = 0;
  #failures = 0;
  #heartbeat = 30_000;
  #pongBy = Infinity;
  #notBefore = 0;

  /**
   * @param {Place} place
   * @param {() => number} random  in [0, 1)
   */
  constructor(place, random) {
    this.#place = { ...place, media: { ...place.media } };
    this.#random = random;
  }

  /** @param {number} now @returns {Action[]} */
  start(now) {
    return this.phase === "idle" ? this.#connect(now) : [];
  }

  /** The socket is open. @param {number} now @returns {Action[]} */
  opened(now) {
    if (this.phase !== "connecting") return [];
    this.phase = "joining";
    return this.#join(now);
  }

  /** @param {string} text @param {number} now @returns {Action[]} */
  received(text, now) {
    const message = parse(text);
    if (!message || this.phase === "over") return [];
    // Any frame proves the connection alive, not just the pong.
    if (this.phase === "joined") this.#alive(now);
    switch (message.type) {
      case "joined":
        return this.#joined(message, now);
      case "error":
        return this.#error(message, now);
      case "going_away":
        this.#notBefore = now + message.delay * 1000;
        return [];
      case "ack":
      case "pong":
        return [];
      default:
        return this.#roomEvent(message);
    }
  }

  /** The socket is closed. @param {number} code @param {number} now @returns {Action[]} */
  closed(code, now) {
    if (this.phase === "over" || this.phase === "idle") return [];
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
        return [{ do: "drop", code: CLOSE.normal }, ...this.#lost(now)];
      case "joining":
        // Either the wait that a passing error asked for is over, or the answer never came.
        return this.#joinId ? [{ do: "drop", code: CLOSE.normal }, ...this.#lost(now)] : this.#join(now);
      case "joined":
        return now >= this.#pongBy ? [{ do: "drop", code: CLOSE.normal }, ...this.#lost(now)] : this.#ping(now, PONG_TIMEOUT);
      default:
        return [];
    }
  }

  /** The network or the page came back: do not sit out a wait, do not trust an old socket. @param {number} now @returns {Action[]} */
  hurry(now) {
    if (this.phase === "waiting" && now >= this.#notBefore) return this.#connect(now);
    if (this.phase === "joined") return this.#ping(now, PROBE_TIMEOUT);
    return [];
  }

  /**
   * What changed; kept for the next join when nobody can be told now.
   * @param {{media?: Partial<MediaState>, hand?: boolean}} change
   * @returns {Action[]}
   */
  status(change) {
    Object.assign(this.#place.media, change.media);
    this.#hand = change.hand ?? this.#hand;
    return this.phase === "joined" ? [this.#send({ type: "status", id: ++this.#lastId, ...change })] : [];
  }

  /** @param {string} to @param {import("./protocol.js").SignalData} data @returns {Action[]} */
  signal(to, data) {
    return this.phase === "joined" ? [this.#send({ type: "signal", to, data })] : [];
  }

  /** Leaves for good. @returns {Action[]} */
  leave() {
    if (this.phase === "over") return [];
    const farewell = this.phase === "joined" ? [this.#send({ type: "leave", id: ++this.#lastId })] : [];
    return [...farewell, ...this.#over()];
  }

  /** @param {number} now @returns {Action[]} */
  #connect(now) {
    this.phase = "connecting";
    this.wakeAt = now + CONNECT_TIMEOUT;
    return [{ do: "open" }];
  }

  /** @param {number} now @returns {Action[]} */
  #join(now) {
    const { onDuplicate, ...place } = this.#place;
    this.#joinId = ++this.#lastId;
    this.wakeAt = now + CONNECT_TIMEOUT;
    return [this.#send({ type: "join", id: this.#joinId, ...place, on_duplicate: onDuplicate })];
  }

  /** @param {import("./protocol.js").Joined} message @param {number} now @returns {Action[]} */
  #joined(message, now) {
    if (this.phase !== "joining") return [];
    this.phase = "joined";
    this.epoch = message.epoch;
    this.seq = message.seq;
    this.#failures = 0;
    this.#notBefore = 0;
    this.#heartbeat = message.heartbeat * 1000;
    this.#place.session = message.session;
    this.#place.token = message.token ?? this.#place.token;
    // Taking over was meant once: a later reconnect must not take the place back from a newer tab.
    this.#place.onDuplicate = "reject";
    this.#alive(now);
    this.#hand ??= message.you.hand;
    return [{ do: "emit", name: "joined", detail: message }, ...this.#catchUp(message.you)];
  }

  /** Tells what changed while the join was on its way. @param {import("./protocol.js").Participant} you @returns {Action[]} */
  #catchUp({ media, hand }) {
    const names = /** @type {const} */ (["audio", "video", "screen"]);
    const changed = names.filter((name) => media[name] !== this.#place.media[name]);
    if (changed.length === 0 && hand === this.#hand) return [];
    return this.status({ media: Object.fromEntries(changed.map((name) => [name, this.#place.media[name]])), hand: this.#hand });
  }

  /** @param {import("./protocol.js").ServerError} error @param {number} now @returns {Action[]} */
  #error({ code, message, retry_after }, now) {
    if (this.phase !== "joining") return [{ do: "emit", name: "error", detail: { code, message } }];
    if (!PASSING.has(code)) return this.#over({ do: "emit", name: "refused", detail: { code, message } });
    this.#joinId = 0;
    this.#failures += 1;
    // Where the error also closes the socket, the wait holds for the next connection.
    this.#notBefore = this.wakeAt = now + Math.max((retry_after ?? 1) * 1000, this.#backOff());
    return [];
  }

  /** @param {RoomEvent} event @returns {Action[]} */
  #roomEvent(event) {
    if (this.phase !== "joined" || !(event.seq > this.seq)) return [];
    this.seq = event.seq;
    return [{ do: "emit", name: "event", detail: event }];
  }

  /** @param {number} now @returns {Action[]} */
  #lost(now) {
    const wasJoined = this.phase === "joined";
    this.phase = "waiting";
    this.#pongBy = Infinity;
    this.wakeAt = Math.max(now + this.#backOff(), this.#notBefore);
    this.#failures += 1;
    return wasJoined ? [{ do: "emit", name: "away", detail: null }] : [];
  }

  /** Capped exponential back-off with full jitter: a crowd that lost its server comes back spread out. */
  #backOff() {
    return this.#random() * Math.min(BACK_OFF.cap, BACK_OFF.base * 2 ** this.#failures);
  }

  /** @param {number} now */
  #alive(now) {
    this.#pongBy = Infinity;
    this.wakeAt = now + this.#heartbeat;
  }

  /** @param {number} now @param {number} patience @returns {Action[]} */
  #ping(now, patience) {
    this.#pongBy = this.wakeAt = Math.min(this.#pongBy, now + patience);
    return [this.#send({ type: "ping", t: now })];
  }

  /** @param {Action[]} actions @returns {Action[]} */
  #over(...actions) {
    this.phase = "over";
    this.wakeAt = Infinity;
    return [{ do: "drop", code: CLOSE.normal }, ...actions];
  }

  /** @param {object} message @returns {Action} */
  #send(message) {
    return { do: "send", text: JSON.stringify(message) };
  }
}
