/**
 * One RTCPeerConnection to one instance of one participant, with perfect negotiation as in the W3C's
 * sample (WebRTC, 10.7): https://www.w3.org/TR/webrtc/#perfect-negotiation-example
 *
 * Both sides could offer at once and glare would resolve; to spare the collision at every join, the
 * impolite side opens with microphone and camera transceivers, and the polite one answers on them. After
 * that a camera comes and goes by replaceTrack() without negotiation, a screen as a stream of its own with.
 *
 * Signals may be lost, as when the server is killed. Then offers are told again, so each has a number, which its
 * answer repeats: an offer may be answered twice.
 *
 * Bots cannot restart ICE. They offer another connection instead, of the next number: mesh.js puts another Peer in
 * the place of the one there was, and what is shown goes over to it.
 */
import { Emitter } from "./events.js";
import { videoEncoding } from "./quality.js";

/**
 * @typedef {import("./protocol.js").SignalData} SignalData
 * @typedef {import("./devices.js").LocalMedia} LocalMedia
 * @typedef {import("./devices.js").Kind} Kind
 * @typedef {{id: string, instance: string, kind?: "bot"}} Instance
 */

/** @type {RTCConfiguration} */
const CONFIGURATION = { bundlePolicy: "max-bundle" };
/** A peer that does not open though it should is offered to after all. Milliseconds. */
const PATIENCE = 4_000;
/** After this, and then after twice as long each time, a connection that does not come about is helped on. */
const STUCK = 10_000;

/** @extends {Emitter<{streams: null, connection: RTCPeerConnectionState}>} */
export class Peer extends Emitter {
  /** What the other sends: microphone and camera, */
  camera = new MediaStream();
  /** and a shared screen. @type {MediaStream | null} */
  screen = null;

