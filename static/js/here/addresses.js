/**
 * The addresses of this server's pages and routes. The server may be reached below a prefix
 * (`/meet/m/ABC123`): what precedes `/static/` in the address of this module.
 */

/** The prefix: `/meet`, or nothing. Every path of this server begins with it. */
export const BASE = new URL(import.meta.url).pathname.replace(/\/static\/.*$/, "");
/** The beginning of links to this server. */
export const HERE = `${location.origin}${BASE}`;
/** The same, as shown to people. */
export const HERE_SHOWN = `${location.host}${BASE}`;

export const HOME = `${BASE}/`;
export const RECORDS = `${BASE}/attendance`;

/** @param {string} id  of a meeting */
export const meetingPage = (id) => `${BASE}/m/${id}`;
/** @param {string} id  of a meeting */
export const attendancePage = (id) => `${BASE}/m/${id}/attendance`;
/** The meeting’s link as a picture. @param {string} id  of a meeting */
export const qrCode = (id) => `${BASE}/api/meetings/${id}/qr.svg`;
/** @param {string} id  of a meeting */
export const meetingLink = (id) => `${location.origin}${meetingPage(id)}`;

/** A path without the prefix. @param {string} path @returns {string | null} null if the path is not this server's */
export function ownPath(path) {
  if (path === BASE) return "/";
  return path.startsWith(`${BASE}/`) ? path.slice(BASE.length) : null;
}

/** This page's path without the prefix. A page loaded past the proxy that adds the prefix has none in its address. */
export const pathHere = () => ownPath(location.pathname) ?? location.pathname;
