/** What the other side sends: tracks that begin and end, and the streams that they are in (WebRTC, 4.4.1.5.1). */
import { receives, sends } from "./direction.js";
import { ModelStream } from "./media.js";

export class Incoming {
  #connection;
  #streams = new Map();

  /** @param {import("./connection.js").ModelConnection} connection */
  constructor(connection) {
    this.#connection = connection;
  }

  /** What a section of the other side's description says of one. */
  take(transceiver, { direction, rejected, streams }) {
    if (rejected || !sends(direction)) return this.silence(transceiver);
    const before = transceiver.receiver.streams;
    const { track } = transceiver.receiver;
    transceiver.receiver.streams = streams.map((id) => this.#streams.get(id) ?? new ModelStream([], id));
    for (const stream of before) if (!streams.includes(stream.id)) stream.removeTrack(track);
    for (const stream of transceiver.receiver.streams) {
      this.#streams.set(stream.id, stream);
      stream.addTrack(track);
    }
    track.muted = false;
    const fresh = !receives(transceiver.fired);
    transceiver.fired = "recvonly";
    if (fresh) this.#connection.ontrack?.({ track, streams: transceiver.receiver.streams, transceiver, receiver: transceiver.receiver });
  }

  silence(transceiver) {
    for (const stream of transceiver.receiver.streams) {
      stream.removeTrack(transceiver.receiver.track);
      // A stream that nothing refers to is forgotten: the next of this id is another one.
      if (!stream.getTracks().length) this.#streams.delete(stream.id);
    }
    transceiver.receiver.streams = [];
    transceiver.receiver.track.muted = true;
    transceiver.fired = "inactive";
  }
}
