/** What is remembered of devices in this browser: the loudspeaker, and what is done to the sound of the microphone. */
import { PROCESSING, Speaker } from "../../sdk/reconvene.js";

/** @typedef {import("../../sdk/reconvene.js").Processing} Processing */

const PROCESS = "reconvene.processing";
const SPEAKER = "reconvene.speaker";
const SOUNDS = "reconvene.sounds";
/** People from whom on nobody is told by sounds who comes, unless they want to be. */
const BIG = 12;
const NAMES = /** @type {(keyof Processing)[]} */ (Object.keys(PROCESSING));

export class DeviceMemory {
  speaker = new Speaker();
  #storage;

  /** @param {import("../here/storage.js").PageStorage} storage */
  constructor(storage) {
    this.#storage = storage;
    const id = storage.getItem(SPEAKER);
    // Nothing plays yet: whether it is still there is seen when something does.
    if (id && this.speaker.possible) void this.speaker.choose(id);
  }

  /** What is on; stored are the names of what is turned off. @returns {Partial<Processing>} */
  get processing() {
    const off = new Set((this.#storage.getItem(PROCESS) ?? "").split(" "));
    return Object.fromEntries(NAMES.map((name) => [name, !off.has(name)]));
  }

  /** @param {import("../../sdk/reconvene.js").LocalMedia} media */
  apply(media) {
    media.process(this.processing);
  }

  /** @param {import("../../sdk/reconvene.js").LocalMedia} media @param {Partial<Processing>} change */
  process(media, change) {
    media.process(change);
    this.#storage.setItem(PROCESS, NAMES.filter((name) => !media.processing[name]).join(" "));
  }

  /** Whether a sound says that somebody comes, or raises a hand. @param {number} people  in the meeting */
  sounds(people) {
    const said = this.#storage.getItem(SOUNDS);
    return said === null ? people < BIG : said === "on";
  }

  /** @param {boolean} on  in large meetings, too */
  set wantsSounds(on) {
    this.#storage.setItem(SOUNDS, on ? "on" : "off");
  }

  /** @param {string} id @throws if it is gone */
  async choose(id) {
    await this.speaker.choose(id);
    this.#storage.setItem(SPEAKER, id);
  }

  /** Has the browser ask which one. */
  async ask() {
    if (await this.speaker.ask()) this.#storage.setItem(SPEAKER, this.speaker.chosen);
  }
}
