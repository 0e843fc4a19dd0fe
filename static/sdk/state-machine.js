/**
 * The client's side of the protocol as a state machine without I/O, clock or randomness. Each method takes what
 * happened and its time, and returns a list of actions to carry out. `wakeAt` is when to call `tick`. socket.js is its
 * shell, signalling/client/state_machine.py its twin; tests/vectors test both.
 *
 *     idle ─start→ connecting ─opened→ joining ─joined, resumed──→ joined
 *                      ↑                  │                           ↑
 *                      │                  ├─waiting→ knocking ────────┘ joined: somebody let this client in
 *                      └── due ─ waiting ←┘  closed, no answer, no pong: from each of these three
 *
 * From anywhere: a final close code, a permanent refusal, or `leave` → over. Where an application's token is refused,
 * `token_needed` is emitted, and the client is waiting for `renew` or `noToken`.
 */
import { away, emit, send, tooLate } from "./actions.js";
import { BackOff } from "./back-off.js";
import { Heartbeat } from "./heartbeat.js";
import { Membership } from "./membership.js";
import { CLOSE, isFinal, parse } from "./protocol.js";
import { CLOSED_FOR, Renewal } from "./renewal.js";

/**
 * @typedef {import("./actions.js").Action} Action
 * @typedef {"idle" | "connecting" | "joining" | "knocking" | "joined" | "waiting" | "over"} Phase
 *   `waiting`: to connect again; `knocking`: to be let in.
 */

/** Milliseconds. */
const CONNECT_TIMEOUT = 10_000;
const PONG_TIMEOUT = 8_000;
/** When the network may just have changed, a dead socket has to be detected quickly. */
const PROBE_TIMEOUT = 2_500;

/** Temporary errors to a join or resume: the client tries again. */
const PASSING = new Set(["unavailable", "rate_limited"]);

export class SignallingClient {
  /** @type {Phase} */
  phase = "idle";
  /** When to call `tick`, in the caller's milliseconds. @type {number} */
  wakeAt = Infinity;

  membership;
  #backOff;
  #heartbeat = new Heartbeat();
  #renewal;
  /** The id of the last join or resume; 0 once a temporary error has answered it. */
  #askedWith = 0;
  #leaving = false;
  #notBefore = 0;

