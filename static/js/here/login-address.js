/** Where people log in with the application in front, if whoever runs the server has said. */

/**
 * The address to log in at and to come back from. `back` is made here, and never taken from an address.
 * @param {string} back  a page of this server @returns {string} "" if there is none, or if the page around this one knows who people are
 */
export function loginAddress(back) {
  const said = document.querySelector('meta[name="login-url"]')?.getAttribute("content") ?? "";
  return window.parent === window ? said.replaceAll("{return}", encodeURIComponent(back)) : "";
}
