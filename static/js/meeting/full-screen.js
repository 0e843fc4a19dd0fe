/** Full screen, of the meeting or of one tile. @param {HTMLElement} element */
export async function turnFullScreen(element) {
  try {
    if (document.fullscreenElement === element) await document.exitFullscreen();
    else await element.requestFullscreen();
  } catch {
    // Not allowed in this frame, or not without a click.
  }
}

/** Phones may have it for videos alone. */
export const canFillScreen = () => document.fullscreenEnabled === true;
