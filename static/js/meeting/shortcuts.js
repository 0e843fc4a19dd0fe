import { Switch } from "./switch.js";
import { t } from "../words/words.js";

/**
 * Single-key shortcuts. WCAG 2.1.4 requires a way to turn them off, as speech input may trigger them.
 *
 * @typedef {"audio" | "video" | "screen" | "hand" | "people" | "copy" | "view" | "previous" | "next" | "full-screen" | "floating" | "leave" | "help"} Command
 * @type {readonly {key: string, shift?: boolean, command: Command, label: string}[]}
 */
export const SHORTCUTS = Object.freeze([
  { key: "m", command: "audio", label: t("Microphone on or off") },
  { key: "v", command: "video", label: t("Camera on or off") },
  { key: "s", command: "screen", label: t("Share your screen, or stop") },
  { key: "h", command: "hand", label: t("Raise or lower your hand") },
  { key: "p", command: "people", label: t("Show who is here") },
  { key: "c", command: "copy", label: t("Copy the link") },
  { key: "g", command: "view", label: t("Grid or speaker view") },
  { key: ",", command: "previous", label: t("Previous page of participants") },
  { key: ".", command: "next", label: t("Next page of participants") },
  { key: "f", command: "full-screen", label: t("Full screen, or not") },
  { key: "i", command: "floating", label: t("Picture in picture") },
  { key: "l", shift: true, command: "leave", label: t("Leave") },
  { key: "?", command: "help", label: t("This list") },
]);

const OFF = "reconvene.shortcuts-off";

export class Shortcuts extends Switch {
  #watch = new AbortController();

  /** @param {import("../here/storage.js").PageStorage} storage */
  constructor(storage) {
    super(storage, OFF);
  }

  /** @param {(command: Command) => void} run */
  start(run) {
    document.addEventListener("keydown", (event) => this.#pressed(event, run), { signal: this.#watch.signal });
  }

  stop() {
    this.#watch.abort();
  }

  /** @param {KeyboardEvent} event @param {(command: Command) => void} run */
  #pressed(event, run) {
    if (!this.enabled || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target instanceof Element && event.target.closest("input, textarea, select, dialog")) return;
    const key = event.key.toLowerCase();
    const found = SHORTCUTS.find((shortcut) => shortcut.key === key && (key === "?" || event.shiftKey === Boolean(shortcut.shift)));
    if (!found) return;
    event.preventDefault();
    run(found.command);
  }
}
