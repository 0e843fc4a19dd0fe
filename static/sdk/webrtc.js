/**
 * Whether this browser can make calls. Some lack WebRTC, some have it switched off by a setting, a policy or an
 * extension, and then there is no constructor, or it throws.
 */

/** @type {boolean | undefined} */
let known;

/** @returns {boolean} */
export function canCall() {
  known ??= typeof MediaStream === "function" && works();
  return known;
}

function works() {
  try {
    new RTCPeerConnection().close();
    return true;
  } catch {
    return false;
  }
}
