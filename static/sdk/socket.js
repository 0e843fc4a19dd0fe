/** The shell around SignallingClient: the WebSocket, the one timer, and the events of the page's life. */
import { Emitter } from "./events.js";
import { sayGoodbye } from "./meetings-api.js";
import { onNetworkChange } from "./network.js";
import { isKeyed } from "./outbox.js";
import { CLOSE, SUBPROTOCOL, isUnsaid, parse } from "./protocol.js";
import { randomName } from "./random.js";
import { Reachability } from "./reachability.js";
import { backIn, isReload } from "./reload-detection.js";
import { socketOf } from "./server-address.js";
import { SignallingClient } from "./state-machine.js";
import { LOOK_EVERY, SleepWatch } from "./sleep.js";

/** What a page is answered that asks to be let in. */
const ANSWERS = new Set(["joined", "resumed", "waiting", "error"]);

/** After how long an application that has failed to give a token is asked again. Milliseconds. */
const ASK_AGAIN = 5_000;

/**
 * @typedef {import("./actions.js").Action} Action
 *
 * @typedef {() => Promise<string | null | undefined>} GetToken  Asks the application for a token; nothing: it gives none.
 *
 * @typedef {object} SocketEvents
 * @property {import("./reachability.js").Verdict} hindered  What prevents sockets from opening, when that changes.
 */

/** @extends {Emitter<import("./actions.js").ClientEvents & SocketEvents & Record<string, unknown>>} */
export class MeetingSocket extends Emitter {
  #client;
  #server;
  #getToken;
  #asking = false;
  #askAgain = 0;
  /** @type {WebSocket | null} */
  #socket = null;
  #timer = 0;
  /** How long the socket took to open, and when the join or resume was sent on it. Milliseconds. */
  #openTook = 0;
  #askedAt = 0;
  /** Milliseconds to connect and to be answered, without any wait to be let in or for the server. */
  #joinTook = Infinity;
  #sleep = new SleepWatch();
  #reachability;
  /** @type {Action[]} */
  #todo = [];
  #watch = new AbortController();

  /**
   * @param {string} server  its address @param {import("./membership.js").Place} place
   * @param {GetToken | null} [getToken]  asks the application for a newer token
   */
  constructor(server, place, getToken = null) {
    super();
    this.#server = server;
    this.#getToken = getToken;
    this.#client = new SignallingClient({ ...place, renewable: getToken !== null }, Math.random);
    this.#reachability = new Reachability(server, (verdict) => this.emit("hindered", verdict));
  }

