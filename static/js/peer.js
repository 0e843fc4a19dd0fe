/**
 * One RTCPeerConnection to one instance of one participant, with perfect negotiation as in the W3C's
 * sample (WebRTC, 10.7): https://www.w3.org/TR/webrtc/#perfect-negotiation-example
 *
 * Both sides could offer at once and glare would resolve; to spare the collision at every join, the
 * impolite side opens with microphone and camera transceivers, and the polite one answers on them. After
 * that a camera comes and goes by replaceTrack() without negotiation, a screen as a stream of its own with.
 */
import { Emitter } from "./events.js";
import { videoEncoding } from "./quality.js";

/**
 * @typedef {import("./protocol.js").SignalData} SignalData
 * @typedef {import("./devices.js").LocalMedia} LocalMedia
 * @typedef {import("./devices.js").Kind} Kind
 * @typedef {{id: string, instance: string | number}} Instance
 */

/** A peer that does not open though it should is offered to after all. Milliseconds. */
const PATIENCE = 4_000;

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
  #makingOffer = false;
  #ignoreOffer = false;
  #settingRemoteAnswer = false;
  #waitingForOffer;
  #patience = 0;
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
   */
  constructor(me, other, iceServers, media, send) {
    super();
    this.#me = me;
    this.id = other.id;
    this.instance = other.instance;
    this.#media = media;
    this.#send = send;
    this.#polite = me.id < other.id;
    this.#waitingForOffer = this.#polite;
    this.pc = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.pc.onnegotiationneeded = () => this.#offer();
    this.pc.onicecandidate = ({ candidate }) => candidate && this.#tell({ candidate: candidate.toJSON() });
    this.pc.ontrack = ({ track, streams }) => this.#keep(track, streams);
    this.pc.onconnectionstatechange = () => this.#connectionChanged();
  }

  start() {
    if (this.#waitingForOffer) this.#patience = window.setTimeout(() => this.#open(), PATIENCE);
    this.update();
  }

  /** Brings what is sent in line with what is captured. */
  update() {
    if (this.#waitingForOffer || this.pc.signalingState === "closed") return;
    this.#carry("audio", this.#media.microphone);
    this.#carry("video", this.#media.camera);
    this.#share(this.#media.screen);
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

  /** An offer made while signalling was down is lost: the other side never saw it. */
  repeatOffer() {
    if (this.pc.signalingState === "have-local-offer") this.#tell({ description: this.pc.localDescription });
  }

  /** @param {SignalData} data */
  async receive({ description, candidate, screen }) {
    try {
      if (description) await this.#describe(description, screen ?? "");
      else if (candidate) await this.#addCandidate(candidate);
    } catch (error) {
      this.#report(error);
    }
  }

  /** 0 to 1, without an AudioContext per peer. */
  get level() {
    const receiver = this.#transceivers.audio?.receiver;
    return receiver?.getSynchronizationSources()[0]?.audioLevel ?? 0;
  }

  stop() {
    clearTimeout(this.#patience);
    this.pc.onnegotiationneeded = this.pc.onicecandidate = this.pc.ontrack = this.pc.onconnectionstatechange = null;
    this.pc.close();
  }

  async #offer() {
    try {
      this.#makingOffer = true;
      await this.pc.setLocalDescription();
      this.#tell({ description: this.pc.localDescription });
    } catch (error) {
      this.#report(error);
    } finally {
      this.#makingOffer = false;
    }
  }

  /** @param {RTCSessionDescriptionInit} description @param {string} screen */
  async #describe(description, screen) {
    const { pc } = this;
    // A collision is one only while no answer of the other side is just being set.
    const ready = !this.#makingOffer && (pc.signalingState === "stable" || this.#settingRemoteAnswer);
    this.#ignoreOffer = !this.#polite && description.type === "offer" && !ready;
    if (this.#ignoreOffer) return;

    this.#remoteScreen = screen;
    this.#settingRemoteAnswer = description.type === "answer";
    await pc.setRemoteDescription(description);
    this.#settingRemoteAnswer = false;
    await this.#flushCandidates();
    if (!screen && this.screen) {
      this.screen = null;
      this.emit("streams", null);
    }
    if (description.type !== "offer") return;

    this.#answerOn();
    await pc.setLocalDescription();
    this.#tell({ description: pc.localDescription });
    this.#open();
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
    clearTimeout(this.#patience);
    this.#waitingForOffer = false;
    this.update();
  }

  /** @param {RTCIceCandidateInit} candidate */
  async #addCandidate(candidate) {
    if (!this.pc.remoteDescription) {
      this.#candidates.push(candidate);
      return;
    }
    try {
      await this.pc.addIceCandidate(candidate);
    } catch (error) {
      if (!this.#ignoreOffer) throw error; // Candidates of an offer that was ignored fit nothing.
    }
  }

  async #flushCandidates() {
    for (const candidate of this.#candidates.splice(0)) await this.#addCandidate(candidate);
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
    this.emit("connection", connectionState);
  }

  /** @param {SignalData} data */
  #tell(data) {
    // Instances keep what was meant for a page that is gone away from the one that took its place.
    const screen = data.description ? { screen: this.#media.screen?.id ?? null } : {};
    this.#send({ ...data, ...screen, instance: this.#me.instance, for: this.instance });
  }

  /** @param {unknown} error */
  #report = (error) => {
    if (this.pc.signalingState !== "closed") console.warn(`negotiation with ${this.id}:`, error);
  };
}
