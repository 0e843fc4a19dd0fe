/**
 * Each page of this server has its login in its own memory: a link to another one hands it over behind “#”, as the
 * application does. It stands in the link while it is followed and not before, so that nobody copies it.
 */
import { ownPath } from "./addresses.js";
import { withToken } from "./fragment.js";

/** Pages that know what to do with a login. */
const TAKE_IT = /^\/(?:m\/[^/]+(?:\/attendance)?\/?)?$/;

/** @param {import("./login.js").Login} login */
export function carryLogin(login) {
  const carry = (/** @type {MouseEvent} */ event) => {
    // The right button opens a menu, which copies the link as it stands.
    if (event.button === 2) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || event.defaultPrevented || !login.token || link.origin !== location.origin || link.hash) return;
    if (!TAKE_IT.test(ownPath(link.pathname) ?? "")) return;
    const plain = link.getAttribute("href") ?? "";
    link.href = withToken(plain, login.token);
    // The browser goes there once everybody has heard of the event.
    setTimeout(() => link.setAttribute("href", plain));
  };
  document.addEventListener("click", carry);
  document.addEventListener("auxclick", carry);
}
