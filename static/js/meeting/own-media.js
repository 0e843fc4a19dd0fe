/** The user's own camera and microphone on one visit: opened for each way into the meeting, and on again as they last were. */
import { LocalMedia } from "../../sdk/reconvene.js";

export class OwnMedia {
  media = new LocalMedia();
  /** The devices the user last wanted on; the next join begins with them. */
  wanted = { audio: true, video: true };
  #memory;

  /** @param {import("./device-memory.js").DeviceMemory} memory  which ones */
  constructor(memory) {
    this.#memory = memory;
    memory.apply(this.media);
  }

  renew() {
    this.media.stop();
    this.media = new LocalMedia();
    this.#memory.apply(this.media);
  }

  /** What is on now is wanted the next time. */
  remember() {
    this.wanted = this.media.wanted;
  }
}
