/** Whoever this page is in a meeting: its entry, and its own microphone, camera, screen and hand. */
import { kept, mayOf } from "./views.js";

/**
 * @typedef {object} Own  What `Me` is made of.
 * @property {import("./call.js").Call<import("./call.js").CallMedia, import("./call.js").CallMesh>} call
 * @property {import("./devices.js").LocalMedia | null} local  null: the application has media of its own
 * @property {(name: string) => Promise<void>} rename
 *
 * @typedef {import("./device.js").DeviceState} DeviceState
 * @typedef {import("./capture.js").DeviceError} DeviceError
 *
 * @typedef {object} MeView  It never changes: a change is another object.
 * @property {string} id  "" before one is in
 * @property {string} name
 * @property {import("./protocol.js").Role} role
 * @property {boolean} inCharge  Whether this is a host or co-host.
 * @property {import("./views.js").May} may  What the user may do.
 * @property {boolean} hand
 * @property {boolean} guest  Nobody has identified the user, on a server where an application does.
 * @property {string | null} picture  An address, from the application.
 * @property {DeviceState} audio  `asking`: the browser has not answered yet. `muted`: the system has.
 * @property {DeviceState} video
 * @property {"off" | "asking" | "on"} screen
 * @property {Readonly<import("./protocol.js").MediaState>} sends  What is captured, as others are told.
 * @property {DeviceError | null} audioError  Why the microphone is not on though it was to be.
 * @property {DeviceError | null} videoError
 * @property {MediaStream | null} camera  Own camera and microphone, for a tile; play it muted.
 * @property {MediaStream | null} shared  The screen that is shared.
 */

export class Me {
  #own;
  #name;

  /** @param {Own} own @param {string} name  before the server has said another */
  constructor(own, name) {
    this.#own = own;
    this.#name = name;
  }

  get id() {
    return this.#own.call.myId;
  }

  get name() {
    return this.#own.call.me?.name ?? this.#name;
  }

  /** @returns {import("./protocol.js").Role} */
  get role() {
    return this.#own.call.me?.role ?? "participant";
  }

  get hand() {
    return this.#own.call.me?.hand ?? false;
  }

  /** Own camera and microphone. @returns {MediaStream | null} */
  get camera() {
    return this.#own.local?.stream ?? null;
  }

  /** The screen that is shared. @returns {MediaStream | null} */
  get screen() {
    return this.#own.local?.screen ?? null;
  }

  /** Whether the user may. @param {import("./protocol.js").Right} right */
  may(right) {
    return this.#own.call.may(right);
  }

  /** Turns the microphone on or off. What became of it comes by an event. @param {boolean} on */
  setAudio(on) {
    if (this.#own.call.media.wanted.audio !== on) this.#own.call.toggleAudio();
  }

  /** @param {boolean} on */
  setVideo(on) {
    if (this.#own.call.media.wanted.video !== on) this.#own.call.toggleVideo();
  }

  /** Shares a screen, or stops that. The browser asks which, and wants a click or a key before. @param {boolean} on */
  setScreen(on) {
    if ((this.#own.call.media.sharing.state !== "off") !== on) this.#own.call.toggleScreen();
  }

  /** @param {boolean} up */
  setHand(up) {
    if (this.hand !== up) this.#own.call.toggleHand();
  }

  /**
   * Chooses another name, by the rules of names. Settles when the server has it.
   * @param {string} name @returns {Promise<void>} @throws {ReconveneError} `forbidden` if it comes from the login, `bad_message`,
   *   `unavailable`
   */
  rename(name) {
    return this.#own.rename(name);
  }

  /** @param {MeView} [before] @returns {MeView} @internal */
  view(before) {
    const { call, local } = this.#own;
    const { audio, video, screen } = call.media.state;
    /** @param {boolean} on @returns {"on" | "off"} */
    const own = (on) => (on ? "on" : "off");
    const states = local?.states ?? { audio: own(audio), video: own(video), screen: own(screen) };
    return Object.freeze({
      id: this.id,
      name: this.name,
      role: this.role,
      inCharge: call.inCharge,
      may: mayOf(call.me, call.meeting, before?.may),
      hand: this.hand,
      guest: call.me?.guest ?? false,
      picture: call.me?.picture ?? null,
      ...states,
      sends: kept(before?.sends, { ...call.state }),
      audioError: local?.errors.audio ?? null,
      videoError: local?.errors.video ?? null,
      camera: this.camera,
      shared: this.screen,
    });
  }
}
