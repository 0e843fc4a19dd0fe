/**
 * Whether this browser can make calls. Some browsers lack WebRTC; in some, a setting, a policy or an extension turns it
 * off. Then there is no constructor, or it throws.
 */

/** @type {boolean | undefined} */
let known;

/** Whether this browser makes calls at all. @returns {boolean} */
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
