/**
 * A short code that is the same at both ends of a connection if nobody sits between them, and another one if somebody does:
 * two people read it out to each other. It is made of the certificates that the ends of DTLS show each other, which
 * descriptions name by their fingerprints (RFC 8122; RFC 8826, section 4.3.2).
 */

/** SHA-256 runs: each try of somebody who looks for certificates with the same code costs so many. */
const ITERATIONS = 100_000;
const GROUPS = 4;
const FINGERPRINT = /^a=fingerprint:(\S+) (\S+)/gim;

const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);

/** All certificates that one end may show. @param {string} sdp */
function end(sdp) {
  const named = [...sdp.matchAll(FINGERPRINT)].map(([, hash, value]) => `${hash.toLowerCase()} ${value.toUpperCase()}`);
  return [...new Set(named)].sort().join(",");
}

/**
 * The ends are told apart: in one set of all fingerprints, somebody between them could hide the own one at each end among
 * those of the other.
 * @param {string} here @param {string} there  descriptions (SDP) of both ends, in either order
 * @returns {Promise<string>} four groups of five digits; "" if an end names no certificate, and on pages without HTTPS
 */
export async function securityCode(here, there) {
  if (!globalThis.crypto?.subtle) return "";
  const ends = [end(here), end(there)].sort();
  if (ends.includes("")) return "";
  const key = await crypto.subtle.importKey("raw", bytes(ends.join("\n")), "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes("reconvene"), iterations: ITERATIONS };
  const view = new DataView(await crypto.subtle.deriveBits(how, key, 32 * GROUPS));
  const groups = Array.from({ length: GROUPS }, (_, index) => view.getUint32(4 * index) % 100_000);
  return groups.map((group) => String(group).padStart(5, "0")).join(" ");
}
