/** Tracks and streams of the model. */

export class ModelTrack extends EventTarget {
  static #made = 0;
  enabled = true;
  muted = false;
  readyState = "live";

  /** @param {"audio" | "video"} kind */
  constructor(kind) {
    super();
    this.kind = kind;
    this.id = `${kind}-${(ModelTrack.#made += 1)}`;
  }

  stop() {
    this.readyState = "ended";
  }
}

export class ModelStream {
  static #made = 0;
  /** @type {ModelTrack[]} */
  #tracks;

  /** @param {ModelTrack[]} [tracks] @param {string} [id] */
  constructor(tracks = [], id = `stream-${(ModelStream.#made += 1)}`) {
    this.#tracks = [...tracks];
    this.id = id;
  }

  getTracks() {
    return [...this.#tracks];
  }

  getAudioTracks() {
    return this.#tracks.filter(({ kind }) => kind === "audio");
  }

  getVideoTracks() {
    return this.#tracks.filter(({ kind }) => kind === "video");
  }

  /** @param {ModelTrack} track */
  addTrack(track) {
    if (!this.#tracks.includes(track)) this.#tracks.push(track);
  }

  /** @param {ModelTrack} track */
  removeTrack(track) {
    this.#tracks = this.#tracks.filter((other) => other !== track);
  }
}
