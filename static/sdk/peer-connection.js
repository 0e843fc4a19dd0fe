/**
 * One RTCPeerConnection to one instance of one participant, with perfect negotiation as in the W3C's
 * sample (WebRTC, 10.7): https://www.w3.org/TR/webrtc/#perfect-negotiation-example
 *
 * Both sides could offer at once and glare would resolve; to spare the collision at every join, the
 * impolite side opens with microphone and camera transceivers, and the polite one answers on them. What is sent after
 * that, and why it cannot make two peers offer for ever, is told in sending.js.
 *
 * Signals may be lost, as when the server is killed. Then offers are told again, so each has a number, which its
 * answer repeats. An offer that comes again is answered as before and changes nothing: what was agreed since stays.
 *
 * Bots cannot restart ICE. They offer another connection instead, of the next number: mesh.js puts another Peer in
 * the place of the one there was, and what is shown goes over to it.
 */
import { RemoteCandidates } from "./candidates.js";
import { Emitter } from "./events.js";
import { Sending } from "./sending.js";

/**
 * @typedef {import("./protocol.js").SignalData} SignalData
 * @typedef {import("./devices.js").LocalMedia} LocalMedia
 * @typedef {{id: string, instance: string, kind?: "bot"}} Instance
 */

/** @type {RTCConfiguration} */
const CONFIGURATION = { bundlePolicy: "max-bundle" };
/** A peer that does not open though it should is offered to after all. Milliseconds. */
const PATIENCE = 4_000;
/**
 * An offer without an answer is told again after this. The answer may have been lost, and Firefox, which made it, gives
 * up after 5 s. On that connection it sends nothing any more, though a restart of ICE makes it "connected". Milliseconds.
 */
const UNANSWERED = 3_000;
/** After this, and then after twice as long each time, a connection that does not come about is helped on. */
const STUCK = 10_000;
/** Who has said nothing for so long takes part without media, as programs do. Milliseconds. */
const SILENCE = 10_000;
/** Offers in a row that asked for nothing but what had been agreed. */
const MOST_IDLE = 3;

/** @extends {Emitter<{streams: null, connection: null}>} */
export class Peer extends Emitter {
  /** What the other sends: microphone and camera, */
  camera = new MediaStream();
  /** and a shared screen. @type {MediaStream | null} */
  screen = null;
  /** Nothing comes from there: it has said so, or nothing at all. */
  silent = false;
  born = performance.now();

  #me;
  #send;
  #polite;
  #sending;
  #candidates;
  /** The one whose place this took, until it has been answered. @type {Peer | null} */
  #before = null;
  #makingOffer = false;
  #taken = Promise.resolve();
  #waitingForOffer;
  #timer = 0;
  #silence = 0;
  #unanswered = 0;
  #patience = PATIENCE;
  /** Number of the last description made here, and of the last offer that was answered here. */
  #number = 0;
  /** @type {number | undefined} */
  #answered;
  /** What the last offer asked for that was agreed to, and how many have asked for it again. */
  #agreed = "";
  #idle = 0;
  #size = 1;
  #remoteScreen = "";

  /**
   * @param {Instance} me @param {Instance} other @param {RTCIceServer[]} iceServers
   * @param {LocalMedia} media @param {(data: SignalData) => void} send
   * @param {number} [connection]  how many there have been between these two instances, this one included
   */
  constructor(me, other, iceServers, media, send, connection = 1) {
    super();
    this.#me = me;
    this.other = other;
    this.connection = connection;
    this.#send = send;
    // Programs cannot take an offer back, so it is always the person who gives way.
    this.#polite = me.kind === other.kind ? me.id < other.id : other.kind === "bot";
    this.#waitingForOffer = this.#polite;
    this.pc = new RTCPeerConnection({ ...CONFIGURATION, iceServers });
    this.#sending = new Sending(this.pc, media, this.#report);
    this.#candidates = new RemoteCandidates(this.pc);
    this.pc.onnegotiationneeded = () => this.#offer();
    this.pc.onicecandidate = ({ candidate }) => candidate && this.#tell({ candidate: candidate.toJSON() });
    this.pc.ontrack = ({ track, streams }) => this.#keep(track, streams);
    this.pc.onconnectionstatechange = () => this.#connectionChanged();
    this.pc.onsignalingstatechange = () => this.#signalingChanged();
  }

  start() {
    this.#patience = this.#waitingForOffer ? PATIENCE : STUCK;
    this.#silence = window.setTimeout(() => this.#hear(true), SILENCE);
    this.#watch();
    this.update();
  }

