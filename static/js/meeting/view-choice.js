/** How the user looks at the meeting: as a grid or at who speaks, which is remembered; whom they have pinned; which page. */

/** @typedef {import("./scene.js").View} View */

const SPEAKER = "reconvene.speaker-view";

export class ViewChoice {
  /** @type {View} */
  view;
  /** The key of a tile. @type {string | null} */
  pin = null;
  page = 0;
  #storage;
  #changed;

  /** @param {import("../here/storage.js").PageStorage} storage @param {() => void} changed */
  constructor(storage, changed) {
    this.#storage = storage;
    this.#changed = changed;
    this.view = storage.getItem(SPEAKER) === null ? "grid" : "speaker";
  }

  /** The other view. Whatever was pinned is not any more: it would hide the change. */
  turn() {
    this.view = this.view === "grid" ? "speaker" : "grid";
    if (this.view === "speaker") this.#storage.setItem(SPEAKER, "");
    else this.#storage.removeItem(SPEAKER);
    this.pin = null;
    this.page = 0;
    this.#changed();
  }

  /** @param {string} key  of a tile; pinned already, it is released */
  togglePin(key) {
    this.pin = this.pin === key ? null : key;
    this.#changed();
  }

  /** @param {1 | -1} step */
  turnPage(step) {
    this.page = Math.max(0, this.page + step);
    this.#changed();
  }
}
