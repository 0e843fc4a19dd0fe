/** The lists of microphones and cameras; an empty list says why. */
import { Reconvene } from "../../sdk/reconvene.js";
import { HERE } from "../here/addresses.js";
import { fromTemplate, part } from "../ui/dom.js";
import { SoundSettings } from "./sound-settings.js";
import { t } from "../words/words.js";

/**
 * @typedef {import("../../sdk/reconvene.js").Kind} Kind
 * @typedef {[deviceId: string, text: string][]} Choices
 */

const KINDS = /** @type {const} */ (["audio", "video"]);

export class DevicePicker {
  element = fromTemplate("device-picker");
  #media;
  #all = new Reconvene({ server: HERE }).devices;
  #sound;
  #watch = new AbortController();
  /** What the lists show, by kind. @type {Partial<Record<Kind, string>>} */
  #shown = {};

  /**
   * @param {import("../../sdk/reconvene.js").LocalMedia} media @param {import("./device-memory.js").DeviceMemory} memory
   * @param {number} people  in the meeting
   */
  constructor(media, memory, people) {
    this.#media = media;
    this.#sound = new SoundSettings(media, memory, people);
    this.element.append(this.#sound.element);
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
    this.#sound.start();
  }

  stop() {
    this.#sound.stop();
    this.#watch.abort();
  }

  /** @param {Kind} kind */
  async #refresh(kind) {
    const listed = await this.#all.list(kind);
    const known = listed.filter(({ id }) => id);
    const { errors, states } = this.#media;
    const select = part(this.element, kind, HTMLSelectElement);
    /** @type {Choices} */
    const choices = known.map(({ id, label }, index) => [id, label || numbered(kind, index + 1)]);
    if (!known.length) choices.push(["", whyNone(kind, errors[kind], states[kind], listed.length > 0)]);
    // Rewriting an open list would close it.
    if (this.#shown[kind] !== JSON.stringify(choices)) select.replaceChildren(...choices.map(([deviceId, text]) => new Option(text, deviceId)));
    this.#shown[kind] = JSON.stringify(choices);
    select.value = this.#media.inUse(kind) || choices[0][0];
    if (select.selectedIndex < 0) select.selectedIndex = 0;
    select.disabled = !known.length;
  }
}

/**
 * @param {Kind} kind @param {import("../../sdk/reconvene.js").DeviceError | null} error
 * @param {import("../../sdk/reconvene.js").DeviceState} state @param {boolean} some  devices exist, but the browser does not list them
 */
function whyNone(kind, error, state, some) {
  if (error === "refused") return t("Not allowed in your browser");
  if (error === "system") return t("Not allowed by your system");
  if (error === "insecure" || !navigator.mediaDevices) return t("On https pages only");
  if (state === "asking") return t("Waiting for your permission");
  if (kind === "audio") return some ? t("Allow the microphone to choose one") : t("No microphone found");
  return some ? t("Allow the camera to choose one") : t("No camera found");
}

/** What has no name. @param {Kind} kind @param {number} number */
const numbered = (kind, number) => (kind === "audio" ? t("Microphone {number}", { number }) : t("Camera {number}", { number }));
