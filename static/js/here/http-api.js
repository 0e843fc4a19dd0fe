/** The routes of the server that this page is from. */
import { HERE } from "./addresses.js";
import { ReconveneError } from "../../sdk/errors.js";
import { fetchAnswer, request as ask } from "../../sdk/http.js";

/**
 * @typedef {import("../../sdk/reconvene.js").MeetingInfo} MeetingInfo
 * @typedef {import("../../sdk/reconvene.js").Method} Method
 * @typedef {import("../../sdk/reconvene.js").RequestOptions} Options
 */

/** @param {Method} method @param {string} path @param {Options} [options] */
const send = (method, path, options) => fetchAnswer(HERE, method, path, options);
/** @param {Method} method @param {string} path @param {Options} [options] @returns {Promise<any>} */
const request = (method, path, options) => ask(HERE, method, path, options);

/** @param {string} id  of a meeting */
const meetingPath = (id) => `/api/meetings/${encodeURIComponent(id)}`;

/** Milliseconds; after that, a new try is more likely to get an answer. */
const PATIENCE = 30_000;

/** Codes of temporary problems: try again. */
export const PASSING = new Set(["unavailable", "unreachable", "rate_limited"]);

/** @param {string} [name] @returns {Promise<{token: string, user_id: string}>} */
export const newIdentity = (name) => request("POST", "/api/identity", { body: name ? { name } : {}, signal: AbortSignal.timeout(PATIENCE) });

/** @param {string} id @returns {Promise<MeetingInfo>} */
export const getMeeting = (id) => request("GET", meetingPath(id));

/** Gets or creates. @param {string} token @param {{meeting?: string, title?: string}} wish @returns {Promise<MeetingInfo>} */
export const createMeeting = (token, wish) => request("POST", "/api/meetings", { token, body: wish });

/** @param {string} token @param {string} id @returns {Promise<void>} */
export const endMeeting = (token, id) => request("POST", `${meetingPath(id)}/end`, { token });

/**
 * @typedef {object} InviteLink
 * @property {string} id
 * @property {"host" | "cohost" | "participant"} role
 * @property {number | null} uses  how many people may use it; null: any number
 * @property {number} used
 * @property {string | null} expires_at  RFC 3339, UTC, as all times
 * @property {string | null} revoked_at
 * @property {string} created_at
 *
 * @typedef {{role: InviteLink["role"], uses: number | null, expires_at: string | null}} InviteWish
 * @typedef {{id: string, name: string, back: "never" | "knock", at: string}} Removed  `back`: how they may come back
 */

/** The oldest first, never with what they say. @param {string} token @param {string} id @returns {Promise<InviteLink[]>} */
export const getInvites = async (token, id) => (await request("GET", `${meetingPath(id)}/invites`, { token })).invites;

/** @param {string} token @param {string} id @param {InviteWish} wish @returns {Promise<InviteLink & {url: string}>} `url`: told this once */
export const makeInvite = (token, id, wish) => request("POST", `${meetingPath(id)}/invites`, { token, body: wish });

/** @param {string} token @param {string} id @param {string} invite */
export async function revokeInvite(token, id, invite) {
  await send("DELETE", `${meetingPath(id)}/invites/${encodeURIComponent(invite)}`, { token });
}

/** Who was removed and may not just come back, the latest first. @param {string} token @param {string} id @returns {Promise<Removed[]>} */
export const getRemoved = async (token, id) => (await request("GET", `${meetingPath(id)}/removed`, { token })).removed;

/** When this user was in the meeting, the oldest first. @param {string} token @param {string} id @returns {Promise<{joined_at: string, left_at: string | null, estimated: boolean}[]>} */
export const getOwnStays = async (token, id) => (await request("GET", `${meetingPath(id)}/stays`, { token })).stays;

/** Whether the server offers echo meetings. @returns {Promise<{available: boolean, seconds: number}>} */
export const echoOffer = () => request("GET", "/api/echo");

/** Starts an echo meeting for this identity. @param {string} token @param {AbortSignal} signal @returns {Promise<{meeting: string, seconds: number}>} */
export const startEcho = (token, signal) => request("POST", "/api/echo", { token, signal });

