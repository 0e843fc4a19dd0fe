/**
 * What goes to one peer: microphone, camera and a shared screen, each on a transceiver of its own.
 *
 * No transceiver is ever stopped. One stopped before it has a `mid`, or caught by a rollback, never gets one,
 * and Chromium asks for negotiation for ever. So a screen that ends leaves its sections inactive, and the next screen
 * uses them: the description does not grow, however often a screen is shared. Only a direction is negotiated, which the
 * browser compares with what was agreed, so negotiation cannot loop.
 */
import { videoEncoding } from "./quality.js";

/** @typedef {import("./devices.js").Kind} Kind */

const KINDS = /** @type {const} */ (["audio", "video"]);

/** A transceiver, and the track last requested for it: `sender.track` changes only when that is done. */
class Outlet {
  /** @param {RTCRtpTransceiver} transceiver @param {MediaStreamTrack | null} track  the one it carries already */
  constructor(transceiver, track) {
    this.transceiver = transceiver;
    this.track = track;
  }

  /** Needs no negotiation. @param {MediaStreamTrack | null} track @param {(error: unknown) => void} failed */
  carry(track, failed) {
    if (track === this.track) return;
    this.track = track;
    this.transceiver.sender.replaceTrack(track).catch(failed);
  }
}

export class Sending {
  #pc;
  #media;
  #failed;
  /** @type {Partial<Record<Kind, Outlet>>} */
  #own = {};
  /** @type {Partial<Record<Kind, Outlet>>} */
  #screen = {};
  /** Its id tells the other side which stream is a screen and not a camera. */
  #screenStream = new MediaStream();

  /** @param {RTCPeerConnection} pc @param {import("./devices.js").LocalMedia} media @param {(error: unknown) => void} failed */
  constructor(pc, media, failed) {
    this.#pc = pc;
    this.#media = media;
    this.#failed = failed;
  }

  /** Brings what is sent in line with what is captured. @returns {boolean} whether that needs an offer */
  update() {
    // Not `some`: each has to be brought in line.
    return [...KINDS.map((kind) => this.#carry(kind)), ...KINDS.map((kind) => this.#share(kind))].includes(true);
  }

  /** Sends on the first microphone and camera sections that were offered, instead of adding more. */
  adopt() {
    for (const transceiver of this.#pc.getTransceivers()) {
      const kind = /** @type {Kind} */ (transceiver.receiver.track.kind);
      if (this.#own[kind] || transceiver.direction === "stopped") continue;
      this.#own[kind] = new Outlet(transceiver, null);
      transceiver.direction = "sendrecv";
      transceiver.sender.setStreams(...this.#streams);
      this.#carry(kind);
    }
  }

  /** @param {number} size  how many others are in the meeting */
  adapt(size) {
    const sender = this.#own.video?.transceiver.sender;
    const parameters = sender?.getParameters();
    if (!sender || !parameters?.encodings?.[0]) return;
    Object.assign(parameters.encodings[0], videoEncoding(size));
    sender.setParameters(parameters).catch(this.#failed);
  }

  /** The receiver of the other's sound. */
  get audioReceiver() {
    return this.#own.audio?.transceiver.receiver;
  }

  /** The id of the screen's stream, if the local description sends it. @param {string} sdp */
  screenIn(sdp) {
    const { id } = this.#screenStream;
    // Chromium names the stream in inactive sections too.
    const sent = sdp.split(/^m=/m).some((section) => section.includes(`a=msid:${id} `) && /^a=send(?:only|recv)\r$/m.test(section));
    return sent ? id : null;
  }

  get #streams() {
    return this.#media.stream ? [this.#media.stream] : [];
  }

  /** @param {Kind} kind @returns {boolean} */
  #carry(kind) {
    const track = kind === "audio" ? this.#media.microphone : this.#media.camera;
    const outlet = this.#own[kind];
    if (outlet) return outlet.carry(track, this.#failed), false;
    const transceiver = this.#pc.addTransceiver(kind, { direction: "sendrecv", streams: this.#streams });
    this.#own[kind] = new Outlet(transceiver, null);
    this.#carry(kind);
    return true;
  }

  /** @param {Kind} kind @returns {boolean} */
  #share(kind) {
    const track = this.#media.screen?.getTracks().find((track) => track.kind === kind) ?? null;
    const outlet = this.#screen[kind];
    const direction = track ? "sendonly" : "inactive";
    if (outlet) {
      outlet.carry(track, this.#failed);
      if (outlet.transceiver.direction === direction) return false;
      outlet.transceiver.direction = direction;
      return true;
    }
    if (!track) return false;
    this.#screen[kind] = new Outlet(this.#pc.addTransceiver(track, { direction, streams: [this.#screenStream] }), track);
    return true;
  }
}
