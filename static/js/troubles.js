/** What to say, kindly, when a device cannot be used. */

/**
 * @typedef {import("./devices.js").Trouble} Trouble
 * @type {Record<Trouble, (device: string) => string>}
 */
const TEXTS = {
  refused: (device) =>
    `Your browser may not use your ${device}. You can go on without; to change it, click the icon in the address bar.`,
  missing: (device) => `No ${device.replace(" and ", " or ")} was found. You can go on without, or plug one in and turn it on.`,
  busy: (device) => `Your ${device} did not start, perhaps because another program is using it.`,
  insecure: (device) => `Browsers allow the ${device} only on https pages. You can still see and hear the others.`,
};

/** @param {{audio: Trouble | null, video: Trouble | null}} trouble @returns {string[]} */
export function troubleTexts({ audio, video }) {
  if (audio && audio === video) return [TEXTS[audio]("microphone and camera")];
  return [audio && TEXTS[audio]("microphone"), video && TEXTS[video]("camera")].filter((text) => text !== null);
}
