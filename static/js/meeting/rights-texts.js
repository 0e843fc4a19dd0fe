/** What rights are called. @type {Record<import("../../sdk/reconvene.js").Right, string>} */
export const NAMES = { audio: "microphone", video: "camera", screen: "screen sharing", chat: "chat", hand: "raising hands" };

/** Why somebody cannot turn it on. @type {Record<import("../../sdk/reconvene.js").Right, string>} */
export const FORBIDDEN = {
  audio: "The host does not let you turn on your microphone.",
  video: "The host does not let you turn on your camera.",
  screen: "The host does not let you share a screen.",
  chat: "The host does not let you write.",
  hand: "The host does not let you raise your hand.",
};

/** @param {string[]} parts @returns {string} “microphone, camera and screen” */
export const listed = (parts) => (parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`);
