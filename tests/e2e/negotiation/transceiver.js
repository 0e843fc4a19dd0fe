/** A transceiver of the model, with its sender and receiver (WebRTC, 5). */
import { ModelTrack } from "./media.js";

export class Transceiver {
  mid = null;
  currentDirection = null;
  stopping = false;
  stopped = false;
  /** What the last `track` event was about. */
  fired = "inactive";
  #direction;
  #encoding = false;

  constructor(pc, kind, { direction = "sendrecv", streams = [] } = {}, track = null) {
    this.pc = pc;
    this.kind = kind;
    this.#direction = direction;
    this.receiver = { track: Object.assign(new ModelTrack(kind), { muted: true }), streams: [], getSynchronizationSources: () => [] };
    const sender = {
      track,
      streams: streams.map(({ id }) => id),
      setStreams: (...streams) => {
        sender.streams = streams.map(({ id }) => id);
        pc.askWhetherNeeded();
      },
      replaceTrack: (track) =>
        pc.chain(() => {
          if (this.stopping) throw new DOMException("stopped", "InvalidStateError");
          sender.track = track;
        }),
      encoding: { active: true },
      getParameters: () => ({ encodings: [{ ...sender.encoding }] }),
      setParameters: ({ encodings: [encoding] }) => this.#encode(encoding),
    };
    this.sender = sender;
  }

  /** Takes a while, and one at a time. */
  async #encode(encoding) {
    if (this.#encoding) throw new DOMException("one after the other", "InvalidModificationError");
    this.#encoding = true;
    await new Promise((done) => this.pc.later(done));
    this.#encoding = false;
    this.sender.encoding = encoding;
  }

  get direction() {
    return this.stopping ? "stopped" : this.#direction;
  }

  set direction(direction) {
    if (this.stopping) throw new DOMException("stopped", "InvalidStateError");
    if (direction === this.#direction) return;
    this.#direction = direction;
    this.pc.askWhetherNeeded();
  }

  stop() {
    if (this.stopping) return;
    this.stopping = true;
    this.sender.track = null;
    this.receiver.track.stop();
    this.pc.stoppedOne(this);
    this.pc.askWhetherNeeded();
  }
}
