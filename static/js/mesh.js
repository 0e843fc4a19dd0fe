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
    for (const { pc } of this.peers.values()) pc.restartIce();
  }

  /** Idempotent: the same instance keeps its connection, another one gets a new one at once. @param {Participant} other */
  meet({ id, instance, kind }) {
    if (id === this.#me.id || this.peers.get(id)?.other.instance === instance) return;
    this.part(id);
    this.#connect({ id, instance, kind });
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
    const byAnother = data.instance !== undefined && data.instance !== peer?.other.instance;
    if (!peer || forAnother || byAnother) return;
    const { connection = 1, description } = data;
    if (connection === peer.connection) peer.receive(data);
    // An older one was given up; of a newer one nothing makes sense before its offer.
    else if (connection > peer.connection && description?.type === "offer") this.#connect(peer.other, connection, peer).receive(data);
  }

  stop() {
    this.#watch.abort();
    for (const id of [...this.peers.keys()]) this.part(id);
  }

  /** @param {import("./peer.js").Instance} other @param {number} [connection] @param {Peer} [before]  whose place it takes */
  #connect(other, connection, before) {
    const { id } = other;
    const peer = new Peer(this.#me, other, this.#iceServers, this.#media, (data) => this.#send(id, data), connection);
    if (before) peer.succeed(before);
    peer.on("streams", () => this.emit("peer", id));
    peer.on("connection", () => this.emit("peer", id));
    this.peers.set(id, peer);
    peer.start();
    this.#adapt();
    this.emit("peer", id);
    return peer;
  }

  #adapt() {
    for (const peer of this.peers.values()) peer.adapt(this.peers.size);
  }
}
