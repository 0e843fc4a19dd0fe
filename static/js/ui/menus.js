/** Menus, which are popovers: the arrow keys go around among what there is to choose. */

/** @type {Record<string, number>} */
const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** @param {HTMLElement} menu @param {AbortSignal} signal  ends it */
export function moveByArrows(menu, signal) {
  menu.addEventListener("keydown", (event) => moved(menu, event), { signal });
}

/** @param {HTMLElement} menu @param {KeyboardEvent} event */
function moved(menu, event) {
  const step = STEPS[event.key];
  if (!step) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll("button, a")].filter((item) => item instanceof HTMLElement && !item.hidden);
  const at = items.findIndex((item) => item === document.activeElement);
  /** @type {HTMLElement | undefined} */ (items[(at + step + items.length) % items.length])?.focus();
}
