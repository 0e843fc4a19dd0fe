/**
 * Says whether the page is about to show something. A failure then would leave it blank or waiting for ever, so
 * start-failure.js reports it. A page that has just loaded is underway.
 *
 * @param {boolean} isUnderway
 */
export function underway(isUnderway) {
  document.body.toggleAttribute("data-underway", isUnderway);
  // Dispatched synchronously, so that the new view can take the focus.
  if (!isUnderway) window.dispatchEvent(new Event("arrived"));
}