  start() {
    const { signal } = this.#watch;
    const hurry = () => this.hurry();
    onNetworkChange(hurry, signal);
    document.addEventListener("visibilitychange", () => document.hidden || hurry(), { signal });
    window.addEventListener("pagehide", (event) => isReload(event) || this.#run(this.#client.suspend()), { signal });
    window.addEventListener("pageshow", ({ persisted }) => persisted && hurry(), { signal });
    this.#happened((now) => this.#client.start(now));
  }

  /** Try now instead of waiting. */
  hurry() {
    this.#run(this.#client.hurry(performance.now()));
  }

  /** Leaves the meeting at once. Closing the page leaves a moment later, since it might be a reload. */
  leave() {
    this.#run(this.#client.leave());
  }

  /** @param {Parameters<SignallingClient["status"]>[0]} change */
  status(change) {
    this.#run(this.#client.status(change));
  }

  /** Gives an order of those in charge, writes in the chat, or reacts. @param {import("./outbox.js").NewOrder} order */
  order(order) {
    this.#run(this.#client.order(isKeyed(order) ? { ...order, key: randomName() } : order, performance.now()));
  }

  /** What is known of the chat. */
  get chat() {
    return this.#client.membership.chat;
  }

  /** Shows a newer token of the application. @param {string} token */
  renew(token) {
    this.#happened((now) => this.#client.renew(token, now));
  }

  /** @param {string} to @param {import("./protocol.js").SignalData} data */
  signal(to, data) {
    this.#run(this.#client.signal(to, data));
  }

  /**
   * Deadlines use a clock that nobody sets. It may stop while the machine sleeps, which the wall clock reveals.
   * @param {(now: number) => Action[]} happen
   */
  #happened(happen) {
    const now = performance.now();
    this.#run(happen(now));
    if (this.#sleep.slept(now, Date.now())) this.#run(this.#client.hurry(now));
  }

  /** @param {Action[]} actions */
  #run(actions) {
    // One queue: a listener may give a command at once, and the actions that were decided before it come first.
    this.#todo.push(...actions);
    for (let action = this.#todo.shift(); action; action = this.#todo.shift()) {
      if (action.do === "open") this.#open();
      else if (action.do === "send") this.#send(action.text);
      else if (action.do === "drop") this.#drop(action.code);
      else if (action.do === "goodbye") sayGoodbye(this.#server, { session: action.session, attempt: action.attempt, back_in: backIn(this.#joinTook) });
      else this.#tell(action);
    }
    clearTimeout(this.#timer);
    if (this.#client.phase === "over") {
      this.#watch.abort();
      this.#reachability.clear();
    } else if (this.#client.wakeAt < Infinity) {
      const delay = Math.min(LOOK_EVERY, Math.max(0, this.#client.wakeAt - performance.now()));
      this.#timer = window.setTimeout(() => this.#happened((now) => this.#client.tick(now)), delay);
    }
  }

  /** @param {string} text */
  #send(text) {
    if (this.#client.phase === "joining") this.#askedAt = performance.now();
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** @param {Extract<Action, {do: "emit"}>} action */
  #tell({ name, detail }) {
    // Who waited has joined long after the answer.
    if (name === "joined" || name === "waiting") this.#joinTook = Math.min(this.#joinTook, this.#openTook + performance.now() - this.#askedAt);
    if (name === "token_expiring" || name === "token_needed") void this.#askForToken();
    this.emit(name, detail);
  }

  /** Asks for a newer token, once at a time; where the application fails, once more a little later: the one before may still count. */
  async #askForToken() {
    clearTimeout(this.#askAgain);
    if (!this.#getToken || this.#asking || this.#client.phase === "over") return;
    this.#asking = true;
    const token = await this.#getToken().catch((why) => {
      console.warn("The application gave no token:", why);
      this.#askAgain = window.setTimeout(() => void this.#askForToken(), ASK_AGAIN);
      return null;
    });
    this.#asking = false;
    if (token) this.renew(token);
    else this.#run(this.#client.noToken());
  }

  #open() {
    const socket = new WebSocket(socketOf(this.#server), [SUBPROTOCOL]);
    this.#socket = socket;
    const began = performance.now();
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#openTook = performance.now() - began;
      this.#reachability.opened();
      this.#happened((now) => this.#client.opened(now));
    };
    socket.onmessage = ({ data }) => {
      const answer = this.#client.phase === "joining" ? parse(data) : null;
      const limited = answer?.type === "error" && answer.code === "rate_limited";
      // First: whoever is told of the answer is hindered no more.
      if (answer && !limited && ANSWERS.has(answer.type)) this.#reachability.clear();
      this.#happened((now) => this.#client.received(data, now));
      // The state machine waits, as the server asked; the page shows why.
      if (limited && this.#client.phase !== "over") this.#reachability.limited();
    };
    socket.onclose = ({ code }) => {
      if (!opened) this.#unopened(code);
      else if (code !== CLOSE.tooMany) this.#reachability.clear();
      this.#happened((now) => this.#client.closed(code, now));
    };
  }

  /**
   * If a socket is closed as soon as it opens, Firefox reports only the close: no opening and no messages.
   * @param {number} code
   */
  #unopened(code) {
    if (isUnsaid(code)) void this.#reachability.failed();
    else if (code === CLOSE.tooMany) this.#reachability.limited();
    else this.#reachability.clear();
  }

  /** @param {number} code */
  #drop(code) {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    // It may take long to close, and may still report: only the current socket counts.
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState === WebSocket.CONNECTING && code === CLOSE.noAnswer) void this.#reachability.failed();
    socket.close(code);
  }
}
