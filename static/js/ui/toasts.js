/** Short messages in a live region: read out by screen readers, gone by themselves. */
const STAY = 4_500;
/** Long ones take longer to read: so much for each letter. */
const READ = 60;
const MOST = 3;

export class Toasts {
  #region;

  /** @param {HTMLElement} region */
  constructor(region) {
    this.#region = region;
  }

  /** @param {string} text */
  show(text) {
    const toast = document.createElement("p");
    toast.className = "toast";
    toast.textContent = text;
    this.#region.append(toast);
    while (this.#region.childElementCount > MOST) this.#region.firstElementChild?.remove();
    setTimeout(() => toast.remove(), Math.max(STAY, READ * text.length));
  }

  clear() {
    this.#region.replaceChildren();
  }
}
