/** Requests to the routes of a server. */
import { ReconveneError } from "./errors.js";
import { isOwn } from "./server-address.js";

/** How long to wait for an answer; after that, a new try is more likely to get one. Milliseconds. */
export const PATIENCE = 30_000;

/**
 * @typedef {"GET" | "POST" | "DELETE"} Method
 * @typedef {{token?: string, body?: object, accept?: string, signal?: AbortSignal}} RequestOptions
 */

/**
 * Asks a server.
 * @param {string} server  its address @param {Method} method @param {string} path @param {RequestOptions} [options]
 * @returns {Promise<Response>} a successful response
 * @throws {ReconveneError}
 */
export async function fetchAnswer(server, method, path, { token, body, accept = "application/json", signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: accept };
  // No header can carry such a token: fetch() would throw, as it does without a network.
  if (token && !/^[\x20-\x7e]*$/.test(token)) throw new ReconveneError("bad_token", "The token is not valid.");
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  /** @type {Response} */
  let response;
  if (method === "GET") signal ??= AbortSignal.timeout(PATIENCE);
  try {
    response = await fetch(server + path, { method, headers, ...(body && { body: JSON.stringify(body) }), ...(signal && { signal }) });
  } catch {
    throw new ReconveneError("unreachable", isOwn(server) ? "The server cannot be reached." : `The server cannot be reached, or lets no pages of ${location.origin} in.`);
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  // A revoked token is handled like an unknown one.
  const code = problem.code === "revoked" ? "bad_token" : problem.code;
  throw new ReconveneError(code ?? `http_${response.status}`, problem.detail ?? response.statusText, (problem.retry_after ?? 0) * 1000);
}

/**
 * The same, and reads what is answered.
 * @param {string} server @param {Method} method @param {string} path @param {RequestOptions} [options]
 * @returns {Promise<any>} what its JSON says
 * @throws {ReconveneError}
 */
export async function request(server, method, path, options) {
  const response = await fetchAnswer(server, method, path, options);
  try {
    return await response.json();
  } catch {
    throw new ReconveneError("unreachable", "The server’s answer did not arrive.");
  }
}
