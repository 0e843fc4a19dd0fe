/** Why a meeting is over for somebody. */
import { CLOSE } from "./protocol.js";

/** @typedef {import("./views.js").Left} Left */

/** @type {Record<number, [code: string, message: string]>} */
const CLOSED = {
  [CLOSE.replaced]: ["replaced", "You are in this meeting in another place now."],
  [CLOSE.removed]: ["removed", "You were removed from this meeting."],
  [CLOSE.meetingEnded]: ["meeting_ended", "The meeting has ended."],
  [CLOSE.badToken]: ["bad_token", "The token is not valid or has expired."],
  [CLOSE.denied]: ["denied", "You were not let in."],
  [CLOSE.revoked]: ["revoked", "These credentials have been revoked."],
};
const FINAL = new Set(["replaced", "removed", "meeting_ended", "denied", "revoked"]);

/** @param {string} code @param {string} message @returns {Left} */
export const leftFor = (code, message) => Object.freeze({ code, message, final: FINAL.has(code) });

/** @param {number} code  that the server has closed with @returns {Left} */
export const leftBy = (code) => leftFor(...(CLOSED[code] ?? /** @type {const} */ (["interrupted", `The server has closed the connection (${code}).`])));
