/**
 * A model of RTCPeerConnection: of what the W3C's recommendation (WebRTC, 4.4 and 5) and JSEP (RFC 9429) say about the
 * chain of operations, descriptions, rollback, transceivers and the question whether negotiation is needed, and of where
 * Chromium and Firefox differ. ICE is a pair of user fragments that both sides know, with a candidate of each.
 */
import { common, receives, reversed, sends } from "./direction.js";
import { Gathering } from "./ice.js";
import { Incoming } from "./incoming.js";
import { isNeeded } from "./needed.js";
import { Operations } from "./operations.js";
import { parsed, written } from "./sdp.js";
import { Transceiver } from "./transceiver.js";

/** @abstract  `world` is the run: its clock, its chance, and what joins two connections. */
export class ModelConnection {
  static world;
  /** A transceiver that has no `mid` when it is stopped asks for negotiation for ever. */
  static asksForStopped = false;
  /** Sections that send nothing name their streams too. */
  static namesWhatIsNotSent = false;
  /** A candidate that belongs to no description is an error. */
  static refusesStrayCandidates = false;
  /** New ICE servers ask for negotiation, and an offer of no sections fails, as does every description after it. */
  static breaksByNothing = false;

  signalingState = "stable";
  connectionState = "new";
  onnegotiationneeded = null;
  onicecandidate = null;
  ontrack = null;
  onconnectionstatechange = null;
  onsignalingstatechange = null;
  current = { local: null, remote: null };
  pending = { local: null, remote: null };
  /** @type {Set<string>} `<ufrag> <candidate>` of the other side */
  reach = new Set();

  #world = ModelConnection.world;
  #browser = /** @type {typeof ModelConnection} */ (this.constructor);
  /** @type {Transceiver[]} */
  #transceivers = [];
  #operations = new Operations(this, this.#world);
  #incoming = new Incoming(this);
  #needed = false;
  #askWhenDone = false;
  #restart = false;
  #broken = false;
  #mids = 0;
  #version = 0;
  #ice = new Gathering(this, this.#world);
  /** What a rollback takes back. */
  #before = { assigned: [], ufrag: "", created: [] };

  constructor() {
    this.#world.connections.push(this);
  }

  get localDescription() {
    return this.#said(this.pending.local ?? this.current.local);
  }

  get currentLocalDescription() {
    return this.#said(this.current.local);
  }

  get remoteDescription() {
    return this.pending.remote ?? this.current.remote;
  }

  get madeAt() {
    return this.#ice.madeAt;
  }

  getTransceivers() {
    return this.#transceivers.filter(({ stopped }) => !stopped);
  }

  setConfiguration() {
    if (this.#browser.breaksByNothing) this.restartIce();
  }

  addTransceiver(trackOrKind, init) {
    const track = typeof trackOrKind === "string" ? null : trackOrKind;
    const transceiver = new Transceiver(this, track?.kind ?? trackOrKind, init, track);
    this.#transceivers.push(transceiver);
    this.askWhetherNeeded();
    return transceiver;
  }

  restartIce() {
    this.#restart = true;
    this.askWhetherNeeded();
  }

  setLocalDescription() {
    return this.#operations.chain(
      () => {
        if (this.signalingState === "have-remote-offer") this.#applyAnswer();
        else this.#applyOffer();
      },
      () => (this.signalingState === "have-remote-offer" ? null : this.#prepare()),
    );
  }

  setRemoteDescription({ type, sdp }) {
    const description = { type, sdp, ...parsed(sdp) };
    return this.#operations.chain(() => (type === "offer" ? this.#takeOffer(description) : this.#takeAnswer(description)));
  }

  addIceCandidate({ candidate, usernameFragment }) {
    return this.#operations.chain(() => {
      const remote = [this.pending.remote, this.current.remote].filter(Boolean);
      if (!remote.length) throw new DOMException("no description", "InvalidStateError");
      if (remote.some(({ ufrag }) => ufrag === usernameFragment)) this.#learn(usernameFragment, candidate);
      else if (this.#browser.refusesStrayCandidates) throw new DOMException("stray candidate", "OperationError");
    });
  }