  /** @param {import("./membership.js").Place} place @param {() => number} random  in [0, 1) */
  constructor(place, random) {
    this.membership = new Membership(place);
    this.#renewal = new Renewal(place.renewable === true);
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
    if (this.phase !== "joining" && !this.#isAnswered) return [];
    if (this.#isAnswered) this.#alive(now);
    const message = parse(text);
    if (!message) return [];
    switch (message.type) {
      case "joined":
      case "resumed":
      case "waiting":
        return this.#comeIn(message, now);
      case "ack":
      case "chat_page":
        return [...this.membership.answer(message), ...this.#sendDue(now)];
      case "pong":
        return [];
      case "ice_servers":
      case "token_expiring":
      case "reaction":
        return [emit(message.type, message)];
      case "authenticated":
        this.#renewal.shown();
        return this.membership.authenticated(message);
      case "error":
        return this.#error(message, now);
      case "going_away":
        this.#notBefore = now + message.delay * 1000;
        return [];
      case "batch":
        return this.phase === "joined" ? message.events.flatMap((event) => this.membership.event(event)) : [];
      default:
        return this.phase === "joined" ? this.membership.event(message) : [];
    }
  }

  /** The socket is closed, or could not be opened. @param {number} code @param {number} now @returns {Action[]} */
  closed(code, now) {
    if (this.phase === "idle" || this.phase === "waiting" || this.phase === "over") return [];
    const why = CLOSED_FOR[code] ?? "";
    if (this.#renewal.asks(why)) return this.#needToken({ code: why, message: "" }, now);
    if (isFinal(code)) return this.#over(emit("closed", { code }));
    return this.#lost(now);
  }

  /** @param {number} now @returns {Action[]} */
  tick(now) {
    if (now < this.wakeAt) return [];
    if (this.#isAnswered) return [...this.#sendDue(now), ...this.#look(now)];
    switch (this.phase) {
      case "waiting":
        if (!this.#renewal.needed) return this.#connect(now);
        this.wakeAt = Infinity;
        return [emit("token_needed", this.#renewal.needed)];
      case "connecting":
      case "joining":
        // Either the answer never came, or the wait after a temporary error is over.
        return this.phase === "connecting" || this.#askedWith ? this.#giveUp(now) : this.#ask(now);
      default:
        return [];
    }
  }

  /** The network or the page came back: cuts a wait short, or probes an open socket. @param {number} now @returns {Action[]} */
  hurry(now) {
    if (this.#isAnswered) return this.#ping(now, PROBE_TIMEOUT);
    if (this.phase === "waiting" && !this.#renewal.needed) {
      if (now >= this.#notBefore) return this.#connect(now);
      this.wakeAt = this.#notBefore;
    }
    // The wait after a temporary error is not cut short: the server set it.
    const asks = this.phase === "connecting" || (this.phase === "joining" && this.#askedWith);
    if (asks) this.wakeAt = Math.min(this.wakeAt, now + PROBE_TIMEOUT);
    return [];
  }

  /** The page is suspended or closed; a normal close tells the server. `hurry` resumes the page. @returns {Action[]} */
  suspend() {
    if (this.phase === "idle" || this.phase === "over") return [];
    this.#renewal.needed = null;
    const goodbye = this.membership.goodbye();
    if (this.#leaving) return this.#over(...goodbye);
    const wasAnswered = this.#isAnswered;
    this.phase = "waiting";
    this.wakeAt = Infinity;
    return [{ do: "drop", code: CLOSE.normal }, ...goodbye, ...away(wasAnswered)];
  }

  /** Reports what changed. @param {import("./outbox.js").Change} change @returns {Action[]} */
  status(change) {
    return this.phase === "over" ? [] : this.membership.status(change, this.phase === "joined");
  }

  /** @param {string} to @param {import("./protocol.js").SignalData} data @returns {Action[]} */
  signal(to, data) {
    return this.phase === "over" ? [] : this.membership.signal(to, data, this.phase === "joined");
  }

  /** A newer token of the application: shown to the server now, or with the next join or resume. @param {string} token @param {number} now @returns {Action[]} */
  renew(token, now) {
    if (this.phase === "over") return [];
    const waited = this.#renewal.came();
    this.membership.renew(token);
    return this.#isAnswered ? [this.membership.authenticate()] : waited ? this.hurry(now) : [];
  }

  /** The application gives no newer token. @returns {Action[]} */
  noToken() {
    const why = this.#renewal.needed;
    return why ? this.#over(emit("refused", why)) : [];
  }

  /** Gives an order of those in charge, or writes in the chat. One that lasts has a `key`. @param {import("./outbox.js").NewOrder} order @param {number} now @returns {Action[]} */
  order(order, now) {
    if (this.phase === "over") return [];
    const actions = this.membership.order(order, now, this.phase === "joined");
    this.#setWake();
    return actions;
  }

  /** Leaves for good. @returns {Action[]} */
  leave() {
    if (this.#isAnswered) return this.#farewell();
    if (this.phase === "over") return [];
    if (!this.membership.epoch) return this.#over();
    // While the client is away, the server keeps its place: connect once more, to leave.
    this.#leaving = true;
    this.#renewal.needed = null;
    if (this.phase === "waiting") this.wakeAt = 0;
    return [];
  }

  /** Whether the server has answered on this socket, and is asked for a sign of life. */
  get #isAnswered() {
    return this.phase === "joined" || this.phase === "knocking";
  }

  #farewell = () => [send({ type: "leave", id: this.membership.nextId() }), ...this.#over()];

  /** @param {number} now @returns {Action[]} */
  #connect(now) {
    this.phase = "connecting";
    this.wakeAt = now + CONNECT_TIMEOUT;
    return [{ do: "open" }];
  }

  /** Joins or resumes. @param {number} now @returns {Action[]} */
  #ask(now) {
    const ask = this.membership.ask();
    this.#renewal.shown();
    this.#askedWith = ask.id;
    this.wakeAt = now + CONNECT_TIMEOUT;
    return [send(ask)];
  }

  /** The place is there, or somebody in charge has to let this client in, or what those who wait are told has changed. @param {import("./protocol.js").Joined | import("./protocol.js").Resumed | import("./protocol.js").Waiting} message @param {number} now @returns {Action[]} */
  #comeIn(message, now) {
    if (this.phase !== "joining" && this.phase !== "knocking") return [];
    if (this.#leaving) return this.#farewell();
    // It has come while the answer was on its way.
    const isLate = this.phase === "joining" && this.#renewal.fresh;
    this.phase = message.type === "waiting" ? "knocking" : "joined";
    if (message.type !== "resumed") this.#heartbeat.interval = message.heartbeat * 1000;
    this.#renewal.accepted();
    this.#backOff.succeeded();
    this.#notBefore = 0;
    const actions = this.membership.cameIn(message, now);
    this.#alive(now);
    return isLate ? [...actions, this.membership.authenticate()] : actions;
  }

  /** @param {import("./protocol.js").ServerError} error @param {number} now @returns {Action[]} */
  #error(error, now) {
    const { id = this.#askedWith, code, message, retry_after } = error;
    if (this.phase === "joined" || id !== this.#askedWith)
      return [...(this.membership.hold(error, now) ? [] : this.membership.answer(error)), ...this.#sendDue(now)];
    if (this.#leaving) return this.#over();
    if (this.#renewal.asks(code)) return [{ do: "drop", code: CLOSE.noAnswer }, ...this.#needToken({ code, message }, now)];
    if (!PASSING.has(code)) return this.#over(emit("refused", { code, message }));
    this.phase = "joining";
    this.#askedWith = 0;
    // If the error also closes the socket, the wait applies to the next connection.
    this.#notBefore = this.wakeAt = now + Math.max((retry_after ?? 1) * 1000, this.#backOff.failed());
    return [];
  }

  /** Sends again the commands that were answered with `busy` and are due. @param {number} now @returns {Action[]} */
  #sendDue(now) {
    if (this.phase !== "joined") return [];
    const actions = [...tooLate(this.membership.outbox.tooLate(now)), ...this.membership.outbox.due(now).map(send)];
    this.#setWake();
    return actions;
  }

  /** The server does not answer. Not 1000: if the close still arrives, it is no goodbye. @param {number} now @returns {Action[]} */
  #giveUp(now) {
    return [{ do: "drop", code: CLOSE.noAnswer }, ...this.#lost(now)];
  }

  /** @param {number} now @returns {Action[]} */
  #lost(now) {
    if (this.#leaving) return this.#over();
    const wasAnswered = this.#isAnswered;
    this.phase = "waiting";
    this.wakeAt = Math.max(now + this.#backOff.failed(), this.#notBefore);
    return away(wasAnswered);
  }

  /** The token is refused: the application is asked for a newer one, unless that has come meanwhile. @param {import("./renewal.js").Why} why @param {number} now @returns {Action[]} */
  #needToken(why, now) {
    if (this.#leaving || this.#renewal.fresh) return this.#lost(now);
    const wasJoined = this.phase === "joined";
    this.phase = "waiting";
    const again = this.#renewal.need(why);
    // Asked after the wait, not before it: a token is not to grow old meanwhile.
    this.wakeAt = again ? now + this.#backOff.failed() : Infinity;
    return [...away(wasJoined), ...(again ? [] : [emit("token_needed", why)])];
  }

  /** @param {number} now @returns {Action[]} */
  #look(now) {
    if (now < this.#heartbeat.dueAt) return [];
    return this.#heartbeat.isMissed(now) ? this.#giveUp(now) : this.#ping(now, PONG_TIMEOUT);
  }

  /** @param {number} now */
  #alive(now) {
    this.#heartbeat.heard(now);
    this.#setWake();
  }

  /** What is held back waits for a place, too. */
  #setWake() {
    if (!this.#isAnswered) return;
    this.wakeAt = Math.min(this.#heartbeat.dueAt, this.phase === "joined" ? this.membership.outbox.dueAt : Infinity);
  }

  /** @param {number} now @param {number} patience  milliseconds @returns {Action[]} */
  #ping(now, patience) {
    this.#heartbeat.pinged(now, patience);
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
