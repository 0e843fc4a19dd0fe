/** A meeting as an application sees it. It begins when it is joined, and ends when it is left, for whatever reason. */
import { withMedia, withoutMedia } from "./beneath.js";
import { Chat } from "./chat.js";
import { LocalMedia } from "./devices.js";
import { leftBy, leftFor } from "./endings.js";
import { ReconveneError } from "./errors.js";
import { Emitter } from "./events.js";
import { Look, newsOf, newsSince } from "./look.js";
import { Me } from "./me.js";
import { Moderate } from "./moderate.js";
import { Orders } from "./orders.js";
import { Qualities, UNKNOWN } from "./connection-quality.js";
import { showing } from "./shown.js";
import { given } from "./views.js";

/**
 * @typedef {import("./views.js").MeetingEvents} MeetingEvents
 */

export class Meeting {
  /** @readonly */
  id;
  /** @readonly */
  me;
  /** Orders of those in charge. @readonly */
  moderate;
  /** @readonly */
  chat;
  /** Settles when the server has answered: the user is in, or waits to be let in. Rejects when it is over before. @readonly @type {Promise<void>} */
  answered;

  #ground;
  #call;
  #orders;
  #local;
  /** Whether whoever has made the media stops them. */
  #lent;
  #mesh;
  #relay;
  /** @type {Qualities | null} */
  #qualities = null;
  /** @type {Emitter<MeetingEvents & Record<string, unknown>>} */
  #events = new Emitter();
  /** @type {import("./views.js").MeetingState} */
  #state = "connecting";
  /** @type {import("./views.js").Waiting | null} */
  #waiting = null;
  /** @type {import("./views.js").Left | null} */
  #left = null;
  /** @type {import("./reachability.js").Verdict} */
  #hindered = "";
  #look;
  /** Seconds. */
  #grace = 0;
  #isDue = false;
  #watch = new AbortController();
  #settle = { resolve: () => {}, reject: (/** @type {unknown} */ _) => {} };

