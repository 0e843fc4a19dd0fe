/** The lists of microphones and cameras; each shows itself once there is something to choose. */
import { fromTemplate, part } from "./dom.js";

/** @typedef {import("./devices.js").Kind} Kind */

export class DevicePicker {
  element = fromTemplate("device-picker");
  #media;
  #watch = new AbortController();

  /** @param {import("./devices.js").LocalMedia} media */
  constructor(media) {
    this.#media = media;
  }

  start() {
    const { signal } = this.#watch;
    const refresh = () => void this.#refresh();
    this.#media.on("change", refresh, { signal });
    navigator.mediaDevices?.addEventListener("devicechange", refresh, { signal });
    for (const kind of /** @type {Kind[]} */ (["audio", "video"])) {
      const select = part(this.element, kind, HTMLSelectElement);
      select.addEventListener("change", () => void this.#media.choose(kind, select.value), { signal });
    }
    refresh();
  }

  stop() {
    this.#watch.abort();
  }

  async #refresh() {
    for (const kind of /** @type {Kind[]} */ (["audio", "video"])) {
      const devices = await this.#media.list(kind);
      const select = part(this.element, kind, HTMLSelectElement);
      const track = kind === "audio" ? this.#media.microphone : this.#media.camera;
      select.replaceChildren(...devices.map(({ deviceId, label }, index) => new Option(label || `${kind === "audio" ? "Microphone" : "Camera"} ${index + 1}`, deviceId)));
      select.value = track?.getSettings().deviceId ?? this.#media.chosen[kind] ?? devices[0]?.deviceId ?? "";
      select.disabled = devices.length === 0;
      if (devices.length === 0) select.replaceChildren(new Option(kind === "audio" ? "No microphone" : "No camera"));
    }
  }
}
