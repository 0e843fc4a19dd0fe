/**
 * Whether the page is being reloaded, as far as a page can tell: by its keys or by a script, not by the browser's button.
 * A reload says no goodbye, so that the place is kept however long it takes.
 */

/** Of an attempt that came to nothing, as when another program took the keys. Milliseconds. */
const FORGET = 5_000;

let since = -Infinity;

window.addEventListener("keydown", ({ key, ctrlKey, metaKey, timeStamp }) => {
  if (key === "F5" || ((ctrlKey || metaKey) && key.toLowerCase() === "r")) since = timeStamp;
});
window.navigation?.addEventListener("navigate", ({ navigationType, timeStamp }) => {
  if (navigationType === "reload") since = timeStamp;
});

/** @param {Event} event  of leaving the page */
export const isReload = ({ timeStamp }) => timeStamp - since < FORGET;
