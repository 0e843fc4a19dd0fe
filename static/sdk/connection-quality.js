/**
 * How good a connection is, from what the browser counts (W3C, Identifiers for WebRTC's Statistics API): pure functions.
 *
 * @typedef {object} Reading  At one moment.
 * @property {number} at  Milliseconds.
 * @property {number} received  Packets of sound and pictures,
 * @property {number} lost  and those that did not come.
 * @property {number} missed  The share of ours that the other one has lost lately, 0 to 1.
 * @property {number | null} roundTrip  Seconds; null: not known.
 * @property {boolean} relayed  Whether it goes by a TURN server.
 *
 * @typedef {"good" | "fair" | "poor"} Level
 *
 * @typedef {object} Quality
 * @property {Level | ""} level  "": not known yet.
 * @property {"" | "mine" | "theirs" | "either" | "relayed"} why  Whose connection it is, when it is not good: `mine` if most
 *   connections of this page are bad, `theirs` if this one alone is. `either`: there is no other to compare. `relayed`: only the way is
 *   long, by a server in between.
 * @property {number} lost  The share of packets that got lost, either way, 0 to 1.
 * @property {number | null} roundTrip  Seconds.
 * @property {boolean} relayed
 */

/** Shares of lost packets, and seconds of a round trip, from which on it is fair, and poor. */
const LOST = [0.02, 0.08];
const ROUND_TRIP = [0.3, 0.7];
const LEVELS = /** @type {const} */ (["good", "fair", "poor"]);

/** @type {Quality} */
export const UNKNOWN = Object.freeze({ level: "", why: "", lost: 0, roundTrip: null, relayed: false });

/** @param {Iterable<Record<string, any>>} stats @param {number} at  milliseconds @returns {Reading} */
export function readingOf(stats, at) {
  const all = [...stats];
  const inbound = all.filter(({ type }) => type === "inbound-rtp");
  const outbound = all.filter(({ type }) => type === "remote-inbound-rtp");
  const named = all.find(({ type, selectedCandidatePairId }) => type === "transport" && selectedCandidatePairId)?.["selectedCandidatePairId"];
  // Firefox names none, but marks it.
  const pair = all.find(({ type, id, selected, nominated, state }) => type === "candidate-pair" && (named ? id === named : (selected ?? (nominated && state === "succeeded"))));
  const ends = all.filter(({ id }) => pair && (id === pair["localCandidateId"] || id === pair["remoteCandidateId"]));
  return {
    at,
    received: sum(inbound, "packetsReceived"),
    lost: Math.max(0, sum(inbound, "packetsLost")),
    missed: Math.max(0, ...outbound.map(({ fractionLost }) => fractionLost ?? 0)),
    roundTrip: pair?.["currentRoundTripTime"] ?? outbound.find(({ roundTripTime }) => roundTripTime !== undefined)?.["roundTripTime"] ?? null,
    relayed: ends.some(({ candidateType }) => candidateType === "relay"),
  };
}

/**
 * Between two readings of the same connection. @param {Reading | undefined} before @param {Reading} now
 * @returns {Quality} without a `why` that others would have to be asked for
 */
export function qualityOf(before, now) {
  const { roundTrip, relayed, missed } = now;
  if (!before || now.at <= before.at) return { ...UNKNOWN, roundTrip, relayed };
  // A count that has gone back is of another connection.
  const got = Math.max(0, now.received - before.received);
  const gone = Math.max(0, now.lost - before.lost);
  const lost = Math.max(missed, got + gone > 0 ? gone / (got + gone) : 0);
  const byLoss = rank(lost, LOST);
  const byDelay = rank(roundTrip ?? 0, ROUND_TRIP);
  const worst = Math.max(byLoss, byDelay);
  const level = LEVELS[worst] ?? "poor";
  return { level, why: worst === 0 ? "" : relayed && byLoss < worst ? "relayed" : "either", lost, roundTrip, relayed };
}

/** Whose fault it is, by what the other connections of this page are like. @param {Quality} quality @param {readonly Quality[]} others @returns {Quality} */
export function blamed(quality, others) {
  const known = others.filter(({ level }) => level !== "");
  if (quality.why !== "either" || !known.length) return quality;
  const bad = known.filter(({ level }) => level !== "good").length;
  return { ...quality, why: bad * 2 >= known.length ? "mine" : "theirs" };
}

/** @param {number} value @param {number[]} bounds */
const rank = (value, bounds) => bounds.filter((bound) => value >= bound).length;

/** @param {Record<string, any>[]} reports @param {string} field @returns {number} */
const sum = (reports, field) => reports.reduce((total, report) => total + (report[field] ?? 0), 0);

/** Keeps what was read before of each connection. */
export class Qualities {
  #mesh;
  /** @type {Map<string, {pc: RTCPeerConnection, reading: Reading, quality: Quality}>} */
  #last = new Map();

  /** @param {import("./mesh.js").Mesh} mesh */
  constructor(mesh) {
    this.#mesh = mesh;
  }

  /** Since it was asked last. @param {string} id @returns {Promise<Quality>} */
  async of(id) {
    for (const known of this.#last.keys()) if (!this.#mesh.peers.has(known)) this.#last.delete(known);
    const pc = this.#mesh.peers.get(id)?.pc;
    if (pc?.connectionState !== "connected") return UNKNOWN;
    const stats = await pc.getStats();
    const reading = readingOf(stats.values(), performance.now());
    const before = this.#last.get(id);
    const quality = qualityOf(before?.pc === pc ? before.reading : undefined, reading);
    this.#last.set(id, { pc, reading, quality });
    return Object.freeze(blamed(quality, [...this.#last].filter(([other]) => other !== id).map(([, last]) => last.quality)));
  }
}
