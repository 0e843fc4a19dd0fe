/** The server's HTTP routes. */
import { BASE } from "./addresses.js";

/**
 * @typedef {object} MeetingInfo
 * @property {string} id
 * @property {string} title
 * @property {boolean} created
 * @property {string} url
 * @property {boolean} [ended]
 * @property {number} [participants]
 */

export class ApiError extends Error {
  /**
   * @param {string} code as in the protocol's errors, or "unreachable" @param {string} message
   * @param {number} [retryAfter]  milliseconds to wait before the next request
   */
  constructor(code, message, retryAfter = 0) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** Codes of temporary problems: try again. */
export const PASSING = new Set(["unavailable", "unreachable", "rate_limited"]);

/** How long to wait for an answer; after that, a new try is more likely to get one. Milliseconds. */
const PATIENCE = 30_000;

/**
 * @param {"GET" | "POST" | "DELETE"} method @param {string} path
 * @param {{token?: string, body?: object, accept?: string, signal?: AbortSignal}} [options]
 * @returns {Promise<Response>} a successful response
 * @throws {ApiError}
 */
async function send(method, path, { token, body, accept = "application/json", signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: accept };
  // No header can carry such a token: fetch() would throw, as it does without a network.
  if (token && !/^[\x20-\x7e]*$/.test(token)) throw new ApiError("bad_token", "The token is not valid.");
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  /** @type {Response} */
  let response;
  if (method === "GET") signal ??= AbortSignal.timeout(PATIENCE);
  try {
    response = await fetch(BASE + path, { method, headers, body: body && JSON.stringify(body), signal });
  } catch {
    throw new ApiError("unreachable", "The server cannot be reached.");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  // A revoked token is handled like an unknown one.
  const code = problem.code === "revoked" ? "bad_token" : problem.code;
  throw new ApiError(code ?? `http_${response.status}`, problem.detail ?? response.statusText, (problem.retry_after ?? 0) * 1000);
}

/**
 * @param {"GET" | "POST"} method @param {string} path @param {{token?: string, body?: object, signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 * @throws {ApiError}
 */
async function request(method, path, options) {
  const response = await send(method, path, options);
  try {
    return await response.json();
  } catch {
    throw new ApiError("unreachable", "The server’s answer did not arrive.");
  }
}

/** @param {string} id */
const meetingPath = (id) => `/api/meetings/${encodeURIComponent(id)}`;

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

/**
 * Tells the server that the page is going away. A beacon outlives the page, and nobody waits for an answer.
 * @param {{session: string, attempt: number, back_in: number}} goodbye
 */
export const sayGoodbye = (goodbye) =>
  navigator.sendBeacon(`${BASE}/api/goodbye`, new Blob([JSON.stringify(goodbye)], { type: "application/json" }));

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
 * @param {string} token @param {string} id @param {{after?: string, instance: string}} which @returns {Promise<any>}
 */
export const getAttendance = (token, id, which) => request("GET", `${meetingPath(id)}/attendance${query(which)}`, { token });

/**
 * One page of the registrants of an imported meeting who did not come.
 * @param {string} token @param {string} id @param {{after?: string, instance: string}} which
 * @returns {Promise<{next: string | null, registrants: any[]}>}
 */
export const getAbsent = (token, id, which) =>
  request("GET", `${meetingPath(id)}/registrants${query({ came: "no", ...which })}`, { token });

/** What a row is; with `dates` a person, with a column for each instance of a series. @typedef {"stays" | "people" | "registrants" | "dates"} Rows */

/** As a CSV file. @param {string} token @param {string} id @param {Rows} rows @param {string} instance @returns {Promise<Blob>} */
export async function downloadAttendance(token, id, rows, instance) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const wanted = rows === "dates" ? { by: "instance", zone } : { rows, instance };
  const response = await send("GET", `${meetingPath(id)}/attendance${query({ format: "csv", ...wanted })}`, { token, accept: "text/csv" });
  return response.blob().catch(() => {
    throw new ApiError("unreachable", "The file did not arrive.");
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
