/** Where sound comes out: loudspeakers and headphones, where the browser lets pages choose. */
import { ReconveneError } from "./errors.js";

/**
 * @typedef {Readonly<{id: string, label: string}>} Output
 * @typedef {HTMLMediaElement & {setSinkId?: (id: string) => Promise<void>}} Playing
 * @typedef {{selectAudioOutput?: () => Promise<MediaDeviceInfo>}} Asking
 */

export class Speaker {
  /** What plays by it. @type {Set<WeakRef<Playing>>} */
  #playing = new Set();
  /** @type {WeakSet<Playing>} */
  #known = new WeakSet();
  #chosen = "";

  /** Whether the browser lets pages choose at all. */
  get possible() {
    return "setSinkId" in HTMLMediaElement.prototype && Boolean(navigator.mediaDevices);
  }

  /** Whether the browser has a dialog of its own for it (`ask`), and lists only what was chosen there. */
  get asks() {
    return typeof (/** @type {Asking | undefined} */ (navigator.mediaDevices)?.selectAudioOutput) === "function";
  }

  /** "": the system's. */
  get chosen() {
    return this.#chosen;
  }

  /** Those there are. Without ids and labels until the person has allowed a microphone, or has chosen one. @returns {Promise<readonly Output[]>} */
  async list() {
    if (!this.possible) return [];
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    return Object.freeze(devices.filter(({ kind, deviceId }) => kind === "audiooutput" && deviceId).map(({ deviceId: id, label }) => Object.freeze({ id, label })));
  }

  /** Plays by this one from now on. @param {string} id  "": the system's @throws {ReconveneError} `missing`, and then goes on as before */
  async choose(id) {
    const before = this.#chosen;
    this.#chosen = id;
    try {
      await Promise.all([...this.#alive()].map((element) => element.setSinkId?.(id)));
    } catch (error) {
      if (this.#chosen === id) this.#chosen = before;
      await Promise.allSettled([...this.#alive()].map((element) => element.setSinkId?.(this.#chosen)));
      throw new ReconveneError("missing", error instanceof Error ? error.message : String(error));
    }
  }

  /** Has the browser ask for one, after a click or a key. @returns {Promise<boolean>} false if the person chose none */
  async ask() {
    try {
      const { deviceId } = (await /** @type {Asking} */ (navigator.mediaDevices).selectAudioOutput?.()) ?? { deviceId: "" };
      await this.choose(deviceId);
      return true;
    } catch {
      return false;
    }
  }

  /** This element plays by what is chosen, now and later. @param {HTMLMediaElement} element */
  follow(element) {
    if (!this.possible || this.#known.has(element)) return;
    this.#known.add(element);
    this.#playing.add(new WeakRef(/** @type {Playing} */ (element)));
    // One that was unplugged: the element plays by the system's.
    if (this.#chosen) /** @type {Playing} */ (element).setSinkId?.(this.#chosen).catch(() => {});
  }

  /** While the chosen one is unplugged, it plays by the system's. @param {AbortSignal} signal  ends it */
  watch(signal) {
    if (this.possible) navigator.mediaDevices.addEventListener("devicechange", () => void this.#look(), { signal });
  }

  async #look() {
    const listed = await this.list();
    // Nobody knows what is there before the person has allowed a microphone.
    if (!this.#chosen || !listed.length) return;
    const id = listed.some((each) => each.id === this.#chosen) ? this.#chosen : "";
    for (const element of this.#alive()) if (/** @type {{sinkId?: string}} */ (element).sinkId !== id) element.setSinkId?.(id).catch(() => {});
  }

  *#alive() {
    for (const reference of this.#playing) {
      const element = reference.deref();
      if (element) yield element;
      else this.#playing.delete(reference);
    }
  }
}
