/**
 * What two peers agree to send: perfect negotiation as in the W3C's sample (WebRTC, 10.7),
 * https://www.w3.org/TR/webrtc/#perfect-negotiation-example
 *
 * Signals may be lost, as when the server is killed. Then offers are told again, so each has a number, which its
 * answer repeats. An offer that comes again is answered as before and changes nothing: what was agreed since stays.
 */
import { RemoteCandidates } from "./candidates.js";

/**
 * @typedef {import("./protocol.js").SignalData} SignalData
 *
 * @typedef {object} Negotiator  Whose negotiation it is.
 * @property {(data: SignalData) => void} tell  the other side
 * @property {(type: RTCSdpType) => void} described  What the other side said is taken.
 * @property {() => void} answered  An offer of the other side is answered.
 * @property {(error: unknown) => void} report
 */

/**
 * An offer without an answer is told again after this. The answer may have been lost, and Firefox, which made it, gives
 * up after 5 s. On that connection it sends nothing any more, though a restart of ICE makes it "connected". Milliseconds.
 */
const UNANSWERED = 3_000;
/** Offers in a row that asked for nothing but what had been agreed. */
const MOST_IDLE = 3;

export class Negotiation {
  /** The id of the stream that is the other's shared screen, or "". */
  remoteScreen = "";

  #pc;
  #polite;
  #sending;
  #negotiator;
  #candidates;
  #makingOffer = false;
  #taken = Promise.resolve();
  #unanswered = 0;
  /** Number of the last description made here, and of the last offer that was answered here. */
  #number = 0;
  /** @type {number | undefined} */
  #answered;
  /** What the last offer asked for that was agreed to, and how many have asked for it again. */
  #agreed = "";
  #idle = 0;

  /**
   * @param {RTCPeerConnection} pc @param {boolean} polite  gives way where both offer
   * @param {import("./sending.js").Sending} sending @param {Negotiator} negotiator
   */
  constructor(pc, polite, sending, negotiator) {
    this.#pc = pc;
    this.#polite = polite;
    this.#sending = sending;
    this.#negotiator = negotiator;
    this.#candidates = new RemoteCandidates(pc);
  }

  /** The browser asks for it. */
  async offer() {
    // Chromium asks for it after new ICE servers, also where there is nothing to offer, and an offer of nothing breaks it for good.
    if (this.#idle >= MOST_IDLE || this.#pc.getTransceivers().length === 0) return;
    try {
      this.#makingOffer = true;
      await this.#describe();
    } catch (error) {
      this.#negotiator.report(error);
    } finally {
      this.#makingOffer = false;
    }
  }

  /** There is something to offer: the browser, which asked for what is none, may not ask for this. */
  ask() {
    if (this.#idle < MOST_IDLE) return;
    this.#idle = 0;
    this.#taken = this.#taken.then(() => (this.#pc.signalingState === "stable" ? this.offer() : undefined));
  }

  /** One after another, so that none meets the one before half-way. @param {SignalData} data */
  receive(data) {
    this.#taken = this.#taken.then(() => this.#take(data)).catch(this.#negotiator.report);
  }

  /** Tells an offer that has no answer again, with the candidates found since. */
  repeatOffer() {
    if (this.#pc.signalingState === "have-local-offer") this.#tellDescription(this.#pc.localDescription);
  }

  /** The signaling state is another one. */
  changed() {
    clearTimeout(this.#unanswered);
    if (this.#pc.signalingState === "have-local-offer")
      this.#unanswered = window.setTimeout(() => this.repeatOffer(), UNANSWERED);
  }

  stop() {
    clearTimeout(this.#unanswered);
  }

  /** Makes and tells what the signaling state asks for, an offer or an answer. */
  async #describe() {
    this.#number += 1;
    await this.#pc.setLocalDescription();
    const { localDescription } = this.#pc;
    if (localDescription?.type === "offer") this.#count(localDescription);
    this.#tellDescription(localDescription);
  }

  /** A browser that asks for negotiation for ever is not followed for ever. @param {RTCSessionDescription} offer */
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
   * To an offer that was told again. Taken once more, it would take back what this side may have offered on top of it by
   * now, and what the other may have agreed to already.
   */
  #answerAgain() {
    const { currentLocalDescription } = this.#pc;
    if (currentLocalDescription?.type === "answer") this.#tellDescription(currentLocalDescription);
    // Whoever had no answer did not take this either.
    this.repeatOffer();
  }

  /** @param {RTCSessionDescriptionInit} description @param {number | undefined} offer @param {string} screen */
  async #takeAnswer(description, offer, screen) {
    // An offer that was told twice is answered twice.
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
