/**
 * One microphone or camera: what the person wants of it, and what is captured. Requests are made in devices.js.
 *
 *     off ─on→ asking ─granted→ on ⇄ muted (by the system)
 *      ↑         │ refused       │
 *      └─ off ───┴───────────────┘    pulled out: asking for the next one
 *
 * A request for it may be answered late or never, and several may be open. The track of a request that is no longer
 * wanted is stopped, and nobody waits for it.
 */

/**
 * @typedef {import("./capture.js").Kind} Kind
 * @typedef {import("./capture.js").DeviceError} DeviceError
 * @typedef {"off" | "asking" | "on" | "muted"} DeviceState
 * @typedef {{deviceId: string, label: string}} Identified
 */

export class Device {
  /** The person's last wish; reset when it cannot be fulfilled. */
  wanted = false;
  /** Live, or null. A microphone that is turned off keeps its track, disabled. @type {MediaStreamTrack | null} */
  track = null;
  /** The device of the track. @type {Identified | null} */
  held = null;
  /** Why the last wish was not fulfilled. @type {DeviceError | null} */
  error = null;
  /** The id of the device that was chosen from the list, or "". */
  chosen = "";
  /** The device that was pulled out. `on`: turn it on when it is back. @type {(Identified & {on: boolean}) | null} */
  lost = null;
  /** Counts the person's wishes, so that work that takes time can see whether it still matters. */
  turn = 0;
  /** How often it was restarted automatically since the last wish. */
  restarts = 0;

  /** Numbers of requests: the last one, */
  #last = 0;
  /** the one that the track came from, */
  #taken = 0;
  /** and the first one for the currently chosen device. */
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

  /** The person pressed the button. @param {boolean} on */
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

  /** @returns {number} the number of a new request */
  ask() {
    this.error = null;
    return (this.#last += 1);
  }

  /** Whether the person waits for this request. @param {number} request */
  awaits(request) {
    return this.state === "asking" && request === this.#last;
  }

  /** Whether the track of a request is wanted. @param {number} request */
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
 * Labels distinguish two devices that both have the id "default".
 * @param {Identified} device @param {Identified} other
 */
export function same(device, other) {
  return device.deviceId === other.deviceId && (!device.label || !other.label || device.label === other.label);
}