  /** @param {string} id @param {import("./reconvene.js").JoinOptions} options @param {import("./reconvene.js").Ground} ground @internal */
  constructor(id, options, ground) {
    const { name = "", onDuplicate = "replace", media, signal, create, title, password, invite, session, others } = options;
    this.id = id;
    this.#ground = ground;
    const place = { meeting: id, name, onDuplicate, ...given({ create, title, password, invite, session }) };
    const lent = media instanceof LocalMedia ? media : undefined;
    this.#lent = lent !== undefined;
    const beneath = media === false ? this.#without(place) : this.#with(place, lent ?? new LocalMedia(), others);
    ({ call: this.#call, local: this.#local, mesh: this.#mesh, relay: this.#relay } = beneath);
    if (this.#local && !lent) ground.devices.tell(this.#local);
    this.me = new Me({ call: this.#call, local: this.#local, rename: (other) => this.#orders.give({ type: "rename", name: other }) }, name);
    this.#orders = new Orders(this.#call, () => this.#state === "joined" || this.#state === "reconnecting");
    this.moderate = new Moderate(this.#orders);
    this.chat = new Chat(this.#call, this.#orders, (message) => this.#emit("chat", message));
    this.#look = new Look(this.#call, this.#mesh, this.me, this.#status);
    this.answered = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Whoever does not wait for it looks at `state`.
    this.answered.catch(() => {});
    const abort = () => this.#end(leftFor("left", "The join was cancelled."), signal?.reason);
    signal?.addEventListener("abort", abort);
    void this.answered.catch(() => {}).then(() => signal?.removeEventListener("abort", abort));
    if (signal?.aborted) return abort(), this;
    void this.#start(media instanceof LocalMedia ? {} : media || {});
  }

  get state() {
    return this.#state;
  }

  /** The others, by their ids. @returns {ReadonlyMap<string, import("./views.js").ParticipantView>} */
  get participants() {
    return this.#look.views;
  }

  /** With `media: false`: for the application's connections. @returns {readonly RTCIceServer[]} */
  get iceServers() {
    return this.#relay?.iceServers ?? [];
  }

  /**
   * @template {keyof MeetingEvents} Name
   * @param {Name} name @param {(detail: MeetingEvents[Name]) => void} listener @param {{signal?: AbortSignal}} [options]
   * @returns {() => void} ends it
   */
  on(name, listener, options) {
    return this.#events.on(name, listener, options);
  }

  /** Calls `changed` after each change of the snapshot. Bound, as React wants it. @param {() => void} changed @returns {() => void} ends it */
  subscribe = (changed) => this.#events.on("snapshot", () => changed());

  /** The same object until something has changed. @returns {Readonly<import("./views.js").Snapshot>} */
  getSnapshot = () => this.#look.snapshot;

  /** Sends anything that JSON can say to one participant. With `media: false` only. @param {string} to @param {unknown} data */
  signal(to, data) {
    if (!this.#relay) throw new TypeError("signal() needs a join with media: false: else signals are this library's.");
    this.#call.signal(to, data);
  }

  /** Shows one of `REACTIONS` to everyone, for a moment. @param {string} emoji */
  react(emoji) {
    if (!this.#left) this.#call.order({ type: "react", emoji });
  }

  /** What is shown of the others' pictures: they send no more. Whoever is not named is shown large. @param {import("./shown.js").Sizes} cameras @param {import("./shown.js").Sizes} [screens] */
  show(cameras, screens = {}) {
    this.#mesh?.show(showing(cameras, screens));
  }

  /** How loud a participant is now, 0 to 1. @param {string} id */
  level(id) {
    return this.#mesh?.peers.get(id)?.level ?? 0;
  }

  /**
   * How good the connection to a participant has been since this was asked before: ask every few seconds.
   * @param {string} id @returns {Promise<import("./connection-quality.js").Quality>}
   */
  async quality(id) {
    if (this.#mesh) this.#qualities ??= new Qualities(this.#mesh);
    return this.#qualities?.of(id) ?? UNKNOWN;
  }

  /** Four groups of digits that the two ends compare; "" while there is no connection, and on pages without HTTPS. @param {string} id */
  async securityCode(id) {
    return (await this.#mesh?.peers.get(id)?.securityCode()) ?? "";
  }

  /** Shows a newer token of the application, which `getToken` gives by itself. @param {string} token */
  renew(token) {
    if (!this.#left) this.#call.renew(token);
  }

  /** While the connection is lost: tries now, instead of waiting. */
  hurry() {
    this.#call.hurry();
  }

  /** What the browser measures of the connection to a participant; null while there is none. @param {string} id @returns {Promise<RTCStatsReport | null>} */
  async stats(id) {
    return (await this.#mesh?.peers.get(id)?.pc.getStats()) ?? null;
  }

  /** Leaves, or cancels the join. Releases all devices, but for media that the join was given. */
  leave() {
    this.#end(leftFor("left", "You left."));
  }

  /** @param {import("./call.js").CallPlace} place @param {LocalMedia} local @param {number} [others] */
  #with(place, local, others) {
    const news = (/** @type {import("./devices.js").News} */ what) => this.#emit("device", what);
    return withMedia(this.#ground, place, { local, others }, { changed: () => this.#later(), news }, this.#watch.signal);
  }

  /** @param {import("./call.js").CallPlace} place */
  #without(place) {
    return withoutMedia(this.#ground, place, {
      signal: (from, data) => this.#emit("signal", { from, data }),
      iceServers: (iceServers) => this.#emit("iceServers", iceServers),
    });
  }

  /** @param {{audio?: boolean, video?: boolean}} media */
  async #start({ audio = false, video = false }) {
    this.#listen();
    try {
      const token = await this.#ground.token();
      if (this.#left) return;
      if (token) this.#call.renew(token);
    } catch (error) {
      if (error instanceof ReconveneError) return this.#end(leftFor(error.code, error.message), error);
      return this.#end(leftFor("interrupted", String(error)));
    }
    this.#call.start();
    // Not awaited: others are told when the devices are on.
    this.#local?.open({ audio, video });
  }

  #listen() {
    const call = this.#call;
    call.on("joined", (joined) => this.#joined(joined));
    call.on("resumed", ({ session }) => {
      this.#holds(session);
      this.#become("joined");
    });
    call.on("authenticated", ({ session }) => this.#holds(session));
    call.on("away", () => this.#become("reconnecting"));
    call.on("waiting", (waiting) => this.#waits(waiting));
    call.on("refused", ({ code, message }) => this.#end(leftFor(code, message)));
    call.on("closed", ({ code }) => this.#end(leftBy(code)));
    call.on("change", () => this.#refresh());
    call.on("event", (happened) => this.#tell(newsOf(happened, call)));
    call.on("caughtUp", (before) => this.#tell(newsSince(before, call)));
    call.on("muted", (muted) => this.#emit("muted", muted));
    call.on("forbidden", (right) => this.#emit("error", { code: "forbidden", message: `You may not turn this on: ${right}.`, right }));
    call.on("reaction", ({ from, emoji }) => this.#emit("reaction", { from, emoji }));
    call.on("error", (error) => this.#emit("error", error));
    call.on("token_expiring", ({ in: seconds }) => this.#emit("tokenExpiring", { in: seconds }));
    call.on("hindered", (verdict) => {
      this.#hindered = verdict;
      this.#refresh();
      this.#emit("hindered", verdict);
    });
  }

  /** @param {import("./protocol.js").Joined} joined */
  #joined({ token, session, grace }) {
    this.#remember(token);
    this.#grace = grace;
    this.#waiting = null;
    // Who is there when the user comes has not joined just now.
    if (this.#state === "connecting" || this.#state === "waiting") this.#look.settle();
    this.#holds(session);
    this.#become("joined");
    this.#settle.resolve();
  }

  /** @param {string | undefined} session  that proves the place from now on */
  #holds(session) {
    if (session) this.#emit("session", { session, grace: this.#grace });
  }

  /** @param {string | undefined} token  that the server has renewed */
  #remember(token) {
    if (!token) return;
    this.#ground.remember(token);
    this.#emit("token", { token });
  }

  /** @param {import("./protocol.js").Waiting} told */
  #waits({ position, message, hosted = true, opens_at, token }) {
    this.#remember(token);
    this.#waiting = Object.freeze({ position, message, hosted, opensAt: opens_at ?? null });
    this.#become("waiting");
    this.#emit("waiting", this.#waiting);
    this.#settle.resolve();
  }

  /** @param {import("./look.js").News[]} news */
  #tell(news) {
    // What is told of can be seen.
    if (news.length) this.#refresh();
    for (const [name, detail] of news) this.#emit(name, detail);
  }

  /** @param {import("./views.js").MeetingState} state */
  #become(state) {
    if (this.#left || state === this.#state) return this.#refresh();
    this.#state = state;
    this.#refresh();
    this.#emit("state", state);
  }

  /** @param {import("./views.js").Left} left @param {unknown} [reason]  to reject the join with */
  #end(left, reason) {
    if (this.#left) return;
    this.#left = left;
    this.#call.leave();
    this.#watch.abort();
    if (this.#local && !this.#lent) {
      this.#ground.devices.leave(this.#local);
      this.#local.stop();
    }
    this.#state = "left";
    this.#waiting = null;
    this.#refresh();
    this.#orders.interrupted();
    this.#settle.reject(reason ?? new ReconveneError(left.code, left.message));
    this.#ground.over(this);
    this.#emit("state", "left");
    this.#emit("left", left);
  }

  /** After whatever else happens now. */
  #later() {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#refresh();
    });
  }

  /** Looks again, and tells what has changed. */
  #refresh() {
    const { changed, news } = this.#look.again(this.#status);
    for (const [name, detail] of news) this.#emit(name, detail);
    if (changed) this.#events.emit("snapshot", null);
  }

  get #status() {
    return { state: this.#state, waiting: this.#waiting, left: this.#left, hindered: this.#hindered };
  }

  /** @template {keyof MeetingEvents} Name @param {Name} name @param {MeetingEvents[Name]} detail */
  #emit(name, detail) {
    this.#events.emit(name, /** @type {any} */ (detail));
  }
}
