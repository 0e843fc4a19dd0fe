/**
 * One microphone or camera: what the person wants of it, and what is captured. It asks nobody; devices.js does.
 *
 *     off ─on→ asking ─granted→ on ⇄ muted (by the system)
 *      ↑         │ refused       │
 *      └─ off ───┴───────────────┘    pulled out: asking for the next one
 *
 * A request for it may be answered late or never, and there may be several: what came of one that is no longer wanted is
 * stopped, and nobody waits for it.
 */

/**
 * @typedef {import("./capture.js").Kind} Kind
 * @typedef {import("./capture.js").DeviceError} DeviceError
 * @typedef {"off" | "asking" | "on" | "muted"} DeviceState
 * @typedef {{deviceId: string, label: string}} Identified
 */

export class Device {
  /** The person's last wish; taken back where it cannot be fulfilled. */
  wanted = false;
  /** Live, or null. A microphone that is turned off keeps it, disabled. @type {MediaStreamTrack | null} */
  track = null;
  /** Which one the track is of. @type {Identified | null} */
  held = null;
  /** Why the last wish was not fulfilled. @type {DeviceError | null} */
  error = null;
  /** The id of the one that was chosen from the list, or "". */
  chosen = "";
  /** One that was pulled out, and whether it comes on when it is back. @type {(Identified & {on: boolean}) | null} */
  lost = null;
  /** Counts what the person wanted of it, so that what takes time can see whether it still matters. */
  turn = 0;
  /** How often it was started again by itself since. */
  restarts = 0;

  /** Numbers of requests: the last one made, */
  #last = 0;
  /** the one the track came from, */
  #taken = 0;
  /** and the first one for the device that is chosen now. */
  #first = 1;

  /** @param {Kind} kind */
  constructor(kind) {
    this.kind = kind;
  }

  /** @returns {DeviceState} */
  get state() {
    if (!this.wanted) return "off";
    if (!this.track) return "asking";
    return this.track.muted || this.track.readyState === "ended" ? "muted" : "on";
  }

  /** What others are told: whether it is captured. */
  get on() {
    return this.state === "on" && Boolean(this.track?.enabled);
  }

  /** The person pressed. @param {boolean} on */
  want(on) {
    this.wanted = on;
    this.turn += 1;
    this.restarts = 0;
    if (this.lost) this.lost.on = on;
  }

  /** @param {string} deviceId */
  choose(deviceId) {
    this.chosen = deviceId;
    this.lost = null;
    this.turn += 1;
    this.restarts = 0;
    this.#first = this.#last + 1;
  }

  /** @returns {number} of a new request */
  ask() {
    this.error = null;
    return (this.#last += 1);
  }

  /** Whether it is this request that decides. @param {number} request */
  awaits(request) {
    return this.state === "asking" && request === this.#last;
  }

  /** Whether what came of a request is wanted. @param {number} request */
  accepts(request) {
    return this.wanted && request >= this.#first && request > this.#taken;
  }

  /** @param {number} request @param {MediaStreamTrack} track */
  take(request, track) {
    this.#taken = request;
    this.track = track;
    this.held = { deviceId: track.getSettings().deviceId ?? "", label: track.label };
    this.error = null;
  }

  /** @param {DeviceError} error */
  fail(error) {
    this.wanted = false;
    this.error = error;
  }
}

/**
 * Labels tell the one device from another where both are "default".
 * @param {Identified} device @param {Identified} other
 */
export function same(device, other) {
  return device.deviceId === other.deviceId && (!device.label || !other.label || device.label === other.label);
}
