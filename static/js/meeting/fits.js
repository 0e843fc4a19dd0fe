/**
 * How pictures fit their tiles, remembered for each kind of tile.
 *
 * `crop` fills the tile as far as that costs no more than a quarter of the picture, `whole` shows all of it, `fill` leaves
 * no part of the tile free.
 *
 * @typedef {"crop" | "whole" | "fill"} Fit
 * @typedef {"person" | "own" | "screen"} TileKind
 */

/** The ways of each kind, the first without having chosen. What matters of a screen may be at its edge. @type {Record<TileKind, readonly Fit[]>} */
const WAYS = {
  person: ["crop", "whole", "fill"],
  own: ["crop", "whole", "fill"],
  screen: ["whole", "fill"],
};

/** What leads to a fit. @type {Record<TileKind, Record<Fit, string>>} */
const LABELS = {
  person: { crop: "Crop pictures a little", whole: "Show whole pictures", fill: "Fill tiles with pictures" },
  own: { crop: "Crop your picture a little", whole: "Show your whole picture", fill: "Fill the tile with your picture" },
  screen: { crop: "Crop screens a little", whole: "Show whole screens", fill: "Fill tiles with screens" },
};

export class Fits {
  #storage;
  /** @type {Map<TileKind, Fit>} */
  #chosen = new Map();

  /** @param {import("../../sdk/storage.js").PageStorage} storage */
  constructor(storage) {
    this.#storage = storage;
    for (const kind of /** @type {TileKind[]} */ (Object.keys(WAYS))) {
      const stored = WAYS[kind].find((fit) => fit === storage.getItem(keyOf(kind)));
      if (stored) this.#chosen.set(kind, stored);
    }
  }

  /** @param {TileKind} kind @returns {{fit: Fit, next: Fit, label: string}} how it is, and what a button would make of it */
  of(kind) {
    const ways = WAYS[kind];
    const fit = this.#chosen.get(kind) ?? ways[0];
    const next = ways[(ways.indexOf(fit) + 1) % ways.length];
    return { fit, next, label: LABELS[kind][next] };
  }

  /** Goes on to the next way. @param {TileKind} kind */
  turn(kind) {
    const { next } = this.of(kind);
    this.#chosen.set(kind, next);
    this.#storage.setItem(keyOf(kind), next);
  }
}

/** @param {TileKind} kind */
function keyOf(kind) {
  return `reconvene.fit.${kind}`;
}
