/** Short messages in a live region: announced by screen readers, removed by themselves. */
const STAY = 4_500;
/** Milliseconds for each letter: long messages take longer to read. */
const READ = 60;
const MOST = 3;

export class Toasts {
  #region;

  /** @param {HTMLElement} region */
  constructor(region) {
    this.#region = region;
  }

  /** Returns what takes it away before its time. @param {string} text @returns {() => void} */
  show(text) {
    const toast = document.createElement("p");
    toast.className = "toast";
    toast.textContent = text;
    this.#region.append(toast);
    while (this.#region.childElementCount > MOST) this.#region.firstElementChild?.remove();
    setTimeout(() => toast.remove(), Math.max(STAY, READ * text.length));
    return () => toast.remove();
  }

  clear() {
    this.#region.replaceChildren();
  }
}
