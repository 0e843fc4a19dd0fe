/**
 * Whether the page is on its way to what it shows next. What fails meanwhile would leave it blank or waiting for ever, and
 * start-failure.js says so instead. It is on its way when it is loaded.
 *
 * @param {boolean} isUnderway
 */
export function underway(isUnderway) {
  document.body.toggleAttribute("data-underway", isUnderway);
  // Heard at once: only then can what is shown take the focus.
  if (!isUnderway) window.dispatchEvent(new Event("arrived"));
}