/**
 * @typedef {object} HostedMeeting
 * @property {string} id
 * @property {string} title
 * @property {string} created_at  RFC 3339, UTC, as all times
 * @property {string | null} ended_at
 * @property {number | null} attended  people who were ever in it; null: not known
 * @property {number} present  people who are in it now
 * @property {string | null} last_seen_at  when somebody was in it last
 * @property {"webinar" | "meeting" | null} imported  what it was in the import source
 * @property {{external_id: string, state: "unread" | "live" | "unknown" | "partial" | "complete" | "too_old", reason: string} | null} source  of an import
 */

/** Those of this host, all with the admin key; newest first. @param {string} token @returns {Promise<HostedMeeting[]>} */
export const hostedMeetings = async (token) => (await request("GET", "/api/meetings", { token })).meetings;

/** "?after=…", from parameters with a value. @param {Record<string, string | null | undefined>} parameters */
const query = (parameters) => {
  const given = Object.entries(parameters).filter(([, value]) => value);
  return given.length ? `?${new URLSearchParams(/** @type {[string, string][]} */ (given))}` : "";
};

/**
 * One page; its `next` is the `after` of the following page. `instance`: only that instance of a series, unless "".
 * @param {string} token @param {string} id @param {{after?: string | undefined, instance: string}} which @returns {Promise<any>}
 */
export const getAttendance = (token, id, which) => request("GET", `${meetingPath(id)}/attendance${query(which)}`, { token });

/**
 * One page of the registrants of an imported meeting who did not come.
 * @param {string} token @param {string} id @param {{after?: string | undefined, instance: string}} which
 * @returns {Promise<{next: string | null, registrants: any[]}>}
 */
export const getAbsent = (token, id, which) =>
  request("GET", `${meetingPath(id)}/registrants${query({ came: "no", ...which })}`, { token });

/** What a row is; with `dates` a person, with a column for each instance of a series. @typedef {"stays" | "people" | "registrants" | "audit" | "dates"} Rows */

/** As a CSV file. @param {string} token @param {string} id @param {Rows} rows @param {string} instance @returns {Promise<Blob>} */
export async function downloadAttendance(token, id, rows, instance) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const wanted = rows === "dates" ? { by: "instance", zone } : { rows, instance };
  const response = await send("GET", `${meetingPath(id)}/attendance${query({ format: "csv", ...wanted })}`, { token, accept: "text/csv" });
  return response.blob().catch(() => {
    throw new ReconveneError("unreachable", "The file did not arrive.");
  });
}

/** Removes the meeting and its attendance. @param {string} token @param {string} id */
export async function deleteMeeting(token, id) {
  await send("DELETE", meetingPath(id), { token });
}

/**
 * The progress of an import from Zoom.
 * @typedef {object} Sync
 * @property {string | null} id
 * @property {string} external_id
 * @property {string} room
 * @property {string} title
 * @property {"running" | "complete" | "partial" | "failed" | "stopped"} state
 * @property {"looking" | "walking" | "waiting" | "watching" | "done" | "failed"} stage
 * @property {{part: string, title: string, rows: number, total: number | null, state: string, source: string, note: string}[]} parts
 * @property {string} note
 * @property {string[]} notes  Problems that nobody can fix.
 * @property {string | null} wakes_at
 * @property {number | null} [rate]  rows per second
 * @property {number | null} [seconds_left]
 */

/**
 * The imports that the server knows. `unusable`: why it cannot import.
 * @param {string} key  the admin key @returns {Promise<{syncs: Sync[], unusable: string | null}>}
 */
export const zoomSyncs = (key) => request("GET", "/api/zoom/sync", { token: key });

/** @param {string} key @param {string} id @returns {Promise<Sync>} */
export const zoomSync = (key, id) => request("GET", `/api/zoom/sync/${encodeURIComponent(id)}`, { token: key });

/** @param {string} key @param {{id: string, kind: string}} wish  id as typed: a number or a link @returns {Promise<Sync>} */
export const startZoomSync = (key, wish) => request("POST", "/api/zoom/sync", { token: key, body: wish });
