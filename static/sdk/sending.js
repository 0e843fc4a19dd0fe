/**
 * What goes to one peer: microphone, camera and a shared screen, each on a transceiver of its own.
 *
 * No transceiver is ever stopped. One stopped before it has a `mid`, or caught by a rollback, never gets one,
 * and Chromium asks for negotiation for ever. So a screen that ends leaves its sections inactive, and the next screen
 * uses them: the description does not grow, however often a screen is shared. Only a direction is negotiated, which the
 * browser compares with what was agreed, so negotiation cannot loop.
 */
import { cameraEncoding, screenEncoding } from "./quality.js";
import { ALL } from "./shown.js";

/** @typedef {import("./devices.js").Kind} Kind */

/** How often an encoding is asked for that the browser refuses, with longer and longer pauses. Milliseconds. */
const ATTEMPTS = 4;
const PAUSE = 500;

const KINDS = /** @type {const} */ (["audio", "video"]);

/**
 * A transceiver, and the track and the encoding last requested for it: `sender.track` and its parameters change only when
 * that is done.
 */
class Outlet {
  /** @type {import("./quality.js").Encoding | null} */
  #wanted = null;
  #encoding = false;
  /** Failures since it was last done. */
  #failures = 0;

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

  /** Needs no negotiation either. @param {import("./quality.js").Encoding} wanted @param {(error: unknown) => void} failed */
  encode(wanted, failed) {
    this.#wanted = wanted;
    if (this.#encoding) return; // It is looked at again after that.
    const { sender, currentDirection } = this.transceiver;
    // While the first description is applied, Chromium changes the parameters, and refuses those that it gave before.
    if (currentDirection === null) return;
    const parameters = sender.getParameters();
    const encoding = parameters.encodings?.[0];
    if (!encoding || isWithin(wanted, encoding)) return;
    Object.assign(encoding, wanted);
    this.#encoding = true;
    sender.setParameters(parameters).then(
      () => this.#encoded(wanted, failed),
      (error) => this.#refused(error, failed),
    );
  }

  /** @param {Error} error @param {(error: unknown) => void} failed */
  #refused(error, failed) {
    this.#encoding = false;
    this.#failures += 1;
    const again = () => this.#wanted && this.encode(this.#wanted, failed);
    // A description that was applied meanwhile has changed what was read before.
    if (error.name === "InvalidModificationError" && this.#failures === 1) return again();
    failed(error);
    if (this.#failures < ATTEMPTS) setTimeout(again, PAUSE * this.#failures);
  }

  /** @param {import("./quality.js").Encoding} done @param {(error: unknown) => void} failed */
  #encoded(done, failed) {
    this.#encoding = false;
    this.#failures = 0;
    if (this.#wanted && this.#wanted !== done) this.encode(this.#wanted, failed);
  }
}

/** @param {import("./quality.js").Encoding} wanted @param {RTCRtpEncodingParameters} encoding */
const isWithin = (wanted, encoding) => Object.entries(wanted).every(([name, value]) => encoding[/** @type {"active"} */ (name)] === value);

export class Sending {
  /** What the peer shows. @type {import("./shown.js").Shown} */
  shown = ALL;
  #pc;
  #media;
  #failed;
  /** @type {Partial<Record<Kind, Outlet>>} */
  #own = {};
  /** @type {Partial<Record<Kind, Outlet>>} */
  #screen = {};
  /** Its id tells the other side which stream is a screen and not a camera. */
  #screenStream = new MediaStream();
  /** How many are shown this page's camera. */
  #size = 1;

  /** @param {RTCPeerConnection} pc @param {import("./devices.js").LocalMedia} media @param {(error: unknown) => void} failed */
  constructor(pc, media, failed) {
    this.#pc = pc;
    this.#media = media;
    this.#failed = failed;
  }

  /** Brings what is sent in line with what is captured. @returns {boolean} whether that needs an offer */
  update() {
    // Not `some`: each has to be brought in line.
    const needs = [...KINDS.map((kind) => this.#carry(kind)), ...KINDS.map((kind) => this.#share(kind))].includes(true);
    this.#encode();
    return needs;
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

  /** @param {number} size  how many are shown this page's camera */
  adapt(size) {
    this.#size = size;
    this.#encode();
  }

  /** @param {import("./shown.js").Shown} shown */
  show(shown) {
    this.shown = shown;
    this.#encode();
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

  /** Encodes no more than is shown. */
  #encode() {
    this.#own.video?.encode(cameraEncoding(this.#size, this.shown.camera), this.#failed);
    this.#screen.video?.encode(screenEncoding(this.shown.screen), this.#failed);
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