  /** Brings what is sent in line with what is captured. */
  update() {
    if (this.#waitingForOffer || this.pc.signalingState === "closed") return;
    if (this.#sending.update()) this.#ask();
  }

  /** Credentials of TURN servers run out. @param {RTCIceServer[]} iceServers */
  renew(iceServers) {
    this.pc.setConfiguration({ ...CONFIGURATION, iceServers });
  }

  /** Looks for another path. */
  reroute() {
    this.pc.restartIce();
    this.#ask();
  }

  /** @param {number} size  how many others are in the meeting */
  adapt(size) {
    this.#size = size;
    this.#sending.adapt(size);
  }

  /** Signals may have been lost, either way: says again what has no answer, and has the other side do so. */
  recover() {
    const { signalingState, remoteDescription, connectionState } = this.pc;
    if (signalingState === "stable" && remoteDescription && connectionState !== "connected") this.reroute();
    this.#repeatOffer();
    this.#tell({ repeat: true });
  }

  /** One after another, so that none meets the one before half-way. @param {SignalData} data */
  receive(data) {
    this.#hear(data.media === false);
    this.#taken = this.#taken.then(() => this.#take(data)).catch(this.#report);
  }

  /** 0 to 1, without an AudioContext per peer. */
  get level() {
    return this.#sending.audioReceiver?.getSynchronizationSources()[0]?.audioLevel ?? 0;
  }

  /**
   * Takes the place of a connection that the other side has given up. Its last picture stays until there is another, and
   * its tracks end only then: a player whose tracks have all ended stops.
   * @param {Peer} before
   */
  succeed(before) {
    before.#retire();
    this.#before = before;
    this.camera = before.camera;
    this.screen = before.screen;
  }

  stop() {
    this.#retire();
    this.pc.close();
  }

  #retire() {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    clearTimeout(this.#unanswered);
    this.pc.onnegotiationneeded = this.pc.onicecandidate = this.pc.ontrack = null;
    this.pc.onconnectionstatechange = this.pc.onsignalingstatechange = null;
    this.#relieve();
  }

  #relieve() {
    this.#before?.stop();
    this.#before = null;
  }

  /** A first signal that comes late ends the silence. @param {boolean} silent */
  #hear(silent) {
    clearTimeout(this.#silence);
    if (silent === this.silent) return;
    this.silent = silent;
    this.emit("connection", null);
  }

  async #offer() {
    // Chromium asks for it after new ICE servers, also where there is nothing to offer, and an offer of nothing breaks it for good.
    if (this.#idle >= MOST_IDLE || this.pc.getTransceivers().length === 0) return;
    try {
      this.#makingOffer = true;
      await this.#describe();
    } catch (error) {
      this.#report(error);
    } finally {
      this.#makingOffer = false;
    }
  }

  /** There is something to offer: the browser, which asked for what is none, may not ask for this. */
  #ask() {
    if (this.#idle < MOST_IDLE) return;
    this.#idle = 0;
    this.#taken = this.#taken.then(() => (this.pc.signalingState === "stable" ? this.#offer() : undefined));
  }

