/** Friendly texts for a device that cannot be used, or that changed by itself. */
import { t } from "../words/words.js";

/**
 * @typedef {import("../../sdk/reconvene.js").DeviceError} DeviceError
 * @typedef {import("../../sdk/reconvene.js").Kind} Kind
 * @typedef {import("../../sdk/reconvene.js").DeviceState} DeviceState
 * @typedef {Kind | "both"} Devices
 */

const UNABLE = t("This browser cannot make calls: WebRTC is missing, or switched off. You can join and see who is there, what they do and who raises a hand, but without sound and picture, and nobody sees or hears you. To take part, allow WebRTC in the settings, or open the link in another browser.");

/** Whole sentences for each device: in other languages more than its name differs. @type {Record<DeviceError, Record<Devices, string>>} */
const TEXTS = {
  refused: {
    audio: t("Your browser may not use your microphone. You can go on without; to change it, click the icon in the address bar."),
    video: t("Your browser may not use your camera. You can go on without; to change it, click the icon in the address bar."),
    both: t("Your browser may not use your microphone and camera. You can go on without; to change it, click the icon in the address bar."),
  },
  system: {
    audio: t("Your system does not let the browser use your microphone. Allow it in the system’s privacy settings, then start the browser again."),
    video: t("Your system does not let the browser use your camera. Allow it in the system’s privacy settings, then start the browser again."),
    both: t("Your system does not let the browser use your microphone and camera. Allow it in the system’s privacy settings, then start the browser again."),
  },
  missing: {
    audio: t("No microphone was found. You can go on without, or plug one in and turn it on."),
    video: t("No camera was found. You can go on without, or plug one in and turn it on."),
    both: t("No microphone or camera was found. You can go on without, or plug one in and turn it on."),
  },
  busy: {
    audio: t("Your microphone did not start, perhaps because another program is using it."),
    video: t("Your camera did not start, perhaps because another program is using it."),
    both: t("Your microphone and camera did not start, perhaps because another program is using them."),
  },
  unable: { audio: UNABLE, video: UNABLE, both: UNABLE },
  insecure: {
    audio: t("Browsers allow the microphone only on https pages. You can still see and hear the others."),
    video: t("Browsers allow the camera only on https pages. You can still see and hear the others."),
    both: t("Browsers allow the microphone and camera only on https pages. You can still see and hear the others."),
  },
};

/** @type {Record<import("../../sdk/reconvene.js").ScreenError, string>} */
const SCREEN_TEXTS = {
  system: t("Your system did not let the browser show your screen. If you did not cancel it: allow screen recording for the browser in the system’s privacy settings, then start the browser again."),
  none: t("The browser found no screen to share. If there is one, allow screen recording for the browser in the system’s privacy settings, then start the browser again."),
  busy: t("Your screen could not be captured. Try another window or the whole screen, or start the browser again."),
  gesture: t("The browser wants a click for that: press the Share screen button."),
  unsupported: t("This browser cannot share a screen. Try it on a computer, with Chrome, Firefox, Edge or Safari."),
};

/** What a device did by itself, without and with its name. @type {Record<string, Record<Kind, (label: string) => string>>} */
const CHANGES = {
  lost: {
    audio: (label) => (label ? t("Your microphone “{label}” was disconnected.", { label }) : t("Your microphone was disconnected.")),
    video: (label) => (label ? t("Your camera “{label}” was disconnected.", { label }) : t("Your camera was disconnected.")),
  },
  interrupted: {
    audio: (label) => (label ? t("Your microphone “{label}” was interrupted.", { label }) : t("Your microphone was interrupted.")),
    video: (label) => (label ? t("Your camera “{label}” was interrupted.", { label }) : t("Your camera was interrupted.")),
  },
  taken: {
    audio: (label) => label
      ? t("Your microphone “{label}” was stopped by the browser or the system. You can turn it on again.", { label })
      : t("Your microphone was stopped by the browser or the system. You can turn it on again."),
    video: (label) => label
      ? t("Your camera “{label}” was stopped by the browser or the system. You can turn it on again.", { label })
      : t("Your camera was stopped by the browser or the system. You can turn it on again."),
  },
  instead: {
    audio: (label) => (label ? t("Your microphone is now “{label}”.", { label }) : t("Your microphone is now another one.")),
    video: (label) => (label ? t("Your camera is now “{label}”.", { label }) : t("Your camera is now another one.")),
  },
  muted: {
    audio: (label) => (label ? t("Your system has muted your microphone “{label}”.", { label }) : t("Your system has muted your microphone.")),
    video: (label) => (label ? t("Your system has muted your camera “{label}”.", { label }) : t("Your system has muted your camera.")),
  },
  unmuted: {
    audio: (label) => label
      ? t("Your microphone “{label}” is back: your system has muted it no longer.", { label })
      : t("Your microphone is back: your system has muted it no longer."),
    video: (label) => label
      ? t("Your camera “{label}” is back: your system has muted it no longer.", { label })
      : t("Your camera is back: your system has muted it no longer."),
  },
};

const ASKING = {
  audio: t("Waiting for your permission to use the microphone."),
  video: t("Waiting for your permission to use the camera."),
  both: t("Waiting for your permission to use the microphone and camera."),
};

/** @param {{audio: DeviceError | null, video: DeviceError | null}} errors @returns {string[]} */
export function deviceErrorTexts({ audio, video }) {
  if (audio && audio === video) return [TEXTS[audio].both];
  return [audio && TEXTS[audio].audio, video && TEXTS[video].video].filter((text) => text !== null);
}

/** @param {import("../../sdk/reconvene.js").DeviceNews} news @returns {string} */
export function newsText(news) {
  if (news.what === "failed") return TEXTS[news.error][news.kinds.length > 1 ? "both" : news.kinds[0]];
  if (news.what === "screen") return SCREEN_TEXTS[news.error];
  return CHANGES[news.what][news.kind](news.label ?? "");
}

/** The text while the browser asks the user. @param {Record<Kind, DeviceState>} states @returns {string} "" if it is not asking */
export function askingText({ audio, video }) {
  if (audio === "asking") return video === "asking" ? ASKING.both : ASKING.audio;
  return video === "asking" ? ASKING.video : "";
}
