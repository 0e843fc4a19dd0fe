/**
 * The addresses of this server's own: its pages, its routes, its socket. It may be reached below a prefix
 * (`/meet/m/ABC123`), which is what stands before `/static/` where this very module was loaded from.
 */

/** The prefix: `/meet`, or nothing. Every path of this server's begins with it. */
export const BASE = new URL(import.meta.url).pathname.replace(/\/static\/.*$/, "");
/** What links of this server's begin with. */
export const HERE = `${location.origin}${BASE}`;
/** The same, as it is shown. */
export const HERE_SHOWN = `${location.host}${BASE}`;

export const HOME = `${BASE}/`;
export const RECORDS = `${BASE}/attendance`;
export const SOCKET = `${HERE.replace(/^http/, "ws")}/ws`;

/** @param {string} id  of a meeting */
export const meetingPage = (id) => `${BASE}/m/${id}`;
/** @param {string} id  of a meeting */
export const attendancePage = (id) => `${BASE}/m/${id}/attendance`;
/** @param {string} id  of a meeting */
export const meetingLink = (id) => `${location.origin}${meetingPage(id)}`;

/** A path without the prefix. @param {string} path @returns {string | null} null for what is none of this server's */
export function ownPath(path) {
  if (path === BASE) return "/";
  return path.startsWith(`${BASE}/`) ? path.slice(BASE.length) : null;
}

/** Which page this is, without the prefix. Whoever comes past the proxy that adds it has none in the address. */
export const pathHere = () => ownPath(location.pathname) ?? location.pathname;
