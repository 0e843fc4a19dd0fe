/** This browser's microphone, camera and screen: what is captured now, and why something is not. */
import { KINDS, PROCESSING, capture, inputs, permission, deviceErrorOf } from "./capture.js";
import { Device, same } from "./device.js";
import { Emitter } from "./events.js";
import { ScreenShare } from "./screen-share.js";
import { canCall } from "./webrtc.js";

/**
 * @typedef {import("./capture.js").Kind} Kind
 * @typedef {import("./capture.js").DeviceError} DeviceError
 *
 * What the person has to know without having caused it.
 * @typedef {{what: "failed", kinds: Kind[], error: DeviceError}
 *   | {what: "screen", error: import("./capture.js").ScreenError}
 *   | {what: "lost" | "interrupted" | "taken" | "instead" | "muted" | "unmuted", kind: Kind, label: string}} News
 *
 * @typedef {{device: Device, request: number}} Asked
 */

/** Most restarts of a device that ends as soon as it starts. */
const MOST_RESTARTS = 3;

/**
 * What a page captures. A join makes one by itself; an application may have one before, for a view before the join, and give
 * it to the join as its `media`. `change`: something of it has changed. `news`: what became of a device by itself.
 * @extends {Emitter<{change: null, news: News}>}
 */
export class LocalMedia extends Emitter {
  /** Carries microphone and camera to the peers and to this page's own tile. Null without WebRTC. */
  stream = canCall() ? new MediaStream() : null;
  /** @internal */
  devices = { audio: new Device("audio"), video: new Device("video") };
  /** The screen. @readonly */
  sharing = new ScreenShare();
  /** What is done to the sound of the microphone; changed by `process`. */
  processing = PROCESSING;
  #watch = new AbortController();

  constructor() {
    super();
    const { signal } = this.#watch;
    navigator.mediaDevices?.addEventListener?.("devicechange", () => KINDS.forEach((kind) => void this.#plugged(this.devices[kind])), { signal });
    this.sharing.on("change", () => this.emit("change", null));
    this.sharing.on("failed", (error) => this.emit("news", { what: "screen", error }));
  }

  /** What is captured. */
  get microphone() {
    return this.devices.audio.track;
  }

  get camera() {
    return this.devices.video.track;
  }

  get screen() {
    return this.sharing.stream;
  }

  /** What of it is on. Others are told only from here. */
  get state() {
    return { audio: this.devices.audio.on, video: this.devices.video.on, screen: this.screen !== null };
  }

  /** What the person wants to be on, whether or not it is. */
  get wanted() {
    return { audio: this.devices.audio.wanted, video: this.devices.video.wanted };
  }

  /** The state of each button. */
  get states() {
    return { audio: this.devices.audio.state, video: this.devices.video.state, screen: this.sharing.state };
  }

  /** Why something is off that was to be on. */
  get errors() {
    return { audio: this.devices.audio.error, video: this.devices.video.error };
  }

  /** Whether this browser can share screens. Phones cannot. */
  get canShare() {
    return this.sharing.possible;
  }

  /** The id of the device that is in use, or else of the one that was chosen; "": the browser's choice. @param {Kind} kind */
  inUse(kind) {
    const { track, chosen } = this.devices[kind];
    return track?.getSettings().deviceId ?? chosen;
  }

  /** Turns on what is wanted, with one question to the person where possible. @param {{audio: boolean, video: boolean}} wanted */
  open(wanted) {
    const kinds = KINDS.filter((kind) => wanted[kind] && !this.devices[kind].wanted && !this.devices[kind].track);
    for (const kind of kinds) this.devices[kind].want(true);
    if (kinds.length) void this.#ask(kinds);
  }

  /** Turns a device on or off. Does at once what it can; the rest follows when the browser has answered. @param {Kind} kind */
  toggle(kind) {
    const device = this.devices[kind];
    const on = !device.wanted;
    device.want(on);
    // Muting keeps the microphone, so that unmuting is immediate; the camera is released, so that its light goes out.
    // A device that the system has muted may work when requested again.
    if (kind === "video" || (on && device.track?.muted)) this.#release(device);
    if (device.track) device.track.enabled = on;
    else if (on) void this.#ask([kind]);
    this.emit("change", null);
  }

  /** Somebody else has turned these off, or they are not allowed. @param {Partial<import("./protocol.js").MediaState>} media */
  turnOff(media) {
    for (const kind of KINDS) if (media[kind] === false && this.devices[kind].wanted) this.toggle(kind);
    if (media.screen === false && this.sharing.state !== "off") this.sharing.stop();
  }

  /** Switches to another device; one that is off opens when turned on. @param {Kind} kind @param {string} deviceId */
  choose(kind, deviceId) {
    const device = this.devices[kind];
    device.choose(deviceId);
    this.#release(device); // Phones open only one camera at a time.
    if (device.wanted) void this.#ask([kind]);
    this.emit("change", null);
  }

  /** Opens the microphone anew, if it is on: browsers do not change these while it is. @param {Partial<import("./capture.js").Processing>} change */
  process(change) {
    const processing = Object.freeze({ ...this.processing, ...change });
    if (JSON.stringify(processing) === JSON.stringify(this.processing)) return;
    this.processing = processing;
    this.choose("audio", this.devices.audio.chosen);
  }

  /** Releases every device, and any that is granted later. */
  stop() {
    this.#watch.abort();
    this.sharing.stop();
    for (const kind of KINDS) {
      this.devices[kind].want(false);
      this.#release(this.devices[kind]);
    }
    this.emit("change", null);
  }

  get #stopped() {
    return this.#watch.signal.aborted;
  }

  /** @param {Kind[]} kinds */
  async #ask(kinds) {
    /** @type {Asked[]} */
    const asked = kinds.map((kind) => ({ device: this.devices[kind], request: this.devices[kind].ask() }));
    this.emit("change", null);
    try {
      this.#take(asked, await capture(Object.fromEntries(asked.map(({ device }) => [device.kind, device.chosen])), this.processing));
    } catch (error) {
      await this.#failed(asked, error);
    }
  }

