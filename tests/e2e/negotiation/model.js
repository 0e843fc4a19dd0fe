/**
 * A model of RTCPeerConnection: of what the W3C's recommendation (WebRTC, 4.4 and 5) and JSEP (RFC 9429) say about the
 * chain of operations, descriptions, rollback, transceivers and the question whether negotiation is needed, and of where
 * Chromium and Firefox differ. ICE is a pair of user fragments that both sides know, with a candidate of each.
 */

export class ModelTrack extends EventTarget {
  static #made = 0;
  enabled = true;
  muted = false;
  readyState = "live";

  /** @param {"audio" | "video"} kind */
  constructor(kind) {
    super();
    this.kind = kind;
    this.id = `${kind}-${(ModelTrack.#made += 1)}`;
  }

  stop() {
    this.readyState = "ended";
  }
}

export class ModelStream {
  static #made = 0;
  /** @type {ModelTrack[]} */
  #tracks;

  /** @param {ModelTrack[]} [tracks] @param {string} [id] */
  constructor(tracks = [], id = `stream-${(ModelStream.#made += 1)}`) {
    this.#tracks = [...tracks];
    this.id = id;
  }

  getTracks() {
    return [...this.#tracks];
  }

  getAudioTracks() {
    return this.#tracks.filter(({ kind }) => kind === "audio");
  }

  getVideoTracks() {
    return this.#tracks.filter(({ kind }) => kind === "video");
  }

  /** @param {ModelTrack} track */
  addTrack(track) {
    if (!this.#tracks.includes(track)) this.#tracks.push(track);
  }

  /** @param {ModelTrack} track */
  removeTrack(track) {
    this.#tracks = this.#tracks.filter((other) => other !== track);
  }
}

const sends = (direction) => direction === "sendrecv" || direction === "sendonly";
const receives = (direction) => direction === "sendrecv" || direction === "recvonly";
const directionOf = (send, receive) => (send ? (receive ? "sendrecv" : "sendonly") : receive ? "recvonly" : "inactive");
const reversed = (direction) => directionOf(receives(direction), sends(direction));
const common = (one, other) => directionOf(sends(one) && sends(other), receives(one) && receives(other));

class Transceiver {
  mid = null;
  currentDirection = null;
  stopping = false;
  stopped = false;
  /** What the last `track` event was about. */
  fired = "inactive";
  #direction;

  constructor(pc, kind, { direction = "sendrecv", streams = [] } = {}, track = null) {
    this.pc = pc;
    this.kind = kind;
    this.#direction = direction;
    this.receiver = { track: Object.assign(new ModelTrack(kind), { muted: true }), streams: [], getSynchronizationSources: () => [] };
    const sender = {
      track,
      streams: streams.map(({ id }) => id),
      setStreams: (...streams) => {
        sender.streams = streams.map(({ id }) => id);
        pc.askWhetherNeeded();
      },
      replaceTrack: (track) =>
        pc.chain(() => {
          if (this.stopping) throw new DOMException("stopped", "InvalidStateError");
          sender.track = track;
        }),
      getParameters: () => ({ encodings: [{}] }),
      setParameters: async () => {},
    };
    this.sender = sender;
  }

  get direction() {
    return this.stopping ? "stopped" : this.#direction;
  }

  set direction(direction) {
    if (this.stopping) throw new DOMException("stopped", "InvalidStateError");
    if (direction === this.#direction) return;
    this.#direction = direction;
    this.pc.askWhetherNeeded();
  }

  stop() {
    if (this.stopping) return;
    this.stopping = true;
    this.sender.track = null;
    this.receiver.track.stop();
    this.pc.stoppedOne(this);
    this.pc.askWhetherNeeded();
  }
}

/** One media section: {mid, kind, direction, rejected, streams}. */
const sectionText = ({ mid, kind, direction, rejected, streams }) =>
  `m=${kind} ${rejected ? 0 : 9} UDP/TLS/RTP/SAVPF 96\r\na=mid:${mid}\r\na=${direction}\r\n` +
  streams.map((id) => `a=msid:${id} track\r\n`).join("");

function parsed(sdp) {
  if (!sdp.startsWith("v=0\r\n")) throw new DOMException("no SDP", "OperationError");
  const [head, ...sections] = sdp.split(/^(?=m=)/m);
  return {
    ufrag: head.match(/^a=ice-ufrag:(\S+)/m)?.[1] ?? "",
    candidates: [...sdp.matchAll(/^a=candidate:(.*)\r$/gm)].map(([, text]) => text),
    sections: sections.map((text) => ({
      mid: text.match(/^a=mid:(\S+)/m)?.[1] ?? "",
      kind: text.match(/^m=(\w+)/)?.[1] ?? "",
      direction: text.match(/^a=(sendrecv|sendonly|recvonly|inactive)/m)?.[1] ?? "sendrecv",
      rejected: /^m=\w+ 0 /.test(text),
      streams: [...text.matchAll(/^a=msid:(\S+)/gm)].map(([, id]) => id),
    })),
  };
}

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
  /** When the own user fragments were made. @type {Map<string, number>} */
  madeAt = new Map();

  #world = ModelConnection.world;
  #browser = /** @type {typeof ModelConnection} */ (this.constructor);
  /** @type {Transceiver[]} */
  #transceivers = [];
  #streams = new Map();
  #operations = [];
  #needed = false;
  #askWhenDone = false;
  #restart = false;
  #broken = false;
  #mids = 0;
  #version = 0;
  #ufrag = "";
  #candidates = [];
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
    return this.chain(
      () => {
        if (this.signalingState === "have-remote-offer") this.#applyAnswer();
        else this.#applyOffer();
      },
      () => (this.signalingState === "have-remote-offer" ? null : this.#prepare()),
    );
  }

  setRemoteDescription({ type, sdp }) {
    const description = { type, sdp, ...parsed(sdp) };
    return this.chain(() => (type === "offer" ? this.#takeOffer(description) : this.#takeAnswer(description)));
  }

  addIceCandidate({ candidate, usernameFragment }) {
    return this.chain(() => {
      const remote = [this.pending.remote, this.current.remote].filter(Boolean);
      if (!remote.length) throw new DOMException("no description", "InvalidStateError");
      if (remote.some(({ ufrag }) => ufrag === usernameFragment)) this.#learn(usernameFragment, candidate);
      else if (this.#browser.refusesStrayCandidates) throw new DOMException("stray candidate", "OperationError");
    });
  }

  close() {
    this.signalingState = "closed";
    this.connectionState = "closed";
    this.#operations = [];
  }

  // The chain of operations (4.4.1.2)

  /** @param {() => void} apply @param {() => void} [prepare]  what is looked at when it begins, not when it ends */
  chain(apply, prepare) {
    return new Promise((resolve, reject) => {
      if (this.signalingState === "closed") return reject(new DOMException("closed", "InvalidStateError"));
      this.#operations.push({ apply, prepare, resolve, reject });
      if (this.#operations.length === 1) this.#begin();
    });
  }

  #begin() {
    const operation = this.#operations[0];
    operation.prepare?.();
    this.#world.clock.after(() => this.#end(operation), this.#world.chance() * this.#world.effort);
  }

  #end(operation) {
    if (this.signalingState === "closed") return;
    const before = this.signalingState;
    try {
      if (this.#broken) throw new DOMException("broken by an offer of nothing", "OperationError");
      operation.apply();
      operation.resolve();
    } catch (error) {
      operation.reject(error);
    }
    if (this.signalingState !== before) this.onsignalingstatechange?.();
    this.#operations.shift();
    if (this.#operations.length) return this.#begin();
    if (!this.#askWhenDone) return;
    this.#askWhenDone = false;
    this.askWhetherNeeded();
  }

  // Whether negotiation is needed (4.7.3)

  askWhetherNeeded() {
    if (this.#operations.length) {
      this.#askWhenDone = true;
      return;
    }
    this.#world.clock.after(() => {
      if (this.signalingState === "closed") return;
      if (this.#operations.length) {
        this.#askWhenDone = true;
        return;
      }
      if (this.signalingState !== "stable") return;
      if (!this.#isNeeded()) this.#needed = false;
      else if (!this.#needed) {
        this.#needed = true;
        this.onnegotiationneeded?.();
      }
    });
  }

  #isNeeded() {
    const { local, remote } = this.current;
    const offered = (mid) => remote?.sections.find((section) => section.mid === mid);
    return (
      this.#restart ||
      this.#transceivers.some((transceiver) => {
        const { mid, direction, stopping, stopped, sender } = transceiver;
        if (stopped) return false;
        if (stopping || mid === null) return true;
        const section = local?.sections.find((section) => section.mid === mid);
        if (!section) return true;
        if (sends(direction) && section.streams.join() !== sender.streams.join()) return true;
        if (local.type === "offer") return section.direction !== direction && reversed(offered(mid)?.direction) !== direction;
        return section.direction !== common(direction, reversed(offered(mid)?.direction));
      })
    );
  }

  /** @param {Transceiver} transceiver */
  stoppedOne(transceiver) {
    if (transceiver.mid === null && !this.#browser.asksForStopped) transceiver.stopped = true;
  }

  // Descriptions

  #said(description) {
    if (!description) return null;
    const { type, ufrag, sections, version } = description;
    const candidates = this.#candidates.filter((candidate) => candidate.usernameFragment === ufrag);
    return {
      type,
      sdp:
        `v=0\r\no=- 1 ${version} IN IP4 127.0.0.1\r\ns=-\r\na=ice-ufrag:${ufrag}\r\n` +
        sections.map(sectionText).join("").replace(/(?<=m=.*\r\n)/, candidates.map(({ candidate }) => `a=candidate:${candidate}\r\n`).join("")),
    };
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
      restart: this.#restart || !this.#ufrag,
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
    this.#before = { assigned: [], ufrag: this.#ufrag };
    if (restart) this.#gather();
    for (const { transceiver, mid } of sections) {
      if (!transceiver || transceiver.mid !== null) continue;
      transceiver.mid = mid;
      this.#before.assigned.push(transceiver);
    }
    this.pending.local = { type: "offer", ufrag: this.#ufrag, version: ++this.#version, restart, sections: sections.map(({ transceiver, ...section }) => section) };
    this.signalingState = "have-local-offer";
  }

  #rollBack() {
    for (const transceiver of this.#before.assigned) transceiver.mid = null;
    // Chromium keeps those that were stopped meanwhile, and asks for them ever after.
    for (const transceiver of this.#before.assigned) if (transceiver.stopping) this.stoppedOne(transceiver);
    this.#ufrag = this.#before.ufrag;
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
      this.#receive(transceiver, section);
    }
    for (const candidate of offer.candidates) this.#learn(offer.ufrag, candidate);
  }

  #applyAnswer() {
    const offer = this.pending.remote;
    if (!this.#ufrag || (this.current.remote && this.current.remote.ufrag !== offer.ufrag)) this.#gather();
    const sections = offer.sections.map(({ mid, kind, direction: offered, rejected: gone }) => {
      const transceiver = this.#transceivers.find((transceiver) => transceiver.mid === mid);
      const rejected = gone || transceiver.stopping;
      const direction = rejected ? "inactive" : common(transceiver.direction, reversed(offered));
      transceiver.currentDirection = direction;
      if (rejected) transceiver.stopping = transceiver.stopped = true;
      if (!receives(direction)) this.#silence(transceiver);
      return { mid, kind, rejected, direction, streams: this.#named(transceiver, direction) };
    });
    this.#settle({ type: "answer", ufrag: this.#ufrag, version: ++this.#version, sections }, offer);
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
      this.#receive(transceiver, section);
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

  /** Tracks that begin and end (4.4.1.5.1). */
  #receive(transceiver, { direction, rejected, streams }) {
    if (rejected || !sends(direction)) return this.#silence(transceiver);
    const before = transceiver.receiver.streams;
    const { track } = transceiver.receiver;
    transceiver.receiver.streams = streams.map((id) => this.#streams.get(id) ?? new ModelStream([], id));
    for (const stream of before) if (!streams.includes(stream.id)) stream.removeTrack(track);
    for (const stream of transceiver.receiver.streams) {
      this.#streams.set(stream.id, stream);
      stream.addTrack(track);
    }
    track.muted = false;
    const fresh = !receives(transceiver.fired);
    transceiver.fired = "recvonly";
    if (fresh) this.ontrack?.({ track, streams: transceiver.receiver.streams, transceiver, receiver: transceiver.receiver });
  }

  #silence(transceiver) {
    for (const stream of transceiver.receiver.streams) {
      stream.removeTrack(transceiver.receiver.track);
      // A stream that nothing refers to is forgotten: the next of this id is another one.
      if (!stream.getTracks().length) this.#streams.delete(stream.id);
    }
    transceiver.receiver.streams = [];
    transceiver.receiver.track.muted = true;
    transceiver.fired = "inactive";
  }

  // ICE

  #gather() {
    const ufrag = this.#world.name();
    this.#ufrag = ufrag;
    this.madeAt.set(ufrag, this.#world.clock.now);
    for (let index = 0; index < 2; index += 1) {
      this.#world.clock.after(() => {
        if (this.signalingState === "closed") return;
        const candidate = { candidate: `candidate-${index}`, usernameFragment: ufrag, sdpMid: "0", sdpMLineIndex: 0 };
        this.#candidates.push(candidate);
        this.onicecandidate?.({ candidate: { ...candidate, toJSON: () => ({ ...candidate }) } });
      }, 5 + this.#world.chance() * 60);
    }
  }

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

export class Chromium extends ModelConnection {
  static asksForStopped = true;
  static breaksByNothing = true;
  static namesWhatIsNotSent = true;
  static refusesStrayCandidates = true;
}

export class Firefox extends ModelConnection {}
