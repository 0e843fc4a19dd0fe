/** A connection to everyone else in the meeting, kept in line with who is there. */
import { Emitter } from "./events.js";
import { Peer } from "./peer.js";

/**
 * @typedef {import("./protocol.js").Participant} Participant
 * @typedef {import("./protocol.js").SignalData} SignalData
 */

/** @extends {Emitter<{peer: string}>}  `peer`: something about this participant's streams or connection changed. */
export class Mesh extends Emitter {
  /** @type {Map<string, Peer>} */
  peers = new Map();
  /** @type {import("./peer.js").Instance} */
  #me = { id: "", instance: "" };
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  #media;
  #send;
  #watch = new AbortController();

  /** @param {import("./devices.js").LocalMedia} media @param {(to: string, data: SignalData) => void} send */
  constructor(media, send) {
    super();
    this.#media = media;
    this.#send = send;
    media.on("change", () => this.peers.forEach((peer) => peer.update()), { signal: this.#watch.signal });
  }

  /**
   * The whole truth, from a join or a snapshot. Under a new instance of our own the others start anew, so we do too;
   * otherwise connections go on, and what signals may have been lost is made good.
   * @param {Participant} me @param {Participant[]} participants @param {RTCIceServer[]} iceServers
   */
  sync(me, participants, iceServers) {
    const anew = me.instance !== this.#me.instance;
    if (anew) for (const id of [...this.peers.keys()]) this.part(id);
    this.#me = { id: me.id, instance: me.instance };
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
    for (const { pc } of this.peers.values()) pc.restartIce();
  }

  /** Idempotent: the same instance keeps its connection, another one gets a new one at once. @param {Participant} other */
  meet({ id, instance }) {
    if (id === this.#me.id || this.peers.get(id)?.instance === instance) return;
    this.part(id);
    const peer = new Peer(this.#me, { id, instance }, this.#iceServers, this.#media, (data) => this.#send(id, data));
    peer.on("streams", () => this.emit("peer", id));
    peer.on("connection", () => this.emit("peer", id));
    this.peers.set(id, peer);
    peer.start();
    this.#adapt();
    this.emit("peer", id);
  }

  /** @param {string} id */
  part(id) {
    const peer = this.peers.get(id);
    if (!peer) return;
    peer.stop();
    this.peers.delete(id);
    this.#adapt();
    this.emit("peer", id);
  }

  /** @param {string} from @param {SignalData} data */
  receive(from, data) {
    const peer = this.peers.get(from);
    const forAnother = data.for !== undefined && data.for !== this.#me.instance;
    const byAnother = data.instance !== undefined && data.instance !== peer?.instance;
    if (peer && !forAnother && !byAnother) peer.receive(data);
  }

  stop() {
    this.#watch.abort();
    for (const id of [...this.peers.keys()]) this.part(id);
  }

  #adapt() {
    for (const peer of this.peers.values()) peer.adapt(this.peers.size);
  }
}
