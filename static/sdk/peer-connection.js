/**
 * One RTCPeerConnection to one instance of one participant.
 *
 * Both sides could offer at once and glare would resolve (negotiation.js); to spare the collision at every join, the
 * impolite side opens with microphone and camera transceivers, and the polite one answers on them. What is sent after
 * that, and why it cannot make two peers offer for ever, is told in sending.js.
 *
 * Bots cannot restart ICE. They offer another connection instead, of the next number: mesh.js puts another
 * PeerConnection in the place of the one there was, and what is shown goes over to it.
 */
import { Emitter } from "./events.js";
import { Negotiation } from "./negotiation.js";
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
/** Without progress for so long, negotiation is restarted; the wait doubles each time. Milliseconds. */
const STUCK = 10_000;
/** Who has said nothing for so long takes part without media, as programs do. Milliseconds. */
const SILENCE = 10_000;

/** @extends {Emitter<{streams: null, connection: null}>} */
export class PeerConnection extends Emitter {
  /** What the other sends: microphone and camera, */
  camera = new MediaStream();
  /** and a shared screen. @type {MediaStream | null} */
  screen = null;
  /** Nothing comes from there: it has said so, or nothing at all. */
  silent = false;
  born = performance.now();

  #me;
  #send;
  #sending;
  #negotiation;
  /** The one whose place this took, until it has been answered. @type {PeerConnection | null} */
  #before = null;
  #waitingForOffer;
  #timer = 0;
  #silence = 0;
  #patience = PATIENCE;
  #size = 1;

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
  }

  /** Brings what is sent in line with what is captured. */
  update() {
    if (this.#waitingForOffer || this.pc.signalingState === "closed") return;
    if (this.#sending.update()) this.#negotiation.ask();
  }

  /** Credentials of TURN servers run out. @param {RTCIceServer[]} iceServers */
  renew(iceServers) {
    this.pc.setConfiguration({ ...CONFIGURATION, iceServers });
  }

  /** Looks for another path. */
  reroute() {
    this.pc.restartIce();
    this.#negotiation.ask();
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
    this.#negotiation.repeatOffer();
    this.#tell({ repeat: true });
  }

  /** @param {SignalData} data */
  receive(data) {
    this.#hear(data.media === false);
    this.#negotiation.receive(data);
  }

  /** 0 to 1, without an AudioContext per peer. */
  get level() {
    return this.#sending.audioReceiver?.getSynchronizationSources()[0]?.audioLevel ?? 0;
  }

  /**
   * Takes the place of a connection that the other side has given up. Its last picture stays until there is another, and
   * its tracks end only then: a player whose tracks have all ended stops.
   * @param {PeerConnection} before
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
    this.#negotiation.stop();
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

  /** @param {RTCSdpType} type  of what the other side said */
  #described(type) {
    if (this.screen && !this.#negotiation.remoteScreen) {
      this.screen = null;
      this.emit("streams", null);
    }
    if (type === "offer") this.#relieve();
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
    const shared = streams.find(({ id }) => id === this.#negotiation.remoteScreen);
    if (shared) {
      this.screen = shared;
    } else {
      for (const old of this.camera.getTracks()) if (old.kind === track.kind) this.camera.removeTrack(old);
      this.camera.addTrack(track);
    }
    this.emit("streams", null);
  }

  #signalingChanged() {
    this.#negotiation.changed();
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
