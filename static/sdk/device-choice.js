/** The microphones and cameras of this browser: which there are, which one to use, and whether it works. */
import { KINDS, PROCESSING, capture, deviceErrorOf, inputs, stopTracks } from "./capture.js";
import { ReconveneError } from "./errors.js";
import { LevelMeter } from "./levels.js";

/**
 * @typedef {import("./capture.js").Kind} Kind
 * @typedef {Readonly<{kind: Kind, id: string, label: string}>} Input  Without id and label until the person has allowed one.
 * @typedef {import("./devices.js").LocalMedia} LocalMedia
 *
 * @typedef {object} Trial  A device that is tried.
 * @property {MediaStream} stream
 * @property {() => number} level  How loud it is now, 0 to 1; 0 for a camera.
 * @property {() => void} stop
 */

export class DeviceChoice {
  /** @type {Partial<Record<Kind, string>>} */
  #chosen = {};
  /** @type {Partial<import("./capture.js").Processing>} */
  #processing = {};
  /** The media of the meetings that go on. @type {Set<LocalMedia>} */
  #inUse = new Set();

  /** @param {Kind} [kind]  default: both @returns {Promise<readonly Input[]>} */
  async list(kind) {
    const kinds = kind ? [kind] : KINDS;
    const found = await Promise.all(kinds.map(async (each) => (await inputs(each)).map(({ deviceId: id, label }) => Object.freeze({ kind: each, id, label }))));
    return Object.freeze(found.flat());
  }

  /** Uses this device from now on, in meetings that go on and in later ones. @param {Kind} kind @param {string} id  "": the browser's choice */
  choose(kind, id) {
    this.#chosen[kind] = id;
    for (const media of this.#inUse) media.choose(kind, id);
  }

  /** What is done to the sound of the microphone from now on, in meetings that go on and in later ones. @param {Partial<import("./capture.js").Processing>} change */
  process(change) {
    this.#processing = { ...this.#processing, ...change };
    for (const media of this.#inUse) media.process(change);
  }

  /** Opens the chosen device; it stays open until `stop`. @param {Kind} kind @returns {Promise<Trial>} @throws {ReconveneError} with a `DeviceError` as its code */
  async test(kind) {
    /** @type {MediaStream} */
    let stream;
    try {
      stream = await capture({ [kind]: this.#chosen[kind] ?? "" }, { ...PROCESSING, ...this.#processing });
    } catch (error) {
      const code = deviceErrorOf(error, (await inputs(kind)).length);
      throw new ReconveneError(code, error instanceof Error ? error.message : String(error));
    }
    const meter = new LevelMeter();
    meter.listen(stream.getAudioTracks()[0] ?? null);
    return {
      stream,
      level: () => meter.level,
      stop: () => {
        meter.stop();
        stopTracks(stream);
      },
    };
  }

  /** A new meeting has these media. @param {LocalMedia} media @internal */
  tell(media) {
    this.#inUse.add(media);
    media.process(this.#processing);
    for (const kind of KINDS) if (this.#chosen[kind]) media.choose(kind, this.#chosen[kind]);
  }

  /** Its meeting is over. @param {LocalMedia} media @internal */
  leave(media) {
    this.#inUse.delete(media);
  }
}
