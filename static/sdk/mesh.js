/** A connection to everyone else in the meeting, kept in line with who is there. */
import { Emitter } from "./events.js";
import { PeerConnection } from "./peer-connection.js";
import { readSignal } from "./signal.js";
import { ALL } from "./shown.js";
import { canCall } from "./webrtc.js";

/**
 * @typedef {import("./protocol.js").Participant} Participant
 * @typedef {import("./protocol.js").SignalData} SignalData
 *
 * The state of the connection to a participant: the browser's, or `none` for one who takes part without media, or
 * `unable` if this browser cannot make calls.
 * @typedef {RTCPeerConnectionState | "none" | "unable"} Connection
 */

/** Bots wait longer before they offer the next connection; sooner ones would exhaust the browser. Milliseconds. */
const SHORTEST_CONNECTION = 500;

/** Signals to accept from one participant, at once and per second: the server counts the answers to them. */
const BURST = 200;
const RATE = 20;

/** @extends {Emitter<{peer: string}>}  `peer`: something about this participant's streams or connection changed. */
export class Mesh extends Emitter {
  /** @type {Map<string, PeerConnection>} */
  peers = new Map();
  /** @type {import("./peer-connection.js").Instance} */
  #me = { id: "", instance: "" };
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  /** Participants told that this page cannot make calls: instance by participant. @type {Map<string, string>} */
  #told = new Map();
  /** To whom the browser makes no connection: it has a limit. Tried again when there is one less. @type {Map<string, import("./peer-connection.js").Instance>} */
  #impossible = new Map();
  /** How many signals each may still send, and as of when. @type {Map<string, {left: number, at: number}>} */
  #allowances = new Map();
  /** @type {(id: string) => import("./shown.js").Shown} */
  #shows = () => ALL;
  #media;
  #send;
  #least;
  #watch = new AbortController();

