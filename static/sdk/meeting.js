/** A meeting as an application sees it. It begins when it is joined, and ends when it is left, for whatever reason. */
import { Call } from "./call.js";
import { Chat } from "./chat.js";
import { LocalMedia } from "./devices.js";
import { leftBy, leftFor } from "./endings.js";
import { ReconveneError } from "./errors.js";
import { Emitter } from "./events.js";
import { Me } from "./me.js";
import { Mesh } from "./mesh.js";
import { Moderate } from "./moderate.js";
import { Orders } from "./orders.js";
import { showing } from "./shown.js";
import { changesOf, given, isSame, kept, viewsOf } from "./views.js";
import { Relay, ReportedMedia } from "./without-media.js";

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
  /** @type {LocalMedia | null} */
  #local = null;
  /** @type {Mesh | null} */
  #mesh = null;
  /** @type {Relay | null} */
  #relay = null;
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
  /** @type {import("./views.js").Views} */
  #views = new Map();
  /** Why those have left who are still seen. @type {Map<string, string>} */
  #reasons = new Map();
  #snapshot;
  #isDue = false;
  #unhear = () => {};
  #settle = { resolve: () => {}, reject: (/** @type {unknown} */ _) => {} };

  /** @param {string} id @param {import("./reconvene.js").JoinOptions} options @param {import("./reconvene.js").Ground} ground @internal */
  constructor(id, options, ground) {
    const { name = "", onDuplicate = "replace", media, signal, create, title, password, invite } = options;
    this.id = id;
    this.#ground = ground;
    const place = { meeting: id, name, onDuplicate, ...given({ create, title, password, invite, session: ground.session }) };
    this.#call = media === false ? this.#without(place) : this.#with(place);
    this.me = new Me({ call: this.#call, local: this.#local }, name);
    this.#orders = new Orders(this.#call, () => this.#state === "joined" || this.#state === "reconnecting");
    this.moderate = new Moderate(this.#orders);
    this.chat = new Chat(this.#call, this.#orders, (message) => this.#emit("chat", message));
    this.#snapshot = this.#look();
    this.answered = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Whoever does not wait for it looks at `state`.
    this.answered.catch(() => {});
    const abort = () => this.#end(leftFor("left", "The join was cancelled."), signal?.reason);
    signal?.addEventListener("abort", abort);
    void this.answered.catch(() => {}).then(() => signal?.removeEventListener("abort", abort));
    if (signal?.aborted) return abort(), this;
    void this.#start(media || {});
  }

  get state() {
    return this.#state;
  }

  /** The others, by their ids. @returns {ReadonlyMap<string, import("./views.js").ParticipantView>} */
  get participants() {
    return this.#views;
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
  getSnapshot = () => this.#snapshot;

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

  /** Four groups of digits that the two ends compare; "" while there is no connection. @param {string} id */
  async securityCode(id) {
    return (await this.#mesh?.peers.get(id)?.securityCode()) ?? "";
  }

  /** Shows a newer token of the application, which `getToken` gives by itself. @param {string} token */
  renew(token) {
    if (!this.#left) this.#call.renew(token);
  }

  /** Leaves, or cancels the join. Releases all devices. */
  leave() {
    this.#end(leftFor("left", "You left."));
  }

  /** What is beneath, with all the protocol: for the server's own page. @internal */
  get call() {
    return /** @type {Call} */ (this.#call);
  }

  /** Other devices may have been chosen. @returns {LocalMedia | null} @internal */
  get local() {
    return this.#local;
  }

  /** @param {import("./call.js").CallPlace} place */
  #with(place) {
    const { server, getToken, media: local = new LocalMedia() } = this.#ground;
    this.#local = local;
    this.#ground.devices(local);
    const call = new Call(server, place, local, (tell) => new Mesh(local, tell), getToken);
    this.#mesh = call.mesh;
    call.mesh.on("peer", () => this.#later());
    this.#unhear = local.on("news", (news) => this.#emit("device", news));
    return call;
  }

  /** @param {import("./call.js").CallPlace} place */
  #without(place) {
    const relay = new Relay(
      (from, data) => this.#emit("signal", { from, data }),
      (iceServers) => this.#emit("iceServers", iceServers),
    );
    this.#relay = relay;
    return new Call(this.#ground.server, place, new ReportedMedia(), () => relay, this.#ground.getToken);
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
    call.on("resumed", () => this.#become("joined"));
    call.on("away", () => this.#become("reconnecting"));
    call.on("waiting", (waiting) => this.#waits(waiting));
    call.on("refused", ({ code, message }) => this.#end(leftFor(code, message)));
    call.on("closed", ({ code }) => this.#end(leftBy(code)));
    call.on("change", () => this.#refresh());
    call.on("event", ({ event }) => this.#happened(event));
    call.on("muted", (muted) => this.#emit("muted", muted));
    call.on("forbidden", (right) => this.#emit("error", { code: "forbidden", message: `You may not turn this on: ${right}.` }));
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
  #joined({ token }) {
    if (token) this.#ground.remember(token);
    this.#waiting = null;
    // Who is there when the user comes has not joined just now.
    if (this.#state === "connecting" || this.#state === "waiting") this.#views = viewsOf(this.#call, this.#mesh, this.#views);
    this.#become("joined");
    this.#settle.resolve();
  }

  /** @param {import("./protocol.js").Waiting} told */
  #waits({ position, message, token }) {
    if (token) this.#ground.remember(token);
    this.#waiting = Object.freeze({ position, message });
    this.#become("waiting");
    this.#emit("waiting", this.#waiting);
    this.#settle.resolve();
  }

  /** @param {import("./protocol.js").RoomEvent} event */
  #happened(event) {
    if (event.type === "participant_left") this.#reasons.set(event.participant.id, event.reason);
    else if (event.type === "ask") this.#emit("asked", { from: event.from, media: event.media });
    else if (event.type === "meeting_updated" || event.type === "knock" || event.type === "knock_ended") this.#refresh();
    if (event.type === "meeting_updated") this.#emit("meetingChanged", { title: this.#snapshot.title, settings: this.#snapshot.settings });
    if (event.type === "knock") this.#emit("knock", event.knock);
    if (event.type === "knock_ended") this.#emit("knockEnded", { id: event.id, reason: event.reason });
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
    this.#unhear();
    if (!this.#ground.media) this.#local?.stop();
    this.#state = "left";
    this.#waiting = null;
    this.#views = new Map();
    this.#refresh();
    this.#orders.interrupted({ all: true });
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
    const before = this.#views;
    if (!this.#left) this.#views = viewsOf(this.#call, this.#mesh, this.#views);
    const snapshot = this.#look();
    if (isSame(snapshot, this.#snapshot)) return;
    this.#snapshot = snapshot;
    const { left, joined, changed, tracks } = changesOf(before, this.#views);
    for (const participant of left) this.#emit("participantLeft", { participant, reason: this.#reasons.get(participant.id) ?? "left" });
    this.#reasons.clear();
    for (const participant of joined) this.#emit("participantJoined", participant);
    for (const participant of changed) this.#emit("participantChanged", participant);
    for (const track of tracks) this.#emit("track", track);
    this.#events.emit("snapshot", null);
  }

  /** @returns {Readonly<import("./views.js").Snapshot>} */
  #look() {
    const before = /** @type {import("./views.js").Snapshot | undefined} */ (this.#snapshot);
    const { meeting, knocks } = this.#call;
    const settings = meeting.settings ?? {};
    return Object.freeze({
      state: this.#state,
      title: meeting.title,
      settings: kept(before?.settings, settings),
      me: kept(before?.me, this.me.view()),
      participants: kept(before?.participants, [...this.#views.values()]),
      knocks: kept(before?.knocks, [...knocks.values()]),
      waiting: this.#waiting,
      left: this.#left,
      hindered: this.#hindered,
    });
  }

  /** @template {keyof MeetingEvents} Name @param {Name} name @param {MeetingEvents[Name]} detail */
  #emit(name, detail) {
    this.#events.emit(name, /** @type {any} */ (detail));
  }
}