  /** Makes and tells what the moment asks for, an offer or an answer. */
  async #describe() {
    this.#number += 1;
    await this.pc.setLocalDescription();
    const { localDescription } = this.pc;
    if (localDescription?.type === "offer") this.#count(localDescription);
    this.#tellDescription(localDescription);
  }

  /** A browser that asks for negotiation for ever is not followed for ever. @param {RTCSessionDescription} offer */
  #count({ sdp }) {
    this.#idle = asked(sdp) === this.#agreed ? this.#idle + 1 : 0;
    if (this.#idle === MOST_IDLE) this.#report(new Error("asks for negotiation though nothing has changed"));
  }

  /** @param {RTCSessionDescription | null} description  made here */
  #tellDescription(description) {
    if (!description) return;
    const offer = description.type === "offer" ? this.#number : this.#answered;
    this.#tell({ description, offer, screen: this.#sending.screenIn(description.sdp) });
  }

  /** Tells an offer that has no answer again, with the candidates found since. */
  #repeatOffer() {
    if (this.pc.signalingState === "have-local-offer") this.#tellDescription(this.pc.localDescription);
  }

  /** @param {SignalData} data */
  async #take({ description, candidate, offer, screen, repeat }) {
    if (description?.type === "offer") await this.#takeOffer(description, offer, screen ?? "");
    else if (description) await this.#takeAnswer(description, offer, screen ?? "");
    else if (candidate) await this.#candidates.take(candidate);
    else if (repeat) this.#repeatOffer();
  }

  /** @param {RTCSessionDescriptionInit} description @param {number | undefined} offer @param {string} screen */
  async #takeOffer(description, offer, screen) {
    if (offer !== undefined && offer === this.#answered) return this.#answerAgain();
    const collision = this.#makingOffer || this.pc.signalingState !== "stable";
    if (collision && !this.#polite) return;
    await this.#takeDescription(description, screen);
    this.#relieve();
    this.#answered = offer;
    this.#sending.adopt();
    await this.#describe();
    this.#open();
  }

  /**
   * To an offer that was told again. Taken once more, it would take back what this side may have offered on top of it by
   * now, and what the other may have agreed to already.
   */
  #answerAgain() {
    const { currentLocalDescription } = this.pc;
    if (currentLocalDescription?.type === "answer") this.#tellDescription(currentLocalDescription);
    // Whoever had no answer did not take this either.
    this.#repeatOffer();
  }

  /** @param {RTCSessionDescriptionInit} description @param {number | undefined} offer @param {string} screen */
  async #takeAnswer(description, offer, screen) {
    // An offer that was told twice is answered twice.
    if (this.pc.signalingState !== "have-local-offer" || (offer ?? this.#number) !== this.#number) return;
    const made = this.pc.localDescription?.sdp ?? "";
    await this.#takeDescription(description, screen);
    this.#agreed = asked(made);
  }

  /** @param {RTCSessionDescriptionInit} description @param {string} screen */
  async #takeDescription(description, screen) {
    this.#remoteScreen = screen;
    await this.pc.setRemoteDescription(description);
    await this.#candidates.described();
    if (screen || !this.screen) return;
    this.screen = null;
    this.emit("streams", null);
  }

  /** From here on this side sends what it has without waiting to be offered to. */
  #open() {
    if (this.#waitingForOffer) this.#settle();
    this.#waitingForOffer = false;
    this.update();
  }

  /** Whatever was lost on the way, two peers that belong together do not stay stuck. */
  #watch() {
    const { signalingState, connectionState } = this.pc;
    if (signalingState === "closed") return;
    if (signalingState === "stable" && connectionState === "connected") this.#settle();
    else this.#timer ||= window.setTimeout(() => this.#helpOn(), this.#patience);
  }

  #settle() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#patience = STUCK;
  }

  #helpOn() {
    this.#timer = 0;
    this.recover();
    // A bot may take longer, and what was offered to it meanwhile cannot be made to fit into what it offers.
    if (this.#waitingForOffer && this.other.kind !== "bot") this.#open();
    else this.#patience *= 2;
    this.#watch();
  }

  /** @param {MediaStreamTrack} track @param {readonly MediaStream[]} streams */
  #keep(track, streams) {
    const shared = streams.find(({ id }) => id === this.#remoteScreen);
    if (shared) {
      this.screen = shared;
    } else {
      for (const old of this.camera.getTracks()) if (old.kind === track.kind) this.camera.removeTrack(old);
      this.camera.addTrack(track);
    }
    this.emit("streams", null);
  }

  #signalingChanged() {
    clearTimeout(this.#unanswered);
    if (this.pc.signalingState === "have-local-offer")
      this.#unanswered = window.setTimeout(() => this.#repeatOffer(), UNANSWERED);
    this.#watch();
  }

  #connectionChanged() {
    const { connectionState } = this.pc;
    // `failed` comes some 15 s after the path died; `disconnected` often mends itself.
    if (connectionState === "failed") this.reroute();
    if (connectionState === "connected") this.adapt(this.#size);
    this.#watch();
    this.emit("connection", null);
  }

  /** @param {SignalData} data */
  #tell(data) {
    // Instances keep what was meant for a page that is gone away from the one that took its place.
    const addressed = { ...data, instance: this.#me.instance, for: this.other.instance };
    this.#send(this.connection > 1 ? { ...addressed, connection: this.connection } : addressed);
  }

  /** @param {unknown} error */
  #report = (error) => {
    if (this.pc.signalingState !== "closed") console.warn(`negotiation with ${this.other.id}:`, error);
  };
}

/** What an offer asks for: the sections with their directions and streams, and the ICE credentials. @param {string} sdp */
const asked = (sdp) => (sdp.match(/^(?:m=\w+|a=(?:mid|msid|ice-ufrag):.*|a=(?:sendrecv|sendonly|recvonly|inactive))/gm) ?? []).join("\n");
