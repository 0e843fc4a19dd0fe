/** A text to be copied: by a button or, where the browser does not allow that, by hand. */
import { part, write } from "./dom.js";
import { t } from "../words/words.js";

export class CopyField {
  #root;
  #field;

  /** @param {Element} root  with the parts `link` (a field), `copy` (a button) and `copied` (a status) */
  constructor(root) {
    this.#root = root;
    this.#field = part(root, "link", HTMLInputElement);
  }

  /** @param {AbortSignal} signal */
  start(signal) {
    part(this.#root, "copy").addEventListener("click", () => void this.#copy(), { signal });
    this.#field.addEventListener("focus", () => this.#field.select(), { signal });
    // Enter does not close the dialog around it.
    this.#field.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault(), { signal });
  }

  /** @param {string} text  "": there is nothing to copy any more */
  show(text) {
    this.set(text);
    write(part(this.#root, "copied"), "");
    /** @type {HTMLElement} */ (this.#root).hidden = !text;
    if (text) this.#field.focus();
  }

  /** What there is from the beginning. @param {string} text */
  set(text) {
    this.#field.value = text;
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#field.value);
      write(part(this.#root, "copied"), t("Copied"));
    } catch {
      this.#field.focus();
      write(part(this.#root, "copied"), t("Copying was not allowed. The text is selected: copy it by the keyboard."));
    }
  }
}
