/** The address of a server: `https://meet.example.org/meet`, without a slash at its end. Its routes are below it. */

/** A module of a server's page, or the one file that it serves for other pages. */
const SERVED = /^(.*)\/(?:static\/(?:[0-9a-f]{16}\/)?sdk\/[\w-]+\.js|sdk\/[\w.]+\/reconvene\.js)$/;

/** The server that a module was loaded from. @param {string} module  its address @returns {string} "" if it comes from elsewhere */
export function servedFrom(module) {
  const { origin, pathname } = new URL(module);
  const base = pathname.match(SERVED)?.[1];
  return base === undefined ? "" : origin + base;
}

/** @param {string | URL} text @returns {string} @throws {TypeError} if it is none */
export function readServer(text) {
  const { protocol, origin, pathname } = new URL(text);
  if (protocol !== "https:" && protocol !== "http:") throw new TypeError(`A server has an address such as https://meet.example.org, not ${text}.`);
  return origin + pathname.replace(/\/+$/, "");
}

/** The address of its WebSocket. @param {string} server */
export const socketOf = (server) => `${server.replace(/^http/, "ws")}/ws`;

/** Whether this page is of the same origin. @param {string} server */
export const isOwn = (server) => new URL(server).origin === location.origin;
