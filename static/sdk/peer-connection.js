/**
 * One RTCPeerConnection to one instance of one participant.
 *
 * Both sides could offer at once, and negotiation.js would resolve the glare. To avoid a collision at every join, the
 * impolite side opens with microphone and camera transceivers, and the polite side answers on them. sending.js explains
 * what is sent afterwards, and why that cannot make two peers offer for ever.
 *
 * Bots cannot restart ICE. They offer another connection with the next number instead: mesh.js replaces the
 * PeerConnection, and the new one takes over what is shown.
 */
import { Emitter } from "./events.js";
import { Negotiation } from "./negotiation.js";
import { NOTHING } from "./rights.js";
import { securityCode } from "./security-code.js";
import { Sending } from "./sending.js";
import { Heeding, NONE, Telling } from "./shown.js";

/**
 * @typedef {import("./protocol.js").SignalData} SignalData
 * @typedef {import("./devices.js").LocalMedia} LocalMedia
 * @typedef {{id: string, instance: string, kind?: "bot" | undefined}} Instance
 */

/** @type {RTCConfiguration} */
const CONFIGURATION = { bundlePolicy: "max-bundle" };
/** How long to wait for the offer of a peer that should open; then this side offers. Milliseconds. */
const PATIENCE = 4_000;
/** Time without progress before negotiation is restarted; doubles each time. Milliseconds. */
const STUCK = 10_000;
/** A peer that has sent no signal for this long takes part without media, as programs do. Milliseconds. */
const SILENCE = 10_000;

/** @extends {Emitter<{streams: null, connection: null, shown: null}>}  `shown`: the other shows something else of this page. */
export class PeerConnection extends Emitter {
  /** What the other sends: microphone and camera, */
  camera = new MediaStream();
  /** and a shared screen. @type {MediaStream | null} */
  screen = null;
  /** The other sends no media: it has said so, or has sent no signal. */
  silent = false;
  /** It has said so: until it says something else, nothing is said to it. */
  #declined = false;
  born = performance.now();

  #me;
  #send;
  #sending;
  #negotiation;
  /** The connection that this one replaces, until the other's offer is applied. @type {PeerConnection | null} */
  #before = null;
  #waitingForOffer;
  #timer = 0;
  #silence = 0;
  #patience = PATIENCE;
  #size = 1;
  #telling = new Telling((show) => this.#tell({ show }));
  #heeding = new Heeding((shown) => this.#showOther(shown));
  #plays = NOTHING;

