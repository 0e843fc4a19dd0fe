/**
 * What somebody may do and is to be seen and heard with. signalling/client/rights.py is its twin.
 *
 * The server refuses what somebody may not send. Media go past it, so each receiver plays no more than the server says.
 *
 * @typedef {import("./protocol.js").Participant} Participant
 * @typedef {import("./protocol.js").Meeting} Meeting
 * @typedef {import("./protocol.js").Right} Right
 *
 * What to play of a participant.
 * @typedef {{audio: boolean, video: boolean, screen: boolean, sound: boolean}} Plays  `sound`: of a shared screen.
 */

/** @type {Plays} */
export const NOTHING = Object.freeze({ audio: false, video: false, screen: false, sound: false });

/** @param {Pick<Participant, "role"> | undefined} participant */
export const inCharge = (participant) => participant !== undefined && participant.role !== "participant";

/**
 * Those in charge may do everything, the others what is allowed to them, or to everyone.
 * @param {Participant} participant @param {Pick<Meeting, "settings">} meeting @param {Right} right
 */
export function may(participant, meeting, right) {
  if (inCharge(participant)) return true;
  return participant.may?.[right] ?? meeting.settings?.may?.[right] ?? true;
}

/** @param {Participant} participant @param {Pick<Meeting, "settings">} meeting @returns {Plays} */
export function plays(participant, meeting) {
  const { media } = participant;
  const sends = (/** @type {"audio" | "video" | "screen"} */ flag) => media[flag] && may(participant, meeting, flag);
  const screen = sends("screen");
  return { audio: sends("audio"), video: sends("video"), screen, sound: screen && may(participant, meeting, "audio") };
}
