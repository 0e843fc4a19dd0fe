/** In a mesh everyone encodes once per peer, so each peer gets less in a larger meeting. */
const STEPS = [
  { upTo: 1, maxBitrate: 1_700_000, scaleResolutionDownBy: 1 },
  { upTo: 3, maxBitrate: 700_000, scaleResolutionDownBy: 1.5 },
  { upTo: 5, maxBitrate: 400_000, scaleResolutionDownBy: 2 },
  { upTo: 8, maxBitrate: 250_000, scaleResolutionDownBy: 3 },
  { upTo: Infinity, maxBitrate: 120_000, scaleResolutionDownBy: 4 },
];

/** What is shown small, from a camera of 1280 by 720: 320 by 180. */
const SMALL = { maxBitrate: 150_000, scaleResolutionDownBy: 4 };

/** @typedef {{active: boolean, maxBitrate?: number | undefined, scaleResolutionDownBy?: number}} Encoding  Part of RTCRtpEncodingParameters. */

/** Of a shared screen: large, whatever the browser thinks fit. @type {Record<import("./shown.js").Size, Encoding>} */
const SCREENS = {
  none: { active: false },
  small: { active: true, maxBitrate: 250_000, scaleResolutionDownBy: 3 },
  large: { active: true, maxBitrate: undefined, scaleResolutionDownBy: 1 },
};

/** @param {number} peers  who are shown this camera @param {import("./shown.js").Size} size  in which this peer shows it @returns {Encoding} */
export function cameraEncoding(peers, size) {
  if (size === "none") return { active: false };
  const { maxBitrate, scaleResolutionDownBy } = videoEncoding(peers);
  if (size === "large") return { active: true, maxBitrate, scaleResolutionDownBy };
  return { active: true, maxBitrate: Math.min(maxBitrate, SMALL.maxBitrate), scaleResolutionDownBy: Math.max(scaleResolutionDownBy, SMALL.scaleResolutionDownBy) };
}

/** @param {import("./shown.js").Size} size */
export const screenEncoding = (size) => SCREENS[size];

/** @param {number} peers @returns {{maxBitrate: number, scaleResolutionDownBy: number}} */
function videoEncoding(peers) {
  const { upTo: _, ...encoding } = STEPS.find(({ upTo }) => peers <= upTo) ?? STEPS[0];
  return encoding;
}
