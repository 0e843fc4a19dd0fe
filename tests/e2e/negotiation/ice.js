/** The own side of ICE: a user fragment, and two candidates that are found after a while. */

export class Gathering {
  ufrag = "";
  /** When the user fragments were made. @type {Map<string, number>} */
  madeAt = new Map();
  #connection;
  #world;
  #candidates = [];

  /** @param {import("./connection.js").ModelConnection} connection */
  constructor(connection, world) {
    this.#connection = connection;
    this.#world = world;
  }

  /** @param {string} ufrag @returns {{candidate: string}[]} */
  found(ufrag) {
    return this.#candidates.filter(({ usernameFragment }) => usernameFragment === ufrag);
  }

  /** Begins anew, with another user fragment. */
  start() {
    const ufrag = this.#world.name();
    this.ufrag = ufrag;
    this.madeAt.set(ufrag, this.#world.clock.now);
    for (let index = 0; index < 2; index += 1) {
      this.#world.clock.after(() => {
        if (this.#connection.signalingState === "closed") return;
        const candidate = { candidate: `candidate-${index}`, usernameFragment: ufrag, sdpMid: "0", sdpMLineIndex: 0 };
        this.#candidates.push(candidate);
        this.#connection.onicecandidate?.({ candidate: { ...candidate, toJSON: () => ({ ...candidate }) } });
      }, 5 + this.#world.chance() * 60);
    }
  }
}
