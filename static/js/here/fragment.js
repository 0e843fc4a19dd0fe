/**
 * What a link to a page of this server says behind “#”, which browsers send to no server: a login (`#token=…`) and an invitation
 * (`#invite=…`).
 */
const NAMES = ["token", "invite"];

/** Takes it out of the page's address. @returns {{token?: string, invite?: string}} with neither, if the link says neither */
export function takeFragment() {
  const said = new URLSearchParams(location.hash.slice(1));
  const taken = NAMES.filter((name) => said.has(name));
  if (taken.length) history.replaceState(history.state, "", location.pathname + location.search);
  return Object.fromEntries(taken.flatMap((name) => (said.get(name) ? [[name, said.get(name)]] : [])));
}

/** As a link says it. @param {{token?: string | undefined, invite?: string | undefined}} said @returns {string} "" if there is nothing to say */
export const fragmentOf = ({ token, invite }) => new URLSearchParams({ ...(token && { token }), ...(invite && { invite }) }).toString();

/** The address of a page of this server, with a login for it. @param {string} address @param {string | undefined} token */
export const withToken = (address, token) => (token ? `${address}#${fragmentOf({ token })}` : address);