  /** @param {import("./devices.js").LocalMedia} media @param {(to: string, data: SignalData) => void} send @param {number} [least]  for how many others at least media are made */
  constructor(media, send, least = 0) {
    super();
    this.#media = media;
    this.#send = send;
    this.#least = least;
    media.on("change", () => this.peers.forEach((peer) => peer.update()), { signal: this.#watch.signal });
  }

  /**
   * Takes the whole roster, from a join or a snapshot. If our own instance is new, the others start anew, so we do too;
   * otherwise connections go on, and recover from signals that may have been lost.
   * @param {Participant} me @param {Participant[]} participants @param {RTCIceServer[]} iceServers
   */
  sync(me, participants, iceServers) {
    const anew = me.instance !== this.#me.instance;
    // Refusals that were sent may have been lost.
    this.#told.clear();
    this.#impossible.clear();
    if (anew) for (const id of [...this.peers.keys()]) this.part(id);
    this.#me = { id: me.id, instance: me.instance, kind: me.kind };
    this.renew(iceServers);
    const present = new Set(participants.map(({ id }) => id));
    for (const id of [...this.peers.keys()]) if (!present.has(id)) this.part(id);
    for (const participant of participants) this.meet(participant);
    if (!anew) for (const peer of this.peers.values()) peer.recover();
  }

  /** @param {RTCIceServer[]} iceServers */
  renew(iceServers) {
    this.#iceServers = iceServers;
    for (const peer of this.peers.values()) peer.renew(iceServers);
  }

  /** This machine is on another network: look for new paths. */
  reroute() {
    for (const peer of this.peers.values()) peer.reroute();
  }

  /** @param {string} id  of a participant @returns {Connection} */
  connection(id) {
    if (!canCall()) return "unable";
    const peer = this.peers.get(id);
    if (!peer) return this.#impossible.has(id) ? "failed" : "new";
    const { connectionState } = peer.pc;
    return peer.silent && connectionState !== "connected" ? "none" : connectionState;
  }

  /** Idempotent: the same instance keeps its connection, another instance gets a new one. @param {Participant} other */
  meet({ id, instance, kind }) {
    if (id === this.#me.id || (this.peers.get(id)?.other.instance ?? this.#told.get(id)) === instance) return;
    this.part(id);
    if (!canCall()) return this.#decline(id, instance);
    this.#connect({ id, instance, kind });
  }

  /** What of each participant is meant to be heard and seen. @param {(id: string) => import("./rights.js").Plays} plays */
  play(plays) {
    for (const [id, peer] of this.peers) peer.play(plays(id));
  }

  /** What this page shows of each of the others' pictures. @param {(id: string) => import("./shown.js").Shown} shows */
  show(shows) {
    this.#shows = shows;
    for (const [id, peer] of this.peers) peer.show(shows(id));
  }

  /** @param {string} id */
  part(id) {
    this.#told.delete(id);
    this.#impossible.delete(id);
    this.#allowances.delete(id);
    const peer = this.peers.get(id);
    if (!peer) return;
    peer.stop();
    this.peers.delete(id);
    this.#adapt();
    this.emit("peer", id);
    for (const other of [...this.#impossible.values()]) this.#connect(other);
  }

  /** @param {string} from @param {unknown} data  whatever they sent */
  receive(from, data) {
    const signal = readSignal(data);
    if (!signal) return;
    const peer = this.peers.get(from);
    const known = peer?.other.instance ?? this.#told.get(from);
    const forAnother = signal.for !== undefined && signal.for !== this.#me.instance;
    const byAnother = signal.instance !== undefined && signal.instance !== known;
    if (known === undefined || forAnother || byAnother || !this.#allows(from)) return;
    const { connection = 1, description, repeat } = signal;
    // A peer that still waits for an answer was not told of the refusal, or the signal was lost.
    if (!peer) return description?.type === "offer" || repeat ? this.#decline(from, known) : undefined;
    if (connection === peer.connection) peer.receive(signal);
    else if (connection > peer.connection && description?.type === "offer") this.#replace(peer, connection, signal);
  }

  /** @param {string} from */
  #allows(from) {
    const now = performance.now();
    const { left, at } = this.#allowances.get(from) ?? { left: BURST, at: now };
    const spare = Math.min(BURST, left + ((now - at) / 1000) * RATE);
    this.#allowances.set(from, { left: Math.max(0, spare - 1), at: now });
    return spare >= 1;
  }

  /** Only bots give up a connection. Signals of a newer one are useless before its offer. @param {PeerConnection} peer @param {number} connection @param {SignalData} offer */
  #replace(peer, connection, offer) {
    const { other } = peer;
    if (other.kind !== "bot" || (peer.connection > 1 && performance.now() - peer.born < SHORTEST_CONNECTION)) return;
    this.#connect(other, connection, peer)?.receive(offer);
  }

  /** Says that this page sends no media; otherwise others would offer, and wait. @param {string} id @param {string} instance */
  #decline(id, instance) {
    this.#told.set(id, instance);
    this.#send(id, { media: false, instance: this.#me.instance, for: instance });
  }

  stop() {
    this.#watch.abort();
    this.#impossible.clear();
    for (const id of [...this.peers.keys()]) this.part(id);
  }

  /**
   * @param {import("./peer-connection.js").Instance} other @param {number} [connection] @param {PeerConnection} [before]  the one to replace
   * @returns {PeerConnection | null} null if the browser makes no more
   */
  #connect(other, connection, before) {
    const { id } = other;
    const peer = this.#made(other, connection);
    if (!peer) return null;
    this.#impossible.delete(id);
    if (before) peer.succeed(before);
    peer.on("streams", () => this.emit("peer", id));
    peer.on("connection", () => this.emit("peer", id));
    peer.on("shown", () => this.#adapt());
    peer.show(this.#shows(id));
    this.peers.set(id, peer);
    peer.start();
    this.#adapt();
    this.emit("peer", id);
    return peer;
  }

  /** @param {import("./peer-connection.js").Instance} other @param {number} [connection] */
  #made(other, connection) {
    try {
      return new PeerConnection(this.#me, other, this.#iceServers, this.#media, (data) => this.#send(other.id, data), connection);
    } catch (error) {
      // A failed connection to one must not prevent those to the others.
      console.error(`no connection to ${other.id}:`, error);
      if (!this.peers.has(other.id)) this.#impossible.set(other.id, other);
      this.emit("peer", other.id);
      return null;
    }
  }

  /** In a mesh everyone encodes once for each who looks. */
  #adapt() {
    const peers = [...this.peers.values()];
    const size = Math.max(this.#least, peers.filter(({ shown }) => shown.camera !== "none").length);
    for (const peer of peers) peer.adapt(size);
  }
}