  /**
   * @param {Instance} me @param {Instance} other @param {RTCIceServer[]} iceServers
   * @param {LocalMedia} media @param {(data: SignalData) => void} send
   * @param {number} [connection]  its number among those between these two instances, from 1
   */
  constructor(me, other, iceServers, media, send, connection = 1) {
    super();
    this.#me = me;
    this.other = other;
    this.connection = connection;
    this.#send = send;
    // Programs cannot roll back an offer, so the person always gives way.
    const polite = me.kind === other.kind ? me.id < other.id : other.kind === "bot";
    this.#waitingForOffer = polite;
    this.pc = new RTCPeerConnection({ ...CONFIGURATION, iceServers });
    this.#sending = new Sending(this.pc, media, this.#report);
    this.#negotiation = new Negotiation(this.pc, polite, this.#sending, {
      tell: (data) => this.#tell(data),
      described: (type) => this.#described(type),
      answered: () => this.#open(),
      report: this.#report,
    });
    this.pc.onnegotiationneeded = () => this.#negotiation.offer();
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
    this.#telling.begin();
  }

  /** Brings what is sent in line with what is captured. */
  update() {
    if (this.#waitingForOffer || this.pc.signalingState === "closed") return;
    if (this.#sending.update()) this.#negotiation.ask();
  }

  /** Credentials of TURN servers expire. @param {RTCIceServer[]} iceServers */
  renew(iceServers) {
    this.pc.setConfiguration({ ...CONFIGURATION, iceServers });
  }

  /** Looks for another path. */
  reroute() {
    this.pc.restartIce();
    this.#negotiation.ask();
  }

  /** What of the other is meant to be heard and seen: the rest is silent and black. @param {import("./rights.js").Plays} plays */
  play(plays) {
    this.#plays = plays;
    for (const track of this.camera.getTracks()) track.enabled = track.kind === "audio" ? plays.audio : plays.video;
    for (const track of this.screen?.getTracks() ?? []) track.enabled = track.kind === "audio" ? plays.sound : plays.screen;
  }

  /** What this page shows of the other's pictures. @param {import("./shown.js").Shown} shown */
  show(shown) {
    this.#telling.want(shown);
  }

  /** What the other shows of this page's. */
  get shown() {
    return this.#declined ? NONE : this.#sending.shown;
  }

  /** @param {number} size  how many are shown this page's camera */
  adapt(size) {
    this.#size = size;
    this.#sending.adapt(size);
  }

  /** Signals may have been lost in either direction: repeats an unanswered offer, and asks the other side to. */
  recover() {
    const { signalingState, remoteDescription, connectionState } = this.pc;
    if (signalingState === "stable" && remoteDescription && connectionState !== "connected") this.reroute();
    this.#negotiation.repeatOffer();
    this.#tell({ repeat: true });
    this.#telling.again();
  }

  /** @param {SignalData} data */
  receive(data) {
    this.#hear(data.media === false);
    this.#decline(data.media === false && this.pc.connectionState !== "connected");
    if (data.show) return this.#heeding.hear(data.show);
    if (data.repeat) this.#telling.again();
    this.#negotiation.receive(data);
  }

  /** What two people compare. @returns {Promise<string>} "" while there is no connection */
  async securityCode() {
    const { connectionState, currentLocalDescription: here, currentRemoteDescription: there } = this.pc;
    return connectionState === "connected" && here && there ? securityCode(here.sdp, there.sdp) : "";
  }

  /** The other's loudness, 0 to 1, without an AudioContext per peer. */
  get level() {
    return this.#sending.audioReceiver?.getSynchronizationSources()[0]?.audioLevel ?? 0;
  }

  /**
   * Replaces a connection that the other side has given up. The last picture stays until there is a new one, and the old
   * tracks end only then, because a player stops when all its tracks have ended.
   * @param {PeerConnection} before
   */
  succeed(before) {
    before.#retire();
    this.#before = before;
    this.#plays = before.#plays;
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
    this.#telling.stop();
    this.#heeding.stop();
    this.#negotiation.stop();
    this.pc.onnegotiationneeded = this.pc.onicecandidate = this.pc.ontrack = null;
    this.pc.onconnectionstatechange = this.pc.onsignalingstatechange = null;
    this.#relieve();
  }

  #relieve() {
    this.#before?.stop();
    this.#before = null;
  }

  /** @param {import("./shown.js").Shown} shown */
  #showOther(shown) {
    this.#sending.show(shown);
    this.emit("shown", null);
  }

  /** The first signal ends the silence, even if it is late. @param {boolean} silent */
  #hear(silent) {
    clearTimeout(this.#silence);
    if (silent === this.silent) return;
    this.silent = silent;
    this.emit("connection", null);
  }

  /** @param {boolean} declined  The other takes part without media, or does so no more. */
  #decline(declined) {
    if (declined === this.#declined) return;
    this.#declined = declined;
    this.emit("shown", null);
    if (declined) return this.#settle();
    this.#negotiation.repeatOffer();
    this.#telling.again();
    this.#watch();
  }

  /** @param {RTCSdpType} type  of the other side's description */
  #described(type) {
    if (this.screen && !this.#negotiation.remoteScreen) {
      this.screen = null;
      this.emit("streams", null);
    }
    if (type === "offer") this.#relieve();
    this.adapt(this.#size);
  }

  /** From now on this side sends what it has, without waiting for an offer. */
  #open() {
    if (this.#waitingForOffer) this.#settle();
    this.#waitingForOffer = false;
    this.update();
  }

  /** Makes sure that two peers do not stay stuck, whatever signals were lost. */
  #watch() {
    const { signalingState, connectionState } = this.pc;
    if (signalingState === "closed" || this.#declined) return;
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
    // A bot may take longer, and what this side offered meanwhile could not be matched with the bot's own offer.
    if (this.#waitingForOffer && this.other.kind !== "bot") this.#open();
    else this.#patience *= 2;
    this.#watch();
  }

  /** @param {MediaStreamTrack} track @param {readonly MediaStream[]} streams */
  #keep(track, streams) {
    const shared = streams.find(({ id }) => id === this.#negotiation.remoteScreen);
    if (shared) {
      this.screen = shared;
    } else {
      for (const old of this.camera.getTracks()) if (old.kind === track.kind) this.camera.removeTrack(old);
      this.camera.addTrack(track);
    }
    this.play(this.#plays);
    this.emit("streams", null);
  }

  #signalingChanged() {
    this.#negotiation.changed();
    this.#watch();
  }

  #connectionChanged() {
    const { connectionState } = this.pc;
    // `failed` comes some 15 s after the path died; `disconnected` often recovers by itself.
    if (connectionState === "failed") this.reroute();
    if (connectionState === "connected") this.adapt(this.#size);
    this.#watch();
    this.emit("connection", null);
  }

  /** @param {SignalData} data */
  #tell(data) {
    if (this.#declined) return;
    // With instances, a signal for a page that is gone is not taken by the page that replaced it.
    const addressed = { ...data, instance: this.#me.instance, for: this.other.instance };
    this.#send(this.connection > 1 ? { ...addressed, connection: this.connection } : addressed);
  }

  /** @param {unknown} error */
  #report = (error) => {
    if (this.pc.signalingState !== "closed") console.warn(`negotiation with ${this.other.id}:`, error);
  };
}
