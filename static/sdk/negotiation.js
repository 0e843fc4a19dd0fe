/**
 * How two peers agree what to send: perfect negotiation as in the W3C's example (WebRTC, 10.7),
 * https://www.w3.org/TR/webrtc/#perfect-negotiation-example
 *
 * Signals may be lost, as when the server is killed. Then offers are sent again, so each has a number, which its answer
 * repeats. A repeated offer gets the same answer and changes nothing: what was agreed since then stays.
 */
import { RemoteCandidates } from "./candidates.js";

/**
 * @typedef {import("./protocol.js").SignalData} SignalData
 *
 * @typedef {object} Negotiator  Whose negotiation it is.
 * @property {(data: SignalData) => void} tell  the other side
 * @property {(type: RTCSdpType) => void} described  The other side's description was applied.
 * @property {() => void} answered  An offer of the other side was answered.
 * @property {(error: unknown) => void} report
 */

/**
 * An offer without an answer is sent again after this. If its answer was lost, a Firefox that made the answer gives up
 * after 5 s and sends nothing more, though an ICE restart makes the connection "connected". Milliseconds.
 */
const UNANSWERED = 3_000;
/** Most offers in a row that ask only for what was agreed before. */
const MOST_IDLE = 3;

export class Negotiation {
  /** The id of the other side's screen stream, or "". */
  remoteScreen = "";

  #pc;
  #polite;
  #sending;
  #negotiator;
  #candidates;
  #makingOffer = false;
  #taken = Promise.resolve();
  #unanswered = 0;
  /** Number of the last description made here, and of the last offer answered here. */
  #number = 0;
  /** @type {number | undefined} */
  #answered;
  /** What the last accepted offer asked for, and how many offers in a row have asked for it again. */
  #agreed = "";
  #idle = 0;
  /** The browser asked when there was nothing to offer; to it, that it asked is enough. */
  #declined = false;

  /**
   * @param {RTCPeerConnection} pc @param {boolean} polite  gives way when both offer
   * @param {import("./sending.js").Sending} sending @param {Negotiator} negotiator
   */
  constructor(pc, polite, sending, negotiator) {
    this.#pc = pc;
    this.#polite = polite;
    this.#sending = sending;
    this.#negotiator = negotiator;
    this.#candidates = new RemoteCandidates(pc);
  }

  /** The browser asks for negotiation. */
  async offer() {
    // After new ICE servers, Chromium asks even with nothing to offer, and an empty offer breaks it for good.
    this.#declined = this.#pc.getTransceivers().length === 0;
    if (this.#idle >= MOST_IDLE || this.#declined) return;
    try {
      this.#makingOffer = true;
      await this.#describe();
    } catch (error) {
      this.#negotiator.report(error);
    } finally {
      this.#makingOffer = false;
    }
  }

  /** There is something new to offer: after requests that were not followed, the browser may not ask for negotiation itself. */
  ask() {
    if (this.#idle < MOST_IDLE && !this.#declined) return;
    this.#idle = 0;
    this.#taken = this.#taken.then(() => (this.#pc.signalingState === "stable" ? this.offer() : undefined));
  }

  /** Handles signals one after another, so that none meets an unfinished one. @param {SignalData} data */
  receive(data) {
    this.#taken = this.#taken.then(() => this.#take(data)).catch(this.#negotiator.report);
  }

  /** Sends an unanswered offer again, with the candidates found since. */
  repeatOffer() {
    if (this.#pc.signalingState === "have-local-offer") this.#tellDescription(this.#pc.localDescription);
  }

  /** The signaling state has changed. */
  changed() {
    clearTimeout(this.#unanswered);
    if (this.#pc.signalingState === "have-local-offer")
      this.#unanswered = window.setTimeout(() => this.repeatOffer(), UNANSWERED);
  }

  stop() {
    clearTimeout(this.#unanswered);
  }

  /** Makes and sends the description that the signaling state asks for: an offer or an answer. */
  async #describe() {
    this.#number += 1;
    await this.#pc.setLocalDescription();
    const { localDescription } = this.#pc;
    if (localDescription?.type === "offer") this.#count(localDescription);
    this.#tellDescription(localDescription);
  }

  /** Counts idle offers, to ignore a browser that asks for ever. @param {RTCSessionDescription} offer */
  #count({ sdp }) {
    this.#idle = asked(sdp) === this.#agreed ? this.#idle + 1 : 0;
    if (this.#idle === MOST_IDLE) this.#negotiator.report(new Error("asks for negotiation though nothing has changed"));
  }

  /** @param {RTCSessionDescription | null} description  made here */
  #tellDescription(description) {
    if (!description) return;
    const offer = description.type === "offer" ? this.#number : this.#answered;
    this.#negotiator.tell({ description, offer, screen: this.#sending.screenIn(description.sdp) });
  }

  /** @param {SignalData} data */
  async #take({ description, candidate, offer, screen, repeat }) {
    if (description?.type === "offer") await this.#takeOffer(description, offer, screen ?? "");
    else if (description) await this.#takeAnswer(description, offer, screen ?? "");
    else if (candidate) await this.#candidates.take(candidate);
    else if (repeat) this.repeatOffer();
  }

  /** @param {RTCSessionDescriptionInit} description @param {number | undefined} offer @param {string} screen */
  async #takeOffer(description, offer, screen) {
    if (offer !== undefined && offer === this.#answered) return this.#answerAgain();
    const collision = this.#makingOffer || this.#pc.signalingState !== "stable";
    if (collision && !this.#polite) return;
    await this.#takeDescription(description, screen);
    this.#answered = offer;
    this.#sending.adopt();
    await this.#describe();
    this.#negotiator.answered();
  }

  /**
   * Answers a repeated offer. Applied once more, the offer would undo what this side may have offered since, and what
   * the other side may have agreed to.
   */
  #answerAgain() {
    const { currentLocalDescription } = this.#pc;
    if (currentLocalDescription?.type === "answer") this.#tellDescription(currentLocalDescription);
    // A peer that did not get the answer did not apply our own offer either.
    this.repeatOffer();
  }

  /** @param {RTCSessionDescriptionInit} description @param {number | undefined} offer @param {string} screen */
  async #takeAnswer(description, offer, screen) {
    // An offer that was sent twice is answered twice.
    if (this.#pc.signalingState !== "have-local-offer" || (offer ?? this.#number) !== this.#number) return;
    const made = this.#pc.localDescription?.sdp ?? "";
    await this.#takeDescription(description, screen);
    this.#agreed = asked(made);
  }

  /** @param {RTCSessionDescriptionInit} description @param {string} screen */
  async #takeDescription(description, screen) {
    this.remoteScreen = screen;
    await this.#pc.setRemoteDescription(description);
    await this.#candidates.described();
    this.#negotiator.described(description.type);
  }
}

/** What an offer asks for: the sections with their directions and streams, and the ICE credentials. @param {string} sdp */
const asked = (sdp) => (sdp.match(/^(?:m=\w+|a=(?:mid|msid|ice-ufrag):.*|a=(?:sendrecv|sendonly|recvonly|inactive))/gm) ?? []).join("\n");
