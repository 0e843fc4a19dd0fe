/** Asking the browser for microphones, cameras and screens, and what its refusals mean. */
import { canCall } from "./webrtc.js";

/**
 * system: the operating system denies it to the browser. missing: there is none. busy: it did not start.
 * insecure: browsers allow it on https pages only. unable: the browser cannot make calls, so could send it to nobody.
 * @typedef {"refused" | "system" | "missing" | "busy" | "insecure" | "unable"} DeviceError
 *
 * none: there is nothing to share. gesture: the browser wants a click or a key first.
 * @typedef {"system" | "none" | "busy" | "gesture" | "unsupported"} ScreenError
 *
 * @typedef {"audio" | "video"} Kind
 */

export const KINDS = /** @type {const} */ (["audio", "video"]);

/** Enough for a face, and native to most cameras; senders scale it down with the size of the meeting. */
const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 24, max: 30 } };

/**
 * What the browser does to sound before it is sent. Without it music and instruments sound better, and rooms worse.
 * @typedef {Readonly<{echoCancellation: boolean, noiseSuppression: boolean, autoGainControl: boolean}>} Processing
 * @type {Processing}
 */
export const PROCESSING = Object.freeze({ echoCancellation: true, noiseSuppression: true, autoGainControl: true });
const SCREEN = { video: { frameRate: { ideal: 15, max: 30 } }, audio: true, selfBrowserSurface: "exclude" };

/**
 * Settles when the person has answered; this may never happen.
 * @param {Partial<Record<Kind, string>>} wanted  the id of a device, or "" for the browser's choice
 * @param {Processing} [processing]
 */
export async function capture(wanted, processing = PROCESSING) {
  if (!canCall()) throw new DOMException("no WebRTC", "NotSupportedError");
  if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("needs https", "SecurityError");
  /** @param {object} defaults @param {string | undefined} deviceId */
  const constraints = (defaults, deviceId) => deviceId !== undefined && { ...defaults, ...(deviceId && { deviceId: { exact: deviceId } }) };
  return navigator.mediaDevices.getUserMedia({ audio: constraints({ ...processing }, wanted.audio), video: constraints(VIDEO, wanted.video) });
}

export async function captureScreen() {
  return navigator.mediaDevices.getDisplayMedia(/** @type {DisplayMediaStreamOptions} */ (SCREEN));
}

/** @param {MediaStream} stream */
export function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** @param {Kind} kind @returns {Promise<MediaDeviceInfo[]>} without ids and labels until the person has allowed one of the kind */
export async function inputs(kind) {
  try {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    return devices.filter((device) => device.kind === `${kind}input`);
  } catch {
    return [];
  }
}

/** @param {Kind} kind @returns {Promise<PermissionState | "unknown">} not every browser lets pages ask */
export async function permission(kind) {
  try {
    const name = /** @type {PermissionName} */ (kind === "audio" ? "microphone" : "camera");
    return (await navigator.permissions.query({ name })).state;
  } catch {
    return "unknown";
  }
}

/**
 * What a DOMException of getUserMedia means, by its name (Media Capture and Streams, 10.2.1).
 * @param {unknown} error
 * @param {number} listed  devices of the kind; if Firefox lists some and finds none, the system denies them
 * @returns {DeviceError}
 */
export function deviceErrorOf(error, listed) {
  switch (nameOf(error)) {
    case "NotAllowedError":
      return bySystem(error) ? "system" : "refused";
    case "SecurityError":
      return "insecure";
    case "NotFoundError":
      return listed ? "system" : "missing";
    case "OverconstrainedError":
      return "missing";
    case "NotSupportedError":
      return "unable";
    default:
      return "busy";
  }
}

/**
 * The same for getDisplayMedia (Screen Capture, 5.1). When the system refuses, Chromium says so in the message; Firefox
 * finds nothing, as if there were no screen; Safari reports the same as when the person cancels.
 * @param {unknown} error @returns {ScreenError | null} null when the person cancelled
 */
export function screenErrorOf(error) {
  switch (nameOf(error)) {
    case "NotAllowedError":
      return bySystem(error) ? "system" : null;
    case "NotFoundError":
      return "none";
    case "InvalidStateError":
    case "InvalidAccessError": // Safari
      return "gesture";
    case "TypeError":
    case "NotSupportedError":
      return "unsupported";
    default:
      return "busy";
  }
}

/** @param {unknown} error */
const nameOf = (error) => (error instanceof Error || error instanceof DOMException ? error.name : "");

/** @param {unknown} error */
const bySystem = (error) => /\bsystem\b/i.test(/** @type {Error} */ (error).message);