  close() {
    this.signalingState = "closed";
    this.connectionState = "closed";
    this.#operations.clear();
  }

  later(act) {
    this.#world.clock.after(act, 1 + this.#world.chance() * this.#world.effort);
  }

  /** Whoever works on it. @param {() => void} apply */
  chain(apply) {
    return this.#operations.chain(apply);
  }

  checkWhole() {
    if (this.#broken) throw new DOMException("broken by an offer of nothing", "OperationError");
  }

  operationsDone() {
    if (!this.#askWhenDone) return;
    this.#askWhenDone = false;
    this.askWhetherNeeded();
  }

  // Whether negotiation is needed (4.7.3)

  askWhetherNeeded() {
    if (this.#operations.some) {
      this.#askWhenDone = true;
      return;
    }
    this.#world.clock.after(() => {
      if (this.signalingState === "closed") return;
      if (this.#operations.some) {
        this.#askWhenDone = true;
        return;
      }
      if (this.signalingState !== "stable") return;
      if (!isNeeded(this.current, this.#transceivers, this.#restart)) this.#needed = false;
      else if (!this.#needed) {
        this.#needed = true;
        this.onnegotiationneeded?.();
      }
    });
  }

  /** @param {Transceiver} transceiver */
  stoppedOne(transceiver) {
    if (transceiver.mid === null && !this.#browser.asksForStopped) transceiver.stopped = true;
  }

  // Descriptions

  #said(description) {
    if (!description) return null;
    return { type: description.type, sdp: written(description, this.#ice.found(description.ufrag)) };
  }

  #prepared = null;

  /** The offer, from what there is at this moment. */
  #prepare() {
    const known = this.current.local?.sections ?? [];
    const transceiverOf = (mid) => this.#transceivers.find((transceiver) => transceiver.mid === mid && !transceiver.stopped);
    const sections = known.map(({ mid, kind }) => ({ transceiver: transceiverOf(mid), mid, kind }));
    const fresh = this.#transceivers.filter(({ mid, stopping }) => mid === null && !stopping);
    for (const transceiver of fresh) sections.push({ transceiver, mid: this.#newMid(), kind: transceiver.kind });
    this.#prepared = {
      fresh,
      restart: this.#restart || !this.#ice.ufrag,
      sections: sections.map(({ transceiver, mid, kind }) => ({
        transceiver,
        mid,
        kind,
        rejected: !transceiver || transceiver.stopping,
        direction: !transceiver || transceiver.stopping ? "inactive" : transceiver.direction,
        streams: this.#named(transceiver),
      })),
    };
  }

  /** The streams that a section names. @param {Transceiver | undefined} transceiver */
  #named(transceiver, direction = transceiver?.direction) {
    return transceiver && (sends(direction) || this.#browser.namesWhatIsNotSent) ? transceiver.sender.streams : [];
  }

  #newMid() {
    const taken = [this.current.local, this.current.remote].flatMap((description) => description?.sections.map(({ mid }) => mid) ?? []);
    let mid;
    do mid = String(this.#mids++);
    while (taken.includes(mid));
    return mid;
  }

  #applyOffer() {
    // An offer takes the place of one that is out already.
    if (this.signalingState === "have-local-offer") this.#rollBack();
    const { sections, restart } = this.#prepared;
    this.#broken = sections.length === 0 && this.#browser.breaksByNothing;
    if (this.#broken) throw new DOMException("no BUNDLE group", "OperationError");
    this.#before = { assigned: [], ufrag: this.#ice.ufrag };
    if (restart) this.#ice.start();
    for (const { transceiver, mid } of sections) {
      if (!transceiver || transceiver.mid !== null) continue;
      transceiver.mid = mid;
      this.#before.assigned.push(transceiver);
    }
    this.pending.local = { type: "offer", ufrag: this.#ice.ufrag, version: ++this.#version, restart, sections: sections.map(({ transceiver, ...section }) => section) };
    this.signalingState = "have-local-offer";
  }

  #rollBack() {
    for (const transceiver of this.#before.assigned) transceiver.mid = null;
    // Chromium keeps those that were stopped meanwhile, and asks for them ever after.
    for (const transceiver of this.#before.assigned) if (transceiver.stopping) this.stoppedOne(transceiver);
    this.#ice.ufrag = this.#before.ufrag;
    this.pending.local = null;
    this.signalingState = "stable";
  }

  #takeOffer(offer) {
    if (this.signalingState === "have-local-offer") this.#rollBack();
    if (this.signalingState !== "stable") throw new DOMException(`offer in ${this.signalingState}`, "InvalidStateError");
    const known = this.current.local?.sections ?? [];
    if (known.some(({ mid }, index) => offer.sections[index]?.mid !== mid))
      throw new DOMException("The order of m-lines in subsequent offer doesn't match order from previous offer/answer.", "InvalidAccessError");
    this.pending.remote = offer;
    this.signalingState = "have-remote-offer";
    for (const section of offer.sections) {
      let transceiver = this.#transceivers.find(({ mid }) => mid === section.mid);
      if (!transceiver) {
        transceiver = new Transceiver(this, section.kind, { direction: "recvonly" });
        transceiver.mid = section.mid;
        this.#transceivers.push(transceiver);
      }
      this.#incoming.take(transceiver, section);
    }
    for (const candidate of offer.candidates) this.#learn(offer.ufrag, candidate);
  }

  #applyAnswer() {
    const offer = this.pending.remote;
    if (!this.#ice.ufrag || (this.current.remote && this.current.remote.ufrag !== offer.ufrag)) this.#ice.start();
    const sections = offer.sections.map(({ mid, kind, direction: offered, rejected: gone }) => {
      const transceiver = this.#transceivers.find((transceiver) => transceiver.mid === mid);
      const rejected = gone || transceiver.stopping;
      const direction = rejected ? "inactive" : common(transceiver.direction, reversed(offered));
      transceiver.currentDirection = direction;
      if (rejected) transceiver.stopping = transceiver.stopped = true;
      if (!receives(direction)) this.#incoming.silence(transceiver);
      return { mid, kind, rejected, direction, streams: this.#named(transceiver, direction) };
    });
    this.#settle({ type: "answer", ufrag: this.#ice.ufrag, version: ++this.#version, sections }, offer);
  }

  #takeAnswer(answer) {
    if (this.signalingState !== "have-local-offer") throw new DOMException(`answer in ${this.signalingState}`, "InvalidStateError");
    const offer = this.pending.local;
    if (offer.sections.length !== answer.sections.length || offer.sections.some(({ mid }, index) => answer.sections[index].mid !== mid))
      throw new DOMException("The order of m-lines in answer doesn't match order in offer.", "InvalidAccessError");
    for (const section of answer.sections) {
      const transceiver = this.#transceivers.find(({ mid }) => mid === section.mid);
      if (!transceiver) continue;
      transceiver.currentDirection = section.rejected ? "stopped" : reversed(section.direction);
      if (section.rejected) transceiver.stopping = transceiver.stopped = true;
      this.#incoming.take(transceiver, section);
    }
    if (offer.restart) this.#restart = false;
    this.#settle(offer, answer);
    for (const candidate of answer.candidates) this.#learn(answer.ufrag, candidate);
  }

  #settle(local, remote) {
    this.current = { local, remote };
    this.pending = { local: null, remote: null };
    this.signalingState = "stable";
    this.#needed = false;
    this.askWhetherNeeded();
    this.#world.look();
  }

  // ICE

  #learn(ufrag, candidate) {
    this.reach.add(`${ufrag} ${candidate}`);
    this.#world.look();
  }

  /** What becomes of the path is the world's to say. @param {string} state */
  connect(state) {
    if (this.signalingState === "closed" || this.connectionState === state) return;
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}
