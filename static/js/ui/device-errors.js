/** Friendly texts for a device that cannot be used, or that changed by itself. */

/**
 * @typedef {import("../../sdk/reconvene.js").DeviceError} DeviceError
 * @typedef {import("../../sdk/reconvene.js").Kind} Kind
 * @typedef {import("../../sdk/reconvene.js").DeviceState} DeviceState
 */

/** @type {Record<Kind, string>} */
export const NAMES = { audio: "microphone", video: "camera" };

/** @type {Record<DeviceError, (device: string) => string>} */
const TEXTS = {
  refused: (device) =>
    `Your browser may not use your ${device}. You can go on without; to change it, click the icon in the address bar.`,
  system: (device) =>
    `Your system does not let the browser use your ${device}. Allow it in the system’s privacy settings, then start the browser again.`,
  missing: (device) => `No ${device.replace(" and ", " or ")} was found. You can go on without, or plug one in and turn it on.`,
  busy: (device) => `Your ${device} did not start, perhaps because another program is using it.`,
  unable: () =>
    "This browser cannot make calls: WebRTC is missing, or switched off. You can join and see who is there, what they do and who raises a hand, but without sound and picture, and nobody sees or hears you. To take part, allow WebRTC in the settings, or open the link in another browser.",
  insecure: (device) => `Browsers allow the ${device} only on https pages. You can still see and hear the others.`,
};

/** @type {Record<import("../../sdk/reconvene.js").ScreenError, string>} */
const SCREEN_TEXTS = {
  system:
    "Your system did not let the browser show your screen. If you did not cancel it: allow screen recording for the browser in the system’s privacy settings, then start the browser again.",
  none: "The browser found no screen to share. If there is one, allow screen recording for the browser in the system’s privacy settings, then start the browser again.",
  busy: "Your screen could not be captured. Try another window or the whole screen, or start the browser again.",
  gesture: "The browser wants a click for that: press the Share screen button.",
  unsupported: "This browser cannot share a screen. Try it on a computer, with Chrome, Firefox, Edge or Safari.",
};

/** @param {{audio: DeviceError | null, video: DeviceError | null}} errors @returns {string[]} */
export function deviceErrorTexts({ audio, video }) {
  if (audio && audio === video) return [TEXTS[audio]("microphone and camera")];
  return [audio && TEXTS[audio]("microphone"), video && TEXTS[video]("camera")].filter((text) => text !== null);
}

/** @param {import("../../sdk/reconvene.js").DeviceNews} news @returns {string} */
export function newsText(news) {
  if (news.what === "failed") return TEXTS[news.error](devicesText(news.kinds));
  if (news.what === "screen") return SCREEN_TEXTS[news.error];
  const device = NAMES[news.kind];
  const label = news.label && ` “${news.label}”`;
  switch (news.what) {
    case "lost":
      return `Your ${device}${label} was disconnected.`;
    case "interrupted":
      return `Your ${device}${label} was interrupted.`;
    case "taken":
      return `Your ${device}${label} was stopped by the browser or the system. You can turn it on again.`;
    case "instead":
      return `Your ${device} is now${label || " another one"}.`;
    case "muted":
      return `Your system has muted your ${device}${label}.`;
    case "unmuted":
      return `Your ${device}${label} is back: your system has muted it no longer.`;
  }
}

/** The text while the browser asks the user. @param {Record<Kind, DeviceState>} states @returns {string} "" if it is not asking */
export function askingText({ audio, video }) {
  const kinds = /** @type {Kind[]} */ ([audio === "asking" && "audio", video === "asking" && "video"].filter(Boolean));
  return kinds.length ? `Waiting for your permission to use the ${devicesText(kinds)}.` : "";
}

/** @param {Kind[]} kinds */
const devicesText = (kinds) => kinds.map((kind) => NAMES[kind]).join(" and ");
