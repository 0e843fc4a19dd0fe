/** The lists of microphones and cameras; an empty list says why. */
import { KINDS, inputs } from "../../sdk/capture.js";
import { fromTemplate, part } from "../ui/dom.js";
import { NAMES } from "../ui/device-errors.js";

/**
 * @typedef {import("../../sdk/capture.js").Kind} Kind
 * @typedef {[deviceId: string, text: string][]} Choices
 */

export class DevicePicker {
  element = fromTemplate("device-picker");
  #media;
  #watch = new AbortController();
  /** What the lists show, by kind. @type {Partial<Record<Kind, string>>} */
  #shown = {};

  /** @param {import("../../sdk/devices.js").LocalMedia} media */
  constructor(media) {
    this.#media = media;
  }

  start() {
    const { signal } = this.#watch;
    const refresh = () => KINDS.forEach((kind) => void this.#refresh(kind));
    this.#media.on("change", refresh, { signal });
    navigator.mediaDevices?.addEventListener?.("devicechange", refresh, { signal });
    for (const kind of KINDS) {
      const select = part(this.element, kind, HTMLSelectElement);
      select.addEventListener("change", () => this.#media.choose(kind, select.value), { signal });
    }
    refresh();
  }

  stop() {
    this.#watch.abort();
  }

  /** @param {Kind} kind */
  async #refresh(kind) {
    const listed = await inputs(kind);
    const known = listed.filter(({ deviceId }) => deviceId);
    const { chosen, track, error, state } = this.#media.devices[kind];
    const select = part(this.element, kind, HTMLSelectElement);
    /** @type {Choices} */
    const choices = known.map(({ deviceId, label }, index) => [deviceId, label || `${capital(NAMES[kind])} ${index + 1}`]);
    if (!known.length) choices.push(["", whyNone(kind, error, state, listed.length > 0)]);
    // Rewriting an open list would close it.
    if (this.#shown[kind] !== JSON.stringify(choices)) select.replaceChildren(...choices.map(([deviceId, text]) => new Option(text, deviceId)));
    this.#shown[kind] = JSON.stringify(choices);
    select.value = track?.getSettings().deviceId ?? (chosen || choices[0][0]);
    if (select.selectedIndex < 0) select.selectedIndex = 0;
    select.disabled = !known.length;
  }
}

/**
 * @param {Kind} kind @param {import("../../sdk/capture.js").DeviceError | null} error
 * @param {import("../../sdk/device.js").DeviceState} state @param {boolean} some  devices exist, but the browser does not list them
 */
function whyNone(kind, error, state, some) {
  const name = NAMES[kind];
  if (error === "refused") return "Not allowed in your browser";
  if (error === "system") return "Not allowed by your system";
  if (error === "insecure" || !navigator.mediaDevices) return "On https pages only";
  if (state === "asking") return "Waiting for your permission";
  return some ? `Allow the ${name} to choose one` : `No ${name} found`;
}

/** @param {string} text */
const capital = (text) => text[0].toUpperCase() + text.slice(1);
