/** What follows when the server has not let the user in, or no longer. */
import { LOGIN_NOTICES } from "../ui/notices.js";
import { fromThisTab, withPassword } from "./second-wishes.js";

/**
 * @typedef {import("./second-wishes.js").Wish} Wish
 *
 * @typedef {object} Situation
 * @property {import("../here/identity.js").Identity} identity
 * @property {boolean} outside  logged in with an application
 * @property {boolean} seated  has been in the meeting
 * @property {boolean} canCorrect  The view has a field for the name.
 * @property {boolean} endedIt  The user has ended the meeting.
 * @property {boolean} forGood  is not to ask again
 *
 * @typedef {{leave: string} | {correct: true} | {join: Wish} | {ask: () => Promise<Wish | null>, otherwise: string}} Consequence
 *   `leave`, `otherwise`: with this notice
 */

/**
 * @param {string} code  the refusal's @param {Wish} wish  that was refused @param {string} token  that it used
 * @param {Situation} situation @returns {Consequence}
 */
export function followsFrom(code, wish, token, situation) {
  const { identity, outside, seated, canCorrect, endedIt, forGood } = situation;
  if (endedIt && code === "meeting_ended") return { leave: "ended_by_me" };
  if (code === "duplicate") return { ask: () => fromThisTab(wish.name, identity, outside), otherwise: code };
  if (code === "bad_message" && canCorrect) return { correct: true };
  if (outside && code in LOGIN_NOTICES) return { leave: LOGIN_NOTICES[code] };
  if (code === "wrong_password") return { ask: () => withPassword(wish, true), otherwise: "password_required" };
  if (code === "password_required") return { ask: () => withPassword(wish, false), otherwise: code };
  if (code === "bad_token" || (code === "revoked" && !seated)) return unknown(wish, token, situation);
  return { leave: code === "denied" && forGood ? "denied_for_good" : code };
}

/** Tab session or identity are not known to the server. Neither is discarded. @param {Wish} wish @param {string} token @param {Situation} situation @returns {Consequence} */
function unknown({ name, session }, token, { identity, seated }) {
  // The identity may still be valid, and leads to the same participant.
  if (session || seated) return { join: { name, onDuplicate: "replace" } };
  return { ask: async () => ((await identity.goOn(token)) ? { name } : null), otherwise: "bad_token" };
}
