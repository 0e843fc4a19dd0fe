/** The microphone is on while Space is held. */
import { Switch } from "./switch.js";

const OFF = "reconvene.push-to-talk-off";
/** Where Space means something else. */
const ELSEWHERE = "input, textarea, select, button, a, summary, video, dialog, [contenteditable], [role=button], [role=slider], [tabindex]:not([tabindex='-1'])";

export class PushToTalk extends Switch {
  #held = false;
  #watch = new AbortController();

  /** @param {import("../here/storage.js").PageStorage} storage */
  constructor(storage) {
    super(storage, OFF);
  }

  /** @param {() => boolean} isOff  whether the microphone is @param {(on: boolean) => void} talk */
  start(isOff, talk) {
    const { signal } = this.#watch;
    const release = () => {
      if (this.#held) talk((this.#held = false));
    };
    document.addEventListener(
      "keydown",
      (event) => {
        if (event.code !== "Space" || !this.enabled || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
        const isElsewhere = (event.target instanceof Element && event.target.closest(ELSEWHERE)) || document.querySelector("dialog[open], :popover-open");
        if (this.#held || !isElsewhere) event.preventDefault(); // It would scroll.
        if (event.repeat || this.#held || isElsewhere || !isOff()) return;
        talk((this.#held = true));
      },
      { signal },
    );
    // Space would press again what was just clicked: a microphone that was turned off there.
    const leave = (/** @type {MouseEvent} */ { detail, target }) => {
      const button = target instanceof Element ? target.closest("button[aria-pressed]") : null;
      if (detail > 0 && this.enabled && button instanceof HTMLElement && !button.closest("dialog, [popover]")) button.blur();
    };
    document.addEventListener("click", leave, { signal });
    document.addEventListener("keyup", (event) => event.code === "Space" && release(), { signal });
    // The key may be let go elsewhere.
    window.addEventListener("blur", release, { signal });
    document.addEventListener("visibilitychange", release, { signal });
    signal.addEventListener("abort", release);
  }

  stop() {
    this.#watch.abort();
  }
}
