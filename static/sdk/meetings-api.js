/** The routes that whoever takes part in a meeting needs. */
import { PATIENCE, request } from "./http.js";

/**
 * @typedef {object} MeetingInfo
 * @property {string} id
 * @property {string} title
 * @property {boolean} created
 * @property {string} url
 * @property {boolean} [ended]
 * @property {number} [participants]
 * @property {string | null} [opens_at]  When it is to open, if that was set: RFC 3339, UTC.
 * @property {string | null} [ends_at]
 * @property {boolean} [login_required]  Whether nobody comes in without a token of the application.
 */

/** @param {string} id  of a meeting */
const meetingPath = (id) => `/api/meetings/${encodeURIComponent(id)}`;

/** @param {string} server @returns {Promise<{token: string, user_id: string}>} */
export const newIdentity = (server) =>
  request(server, "POST", "/api/identity", { body: {}, signal: AbortSignal.timeout(PATIENCE) });

/** @param {string} server @param {string} id @returns {Promise<MeetingInfo>} */
export const getMeeting = (server, id) => request(server, "GET", meetingPath(id));

/** Gets or creates. @param {string} server @param {string} token @param {{meeting?: string, title?: string}} wish @returns {Promise<MeetingInfo>} */
export const createMeeting = (server, token, wish) => request(server, "POST", "/api/meetings", { token, body: wish });

/**
 * Tells the server that the page is going away. A beacon outlives the page, and nobody waits for an answer. It names no
 * type: with one, a browser would have to ask another origin's server first whether it may. Where there are no beacons, as
 * in browsers that guard privacy, or this one is not taken, a request does it, which most of them let go on.
 * @param {string} server @param {{session: string, attempt: number, back_in: number}} goodbye
 */
export function sayGoodbye(server, goodbye) {
  const url = `${server}/api/goodbye`;
  const body = new Blob([JSON.stringify(goodbye)]);
  if (navigator.sendBeacon?.(url, body)) return;
  fetch(url, { method: "POST", body, mode: "no-cors", keepalive: true }).catch(() => {});
}
