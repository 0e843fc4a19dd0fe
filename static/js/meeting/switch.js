/** Something that is on until the user turns it off in this browser. */
export class Switch {
  #storage;
  #off;

  /** @param {import("../here/storage.js").PageStorage} storage @param {string} off  the key of the item that is there while it is off */
  constructor(storage, off) {
    this.#storage = storage;
    this.#off = off;
  }

  get enabled() {
    return this.#storage.getItem(this.#off) === null;
  }

  set enabled(enabled) {
    if (enabled) this.#storage.removeItem(this.#off);
    else this.#storage.setItem(this.#off, "");
  }
}
