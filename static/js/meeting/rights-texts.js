/** What rights are called. @type {Record<import("../../sdk/reconvene.js").Right, string>} */
import { t } from "../words/words.js";
export const NAMES = { audio: t("microphone"), video: t("camera"), screen: t("screen sharing"), chat: t("chat"), hand: t("raising hands") };

/** Why somebody cannot turn it on. @type {Record<import("../../sdk/reconvene.js").Right, string>} */
export const FORBIDDEN = {
  audio: t("The host does not let you turn on your microphone."),
  video: t("The host does not let you turn on your camera."),
  screen: t("The host does not let you share a screen."),
  chat: t("The host does not let you write."),
  hand: t("The host does not let you raise your hand."),
};
