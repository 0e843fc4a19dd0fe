/** The shared screen. The browser asks which one, and may be left without an answer. */
import { captureScreen, screenErrorOf, stopTracks } from "./capture.js";
import { Emitter } from "./events.js";
import { canCall } from "./webrtc.js";

/** @extends {Emitter<{change: null, failed: import("./capture.js").ScreenError}>} */
export class ScreenShare extends Emitter {
  /** @type {MediaStream | null} */
  stream = null;
  #wanted = false;
  #last = 0;

  /** @returns {"off" | "asking" | "on"} */
  get state() {
    if (this.stream) return "on";
    return this.#wanted ? "asking" : "off";
  }

  /** Phones cannot share screens. */
  get possible() {
    return canCall() && Boolean(navigator.mediaDevices?.getDisplayMedia);
  }

  toggle() {
    if (this.state === "off") void this.#start();
    else this.stop();
  }

  stop() {
    this.#wanted = false;
    if (this.stream) stopTracks(this.stream);
    this.stream = null;
    this.emit("change", null);
  }

  async #start() {
    if (!this.possible) return this.emit("failed", "unsupported");
    const request = (this.#last += 1);
    this.#wanted = true;
    this.emit("change", null);
    try {
      this.#keep(await captureScreen());
    } catch (error) {
      if (this.state !== "asking" || request !== this.#last) return;
      this.stop();
      const reason = screenErrorOf(error);
      if (reason) this.emit("failed", reason);
    }
  }

  /** @param {MediaStream} stream */
  #keep(stream) {
    const [track] = stream.getVideoTracks();
    if (this.state !== "asking") return stopTracks(stream);
    if (track?.readyState !== "live") return stopTracks(stream), this.stop();
    // Text has to stay sharp; motion may stutter.
    track.contentHint = "detail";
    // The browser has its own "stop sharing" button.
    track.onended = () => this.stream === stream && this.stop();
    this.stream = stream;
    this.emit("change", null);
  }
}