  #me;
  #media;
  #send;
  #polite;
  /** The one whose place this took, until it has been answered. @type {Peer | null} */
  #before = null;
  #makingOffer = false;
  #taken = Promise.resolve();
  #waitingForOffer;
  #timer = 0;
  #patience = PATIENCE;
  /** Number of the last description made here, and of the last offer that came. */
  #number = 0;
  /** @type {number | undefined} */
  #answering;
  /** What the last description made here said. @type {string | null} */
  #screenTold = null;
  #size = 1;
  #remoteScreen = "";
  /** @type {RTCIceCandidateInit[]} */
  #candidates = [];
  /** @type {{audio?: RTCRtpTransceiver, video?: RTCRtpTransceiver}} */
  #transceivers = {};
  /** @type {{stream: MediaStream, transceivers: RTCRtpTransceiver[]} | null} */
  #sharing = null;

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
    this.#media = media;
    this.#send = send;
    // Programs cannot take an offer back, so it is always the person who gives way.
    this.#polite = me.kind === other.kind ? me.id < other.id : other.kind === "bot";
    this.#waitingForOffer = this.#polite;
    this.pc = new RTCPeerConnection({ ...CONFIGURATION, iceServers });
    this.pc.onnegotiationneeded = () => this.#offer();
    this.pc.onicecandidate = ({ candidate }) => candidate && this.#tell({ candidate: candidate.toJSON() });
    this.pc.ontrack = ({ track, streams }) => this.#keep(track, streams);
    this.pc.onconnectionstatechange = () => this.#connectionChanged();
    this.pc.onsignalingstatechange = () => this.#watch();
  }

  start() {
    this.#patience = this.#waitingForOffer ? PATIENCE : STUCK;
    this.#watch();
    this.update();
  }

  /** Brings what is sent in line with what is captured. */
  update() {
    if (this.#waitingForOffer || this.pc.signalingState === "closed") return;
    this.#carry("audio", this.#media.microphone);
    this.#carry("video", this.#media.camera);
    this.#share(this.#media.screen);
  }

  /** Credentials of TURN servers run out. @param {RTCIceServer[]} iceServers */
  renew(iceServers) {
    this.pc.setConfiguration({ ...CONFIGURATION, iceServers });
  }

  /** @param {number} size  how many others are in the meeting */
  adapt(size) {
    this.#size = size;
    const sender = this.#transceivers.video?.sender;
    const parameters = sender?.getParameters();
    if (!sender || !parameters?.encodings?.[0]) return;
    Object.assign(parameters.encodings[0], videoEncoding(size));
    sender.setParameters(parameters).catch(this.#report);
  }

  /** Signals may have been lost, either way: says again what has no answer, and has the other side do so. */
  recover() {
    const { signalingState, remoteDescription, connectionState } = this.pc;
    if (signalingState === "stable" && remoteDescription && connectionState !== "connected") this.pc.restartIce();
    this.#repeatOffer();
    this.#tell({ repeat: true });
  }

  /** One after another, so that none meets the one before half-way. @param {SignalData} data */
  receive(data) {
    this.#taken = this.#taken.then(() => this.#take(data)).catch(this.#report);
  }

  /** 0 to 1, without an AudioContext per peer. */
  get level() {
    const receiver = this.#transceivers.audio?.receiver;
    return receiver?.getSynchronizationSources()[0]?.audioLevel ?? 0;
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
    this.pc.onnegotiationneeded = this.pc.onicecandidate = this.pc.ontrack = null;
    this.pc.onconnectionstatechange = this.pc.onsignalingstatechange = null;
    this.#relieve();
  }

  #relieve() {
    this.#before?.stop();
    this.#before = null;
  }

  async #offer() {
    try {
      this.#makingOffer = true;
      await this.#describe();
    } catch (error) {
      this.#report(error);
    } finally {
      this.#makingOffer = false;
    }
  }

  /** Makes and tells what the moment asks for, an offer or an answer. */
  async #describe() {
    this.#number += 1;
    this.#screenTold = this.#sharing?.stream.id ?? null;
    await this.pc.setLocalDescription();
    this.#tellDescription();
  }

  #tellDescription() {
    const description = this.pc.localDescription;
    const offer = description?.type === "offer" ? this.#number : this.#answering;
    this.#tell({ description, offer, screen: this.#screenTold });
  }

  /** Tells an offer that has no answer again, with the candidates found since. */
  #repeatOffer() {
    if (this.pc.signalingState === "have-local-offer") this.#tellDescription();
  }

  /** @param {SignalData} data */
  async #take({ description, candidate, offer, screen, repeat }) {
    if (description?.type === "offer") await this.#takeOffer(description, offer, screen ?? "");
    else if (description) await this.#takeAnswer(description, offer, screen ?? "");
    else if (candidate) await this.#takeCandidate(candidate);
    else if (repeat) this.#repeatOffer();
  }

  /** @param {RTCSessionDescriptionInit} description @param {number | undefined} offer @param {string} screen */
  async #takeOffer(description, offer, screen) {
    const collision = this.#makingOffer || this.pc.signalingState !== "stable";
    if (collision && !this.#polite) return;
    await this.#takeDescription(description, screen);
    this.#relieve();
    this.#answering = offer;
    this.#answerOn();
    await this.#describe();
    this.#open();
  }

  /** @param {RTCSessionDescriptionInit} description @param {number | undefined} offer @param {string} screen */
  async #takeAnswer(description, offer, screen) {
    // An offer that was told twice is answered twice.
    const awaited = this.pc.signalingState === "have-local-offer" && (offer ?? this.#number) === this.#number;
    if (awaited) await this.#takeDescription(description, screen);
  }

  /** @param {RTCSessionDescriptionInit} description @param {string} screen */
  async #takeDescription(description, screen) {
    this.#remoteScreen = screen;
    await this.pc.setRemoteDescription(description);
    // Candidates that still fit nothing belong to a description that is not coming any more.
    for (const candidate of this.#candidates.splice(0)) if (this.#fits(candidate)) await this.pc.addIceCandidate(candidate);
    if (screen || !this.screen) return;
    this.screen = null;
    this.emit("streams", null);
  }

  /** @param {RTCIceCandidateInit} candidate */
  async #takeCandidate(candidate) {
    // Where a description was lost or ignored its candidates come alone; told again it may find them waiting.
    if (this.#fits(candidate)) await this.pc.addIceCandidate(candidate);
    else this.#candidates.push(candidate);
  }

  /** @param {RTCIceCandidateInit} candidate */
  #fits({ usernameFragment }) {
    const { remoteDescription } = this.pc;
    return remoteDescription !== null && (!usernameFragment || remoteDescription.sdp.includes(`a=ice-ufrag:${usernameFragment}\r\n`));
  }

  /** Sends on the offer's first microphone and camera sections instead of adding more of its own. */
  #answerOn() {
    for (const transceiver of this.pc.getTransceivers()) {
      const kind = /** @type {Kind} */ (transceiver.receiver.track.kind);
      if (this.#transceivers[kind] || transceiver.direction === "stopped") continue;
      this.#transceivers[kind] = transceiver;
      transceiver.direction = "sendrecv";
      transceiver.sender.setStreams(this.#media.stream);
      this.#carry(kind, kind === "audio" ? this.#media.microphone : this.#media.camera);
    }
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

  /** @param {Kind} kind @param {MediaStreamTrack | null} track */
  #carry(kind, track) {
    const streams = [this.#media.stream];
    this.#transceivers[kind] ??= this.pc.addTransceiver(kind, { direction: "sendrecv", streams });
    const { sender } = this.#transceivers[kind];
    if (sender.track !== track) sender.replaceTrack(track).catch(this.#report);
  }

  /** @param {MediaStream | null} stream */
  #share(stream) {
    if (stream === (this.#sharing?.stream ?? null)) return;
    for (const transceiver of this.#sharing?.transceivers ?? []) transceiver.stop();
    this.#sharing = stream && {
      stream,
      transceivers: stream.getTracks().map((track) => this.pc.addTransceiver(track, { direction: "sendonly", streams: [stream] })),
    };
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

  #connectionChanged() {
    const { connectionState } = this.pc;
    // `failed` comes some 15 s after the path died; `disconnected` often mends itself.
    if (connectionState === "failed") this.pc.restartIce();
    if (connectionState === "connected") this.adapt(this.#size);
    this.#watch();
    this.emit("connection", connectionState);
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
