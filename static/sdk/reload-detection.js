/**
 * Whether the page is being reloaded, as far as a page can tell: by its keys or by a script, not by the browser's button.
 * A reload sends no goodbye, so that the place is kept for the whole grace. Any other page that goes away may be reloading
 * too, and says how long that would take.
 */

/** When to forget a reload that did not happen, as when another program took the keys. Milliseconds. */
const FORGET = 5_000;

/** Seconds. The server accepts only these. */
const LEAST = 3;
const MOST = 15;

/** When all modules were loaded: milliseconds since the page was requested. */
const loadedAfter = performance.now();

let since = -Infinity;

// A server that renders an application's pages loads this, too, and has no window.
globalThis.window?.addEventListener("keydown", ({ key, ctrlKey, metaKey, timeStamp }) => {
  if (key === "F5" || ((ctrlKey || metaKey) && key.toLowerCase() === "r")) since = timeStamp;
});
globalThis.window?.navigation?.addEventListener("navigate", ({ navigationType, timeStamp }) => {
  if (navigationType === "reload") since = timeStamp;
});

/** @param {Event} event  of leaving the page */
export const isReload = ({ timeStamp }) => timeStamp - since < FORGET;

/**
 * Seconds within which the page would be back in the meeting if it were reloaded: twice what it took the last time.
 * @param {number} joinTook  milliseconds
 */
export const backIn = (joinTook) => Math.min(Math.max((2 * (loadedAfter + joinTook)) / 1000, LEAST), MOST);
