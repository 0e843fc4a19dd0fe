/** The server's HTTP routes. */

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
  /** @param {string} code as in the protocol's errors, or "unreachable" @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * @param {"GET" | "POST"} method @param {string} path
 * @param {{token?: string, body?: object}} [options]
 * @returns {Promise<any>}
 * @throws {ApiError}
 */
async function request(method, path, { token, body } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new ApiError("unreachable", "The server cannot be reached.");
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new ApiError(answer.code ?? `http_${response.status}`, answer.detail ?? response.statusText);
}

/** @param {string} [name] @returns {Promise<{token: string, user_id: string}>} */
export const newIdentity = (name) => request("POST", "/api/identity", { body: name ? { name } : {} });

/** @param {string} id @returns {Promise<MeetingInfo>} */
export const getMeeting = (id) => request("GET", `/api/meetings/${encodeURIComponent(id)}`);

/** Gets or creates. @param {string} token @param {{meeting?: string, title?: string}} wish @returns {Promise<MeetingInfo>} */
export const createMeeting = (token, wish) => request("POST", "/api/meetings", { token, body: wish });

/** @param {string} token @param {string} id @returns {Promise<void>} */
export const endMeeting = (token, id) => request("POST", `/api/meetings/${encodeURIComponent(id)}/end`, { token });
