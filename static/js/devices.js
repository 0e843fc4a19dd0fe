/** This browser's microphone, camera and screen: what is captured now, and why something is not. */
import { Emitter } from "./events.js";

/**
 * @typedef {"refused" | "missing" | "busy" | "insecure"} Trouble
 * @typedef {"audio" | "video"} Kind
 */

/** Plenty for a face, and what most cameras do natively; senders scale it down with the size of the meeting. */
const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 24, max: 30 } };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** @extends {Emitter<{change: null}>} */
export class LocalMedia extends Emitter {
  /** @type {MediaStreamTrack | null} */
  microphone = null;
  /** @type {MediaStreamTrack | null} */
  camera = null;
  /** @type {MediaStream | null} */
  screen = null;
  /** Carries microphone and camera to the peers and to the own tile. */
  stream = new MediaStream();
  /** @type {{audio: Trouble | null, video: Trouble | null}} */
  trouble = { audio: null, video: null };
  /** What the person chose in the device lists. @type {{audio?: string, video?: string}} */
  chosen = {};

  #stopped = false;

  get audio() {
    return this.microphone?.enabled ?? false;
  }

  get video() {
    return this.camera !== null;
  }

  get state() {
    return { audio: this.audio, video: this.video, screen: this.screen !== null };
  }

  /** Turns on what is wanted, with one question to the person where possible. @param {{audio: boolean, video: boolean}} wanted */
  async open({ audio, video }) {
    if (audio && video) {
      try {
        this.#keep(await capture({ audio: this.#constraints("audio"), video: this.#constraints("video") }));
        return;
      } catch (error) {
        if (trouble(error) === "refused" && !(await anyGranted())) {
          this.#fail("audio", error);
          this.#fail("video", error);
          return;
        }
      }
    }
    // One of the two is missing, busy or refused: the other may still work.
    if (audio) await this.setAudio(true);
    if (video) await this.setVideo(true);
  }

  /** Muting keeps the device, so that unmuting is immediate. @param {boolean} on */
  async setAudio(on) {
    if (this.microphone) this.microphone.enabled = on;
    else if (on) await this.#acquire("audio");
    this.emit("change", null);
  }

  /** Turning the camera off releases it, so that its light goes out. @param {boolean} on */
  async setVideo(on) {
    if (on && !this.camera) await this.#acquire("video");
    else if (!on) this.#release("video");
    this.emit("change", null);
  }

  /** Goes over to another device, muted if the one before was. @param {Kind} kind @param {string} deviceId */
  async choose(kind, deviceId) {
    this.chosen[kind] = deviceId;
    const current = kind === "audio" ? this.microphone : this.camera;
    if (current) {
      this.#release(kind); // Phones open only one camera at a time.
      await this.#acquire(kind, current.enabled);
    }
    this.emit("change", null);
  }

  /** Phones cannot. */
  get canShareScreen() {
    return Boolean(navigator.mediaDevices?.getDisplayMedia);
  }

  /** @returns {Promise<boolean>} false when the person thought better of it */
  async startScreen() {
    try {
      const video = { frameRate: { ideal: 15, max: 30 } };
      const options = { video, audio: true, selfBrowserSurface: "exclude" };
      const screen = await navigator.mediaDevices.getDisplayMedia(/** @type {DisplayMediaStreamOptions} */ (options));
      if (this.#stopped) return stopTracks(screen), false;
      this.screen = screen;
      // Text has to stay sharp; motion may stutter.
      for (const track of screen.getVideoTracks()) track.contentHint = "detail";
    } catch {
      return false;
    }
    // The browser has a "stop sharing" of its own.
    this.screen.getVideoTracks()[0]?.addEventListener("ended", () => this.stopScreen());
    this.emit("change", null);
    return true;
  }

  stopScreen() {
    if (!this.screen) return;
    stopTracks(this.screen);
    this.screen = null;
    this.emit("change", null);
  }

  /** @param {Kind} kind @returns {Promise<MediaDeviceInfo[]>} empty until the person has allowed a device */
  async list(kind) {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    return devices.filter((device) => device.kind === `${kind}input` && device.deviceId);
  }

  /** Releases every device. */
  stop() {
    this.#stopped = true;
    this.stopScreen();
    this.#release("audio");
    this.#release("video");
  }

  /** @param {Kind} kind @param {boolean} [enabled] */
  async #acquire(kind, enabled = true) {
    try {
      this.#keep(await capture({ [kind]: this.#constraints(kind) }), enabled);
    } catch (error) {
      if (!this.chosen[kind]) return this.#fail(kind, error);
      // The chosen one was pulled out: take what there is.
      delete this.chosen[kind];
      await this.#acquire(kind, enabled);
    }
  }

  /** @param {Kind} kind */
  #constraints(kind) {
    const deviceId = this.chosen[kind];
    return { ...(kind === "audio" ? AUDIO : VIDEO), ...(deviceId && { deviceId: { exact: deviceId } }) };
  }

  /** @param {MediaStream} stream @param {boolean} [enabled] */
  #keep(stream, enabled = true) {
    if (this.#stopped) return stopTracks(stream);
    for (const track of stream.getTracks()) {
      const kind = /** @type {Kind} */ (track.kind);
      track.enabled = enabled;
      this.#release(kind);
      this.trouble[kind] = null;
      this.stream.addTrack(track);
      if (kind === "audio") this.microphone = track;
      else this.camera = track;
      // Pulled out, or taken away in the browser's own controls.
      track.addEventListener("ended", () => {
        if (track !== this.microphone && track !== this.camera) return;
        this.#release(kind);
        this.emit("change", null);
      });
    }
    this.emit("change", null);
  }

  /** @param {Kind} kind @param {unknown} error */
  #fail(kind, error) {
    this.trouble[kind] = trouble(error);
    this.emit("change", null);
  }

  /** @param {Kind} kind */
  #release(kind) {
    const track = kind === "audio" ? this.microphone : this.camera;
    if (!track) return;
    if (kind === "audio") this.microphone = null;
    else this.camera = null;
    this.stream.removeTrack(track);
    track.stop();
  }
}

/** @param {MediaStreamConstraints} constraints */
async function capture(constraints) {
  if (!navigator.mediaDevices) throw new DOMException("needs https", "SecurityError");
  return navigator.mediaDevices.getUserMedia(constraints);
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** The DOMException names of getUserMedia (Media Capture and Streams, 10.2.1). @param {unknown} error @returns {Trouble} */
function trouble(error) {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
      return "refused";
    case "SecurityError":
      return "insecure";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    default:
      return "busy";
  }
}

/** Whether one of the two devices is allowed though asking for both was refused. */
async function anyGranted() {
  try {
    const names = /** @type {PermissionName[]} */ (["microphone", "camera"]);
    const states = await Promise.all(names.map((name) => navigator.permissions.query({ name })));
    return states.some(({ state }) => state === "granted");
  } catch {
    return false; // Not every browser lets pages ask; asking the person twice more would be worse.
  }
}
