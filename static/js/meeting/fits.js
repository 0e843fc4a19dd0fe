/**
 * How pictures fit their tiles, remembered for each kind of tile.
 *
 * `crop` fills the tile unless that cuts off more than a quarter of the picture, `whole` shows the whole picture, `fill`
 * always fills the tile.
 *
 * @typedef {"crop" | "whole" | "fill"} Fit
 * @typedef {"person" | "own" | "screen"} TileKind
 */
import { t } from "../words/words.js";

/** The fits of each kind, the default first. A screen's edges may matter, so it is shown whole by default. @type {Record<TileKind, readonly Fit[]>} */
const WAYS = {
  person: ["crop", "whole", "fill"],
  own: ["crop", "whole", "fill"],
  screen: ["whole", "fill"],
};

/** The label of the button that switches to each fit. @type {Record<TileKind, Record<Fit, string>>} */
const LABELS = {
  person: { crop: t("Crop pictures a little"), whole: t("Show whole pictures"), fill: t("Fill tiles with pictures") },
  own: { crop: t("Crop your picture a little"), whole: t("Show your whole picture"), fill: t("Fill the tile with your picture") },
  screen: { crop: t("Crop screens a little"), whole: t("Show whole screens"), fill: t("Fill tiles with screens") },
};

export class Fits {
  #storage;
  /** @type {Map<TileKind, Fit>} */
  #chosen = new Map();

  /** @param {import("../here/storage.js").PageStorage} storage */
  constructor(storage) {
    this.#storage = storage;
    for (const kind of /** @type {TileKind[]} */ (Object.keys(WAYS))) {
      const stored = WAYS[kind].find((fit) => fit === storage.getItem(keyOf(kind)));
      if (stored) this.#chosen.set(kind, stored);
    }
  }

  /** @param {TileKind} kind @returns {{fit: Fit, next: Fit, label: string}} the current fit, and what the button does */
  of(kind) {
    const ways = WAYS[kind];
    const fit = this.#chosen.get(kind) ?? ways[0];
    const next = ways[(ways.indexOf(fit) + 1) % ways.length];
    return { fit, next, label: LABELS[kind][next] };
  }

  /** Switches to the next fit. @param {TileKind} kind */
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
