/**
 * Reads and checks what another participant sends by `signal`, which may be any JSON. Nothing else checks it.
 * The twin for programs is `reconvene/webrtc/negotiation.py`.
 */

import { isSize } from "./shown.js";

/** @typedef {import("./protocol.js").SignalData} SignalData */

/** The largest number. */
const LARGEST = 2 ** 31 - 1;
/** The longest id or fragment, in characters. */
const LONGEST = 256;
/** Most media sections of a description. Each costs the browser; a page has eight, one of 0.5.0 some more. */
const MOST_SECTIONS = 32;
const MOST_CANDIDATES = 200;

/**
 * @param {unknown} data
 * @returns {SignalData | null} only known fields with valid values; null for what is not a signal
 */
export function readSignal(data) {
  if (!isObject(data)) return null;
  const { description, candidate, offer, screen, repeat, media, show, instance, for: addressee, connection } = data;
  if (![instance, addressee].every((name) => name === undefined || isText(name))) return null;
  if (connection !== undefined && !isCount(connection)) return null;
  /** @type {SignalData} */
  const signal = { instance: /** @type {string | undefined} */ (instance), for: /** @type {string | undefined} */ (addressee) };
  if (connection !== undefined) signal.connection = connection;
  if (description !== undefined && description !== null) {
    signal.description = readDescription(description);
    if (!signal.description) return null;
    if (isCount(offer)) signal.offer = offer;
    if (isText(screen)) signal.screen = screen;
  } else if (candidate !== undefined && candidate !== null) {
    signal.candidate = readCandidate(candidate);
    if (!signal.candidate) return null;
  } else if (repeat === true) signal.repeat = true;
  else if (media === false) signal.media = false;
  else if (isObject(show) && isSize(show.camera) && isSize(show.screen)) signal.show = { camera: show.camera, screen: show.screen };
  else return null;
  return signal;
}

/** @param {unknown} said @returns {RTCSessionDescriptionInit | null} */
function readDescription(said) {
  if (!isObject(said) || typeof said.sdp !== "string" || (said.type !== "offer" && said.type !== "answer")) return null;
  const { type, sdp } = said;
  // Every line is `<letter>=<value>` (RFC 8866, 5).
  if (!/^v=0\r?\n(?:[a-z]=[^\r\n\0]*(?:\r?\n|$))+$/.test(sdp)) return null;
  if (!/^a=ice-ufrag:./m.test(sdp) || !/^a=fingerprint:./m.test(sdp)) return null;
  const sections = sdp.match(/^m=/gm)?.length ?? 0;
  const candidates = sdp.match(/^a=candidate:/gm)?.length ?? 0;
  if (sections < 1 || sections > MOST_SECTIONS || candidates > MOST_CANDIDATES) return null;
  return { type, sdp };
}

/** @param {unknown} said @returns {RTCIceCandidateInit | null} null also for the end of candidates, which has no effect */
function readCandidate(said) {
  if (!isObject(said) || typeof said.candidate !== "string" || !said.candidate.startsWith("candidate:")) return null;
  const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = said;
  /** @type {RTCIceCandidateInit} */
  const init = { candidate };
  if (isText(sdpMid)) init.sdpMid = sdpMid;
  if (Number.isInteger(sdpMLineIndex) && Number(sdpMLineIndex) >= 0 && Number(sdpMLineIndex) < MOST_SECTIONS) init.sdpMLineIndex = Number(sdpMLineIndex);
  if (init.sdpMid === undefined && init.sdpMLineIndex === undefined) return null;
  if (isText(usernameFragment)) init.usernameFragment = usernameFragment;
  return candidate.length <= 4 * LONGEST ? init : null;
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {unknown} value @returns {value is string} */
const isText = (value) => typeof value === "string" && value.length <= LONGEST;

/** @param {unknown} value @returns {value is number} */
const isCount = (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= LARGEST;
