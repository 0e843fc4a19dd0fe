/** The chain of operations of one connection (WebRTC, 4.4.1.2). */

export class Operations {
  #connection;
  #world;
  #waiting = [];

  /** @param {import("./connection.js").ModelConnection} connection */
  constructor(connection, world) {
    this.#connection = connection;
    this.#world = world;
  }

  get some() {
    return this.#waiting.length > 0;
  }

  /** @param {() => void} apply @param {() => void} [prepare]  what is looked at when it begins, not when it ends */
  chain(apply, prepare) {
    return new Promise((resolve, reject) => {
      if (this.#connection.signalingState === "closed") return reject(new DOMException("closed", "InvalidStateError"));
      this.#waiting.push({ apply, prepare, resolve, reject });
      if (this.#waiting.length === 1) this.#begin();
    });
  }

  clear() {
    this.#waiting = [];
  }

  #begin() {
    const operation = this.#waiting[0];
    operation.prepare?.();
    this.#world.clock.after(() => this.#end(operation), this.#world.chance() * this.#world.effort);
  }

  #end(operation) {
    if (this.#connection.signalingState === "closed") return;
    const before = this.#connection.signalingState;
    try {
      this.#connection.checkWhole();
      operation.apply();
      operation.resolve();
    } catch (error) {
      operation.reject(error);
    }
    if (this.#connection.signalingState !== before) this.#connection.onsignalingstatechange?.();
    this.#waiting.shift();
    if (this.some) this.#begin();
    else this.#connection.operationsDone();
  }
}