  /** @param {Asked[]} asked @param {MediaStream} stream */
  #take(asked, stream) {
    for (const track of stream.getTracks()) {
      const { device, request } = asked.find((each) => each.device.kind === track.kind) ?? {};
      if (!device || !request || !device.accepts(request)) {
        track.stop();
        continue;
      }
      this.#release(device);
      device.take(request, track);
      this.stream?.addTrack(track);
      this.#follow(device, track);
    }
    this.emit("change", null);
  }

  /** @param {Device} device @param {MediaStreamTrack} track */
  #follow(device, track) {
    const { kind } = device;
    /** @param {() => void} run */
    const whileHeld = (run) => () => device.track === track && run();
    const say = (/** @type {"muted" | "unmuted"} */ what) => {
      if (device.wanted) this.emit("news", { what, kind, label: track.label });
      this.emit("change", null);
    };
    // Not addEventListener: in Firefox, events that a script dispatches at a track reach only these handlers.
    track.onmute = whileHeld(() => say("muted"));
    track.onunmute = whileHeld(() => say("unmuted"));
    track.onended = whileHeld(() => void this.#ended(device));
    if (track.readyState === "ended") void this.#ended(device);
  }

  /** @param {Asked[]} asked @param {unknown} error */
  async #failed(asked, error) {
    const listed = await Promise.all(asked.map(({ device }) => inputs(device.kind)));
    const open = asked.filter(({ device, request }) => device.awaits(request));
    const [first] = open;
    if (!first) return;
    if (asked.length > 1) return this.#askEach(open.map(({ device }) => device), error, listed.flat().length);
    const { device } = first;
    const reason = deviceErrorOf(error, device.chosen ? 0 : listed[0].length);
    if (!device.chosen || reason === "refused") return this.#giveUp([device], reason);
    // The chosen device was pulled out: take any.
    device.choose("");
    await this.#ask([device.kind]);
  }

  /**
   * The request for both failed; one of them may still work. If the person refused, they are not asked again.
   * @param {Device[]} devices @param {unknown} error @param {number} listed
   */
  async #askEach(devices, error, listed) {
    const turns = devices.map(({ turn }) => turn);
    const states = await Promise.all(devices.map(({ kind }) => permission(kind)));
    const refused = deviceErrorOf(error, listed) === "refused";
    const known = states.includes("denied");
    const worth = states.map((state) => !refused || state === "granted" || (known && state === "prompt"));
    const waiting = (/** @type {boolean} */ again) =>
      devices.filter((device, index) => worth[index] === again && device.turn === turns[index] && device.state === "asking");
    const denied = waiting(false);
    const again = waiting(true);
    if (denied.length) this.#giveUp(denied, "refused");
    for (const { kind } of again) void this.#ask([kind]);
  }

  /** @param {Device[]} devices @param {DeviceError} error */
  #giveUp(devices, error) {
    for (const device of devices) device.fail(error);
    this.emit("news", { what: "failed", kinds: devices.map(({ kind }) => kind), error });
    this.emit("change", null);
  }

  /** A device was pulled out, or taken away by the browser's own controls or the system. @param {Device} device */
  async #ended(device) {
    const { kind, turn, wanted: on, held } = device;
    this.#release(device);
    this.emit("change", null); // It is no longer captured, and a replacement takes time.
    if (!held) return;
    const listed = await inputs(kind);
    const gone = !listed.some((input) => same(input, held));
    const allowed = gone || (await permission(kind)) === "granted";
    if (this.#stopped || device.turn !== turn || device.track) return;
    if (gone) {
      device.lost = { ...held, on };
      if (device.chosen === held.deviceId) device.chosen = "";
    }
    // If it is still there but no longer allowed, it was taken away: ask again only when the person wants it.
    const again = on && allowed && (gone || (device.restarts += 1) <= MOST_RESTARTS);
    this.emit("news", { what: gone ? "lost" : again ? "interrupted" : "taken", kind, label: held.label });
    if (again) return this.#replace(device);
    device.wanted = false;
    this.emit("change", null);
  }

  /** A device was plugged in or pulled out: if a lost device is back, use it again. @param {Device} device */
  async #plugged(device) {
    const { kind, lost, turn } = device;
    if (!lost) return;
    const listed = await inputs(kind);
    if (this.#stopped || device.lost !== lost || device.turn !== turn) return;
    if (listed.some((input) => same(input, lost))) {
      const { on } = lost;
      device.choose(lost.deviceId);
      this.#release(device);
      device.wanted ||= on;
      if (device.wanted) return this.#replace(device);
      this.emit("change", null);
    } else if (listed.length && lost.on && !device.wanted) {
      device.wanted = true;
      await this.#replace(device);
    }
  }

  /** @param {Device} device */
  async #replace(device) {
    await this.#ask([device.kind]);
    if (device.track && device.held) this.emit("news", { what: "instead", kind: device.kind, label: device.held.label });
  }

  /** @param {Device} device */
  #release(device) {
    const { track } = device;
    if (!track) return;
    device.track = null;
    this.stream?.removeTrack(track);
    track.stop();
  }
}
