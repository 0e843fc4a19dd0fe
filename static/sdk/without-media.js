/**
 * For an application with media of its own: what it says that it sends, and signals that go past this library. They stand
 * in a call for devices.js and mesh.js.
 */
import { Emitter } from "./events.js";

const FLAGS = /** @type {const} */ (["audio", "video", "screen"]);

/** @extends {Emitter<{change: null}>} */
export class ReportedMedia extends Emitter {
  #on = { audio: false, video: false, screen: false };
  sharing;

  constructor() {
    super();
    const media = this;
    this.sharing = {
      /** @returns {"off" | "on"} */
      get state() {
        return media.state.screen ? "on" : "off";
      },
      toggle: () => this.#set({ screen: !this.#on.screen }),
    };
  }

  get state() {
    return { ...this.#on };
  }

  get wanted() {
    return { audio: this.#on.audio, video: this.#on.video };
  }

  /** @param {"audio" | "video"} kind */
  toggle(kind) {
    this.#set({ [kind]: !this.#on[kind] });
  }

  /** Somebody else has turned these off, or they are not allowed. @param {Partial<import("./protocol.js").MediaState>} media */
  turnOff(media) {
    this.#set(Object.fromEntries(FLAGS.filter((flag) => media[flag] === false).map((flag) => [flag, false])));
  }

  /** @param {Partial<import("./protocol.js").MediaState>} change */
  #set(change) {
    Object.assign(this.#on, change);
    this.emit("change", null);
  }
}

export class Relay {
  /** For the application's connections. @type {readonly RTCIceServer[]} */
  iceServers = [];
  #renewed;
  receive;

  /**
   * @param {(from: string, data: unknown) => void} receive  hears what others send
   * @param {(iceServers: readonly RTCIceServer[]) => void} renewed
   */
  constructor(receive, renewed) {
    this.receive = receive;
    this.#renewed = renewed;
  }

  /** @param {import("./protocol.js").Participant} _me @param {import("./protocol.js").Participant[]} _participants @param {RTCIceServer[]} iceServers */
  sync(_me, _participants, iceServers) {
    this.renew(iceServers);
  }

  /** @param {RTCIceServer[]} iceServers */
  renew(iceServers) {
    this.iceServers = Object.freeze([...iceServers]);
    this.#renewed(this.iceServers);
  }

  // Whom to connect to, and what to play, the application decides.
  reroute() {}
  meet() {}
  part() {}
  play() {}
  stop() {}
}
