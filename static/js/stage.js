/** The tiles and their arrangement: everyone alike, or along the edge of a shared screen. */
import { SCREEN, arrange } from "./layout.js";
import { Tile } from "./tile.js";

/** @typedef {import("./tile.js").Picture} Picture */

export class Stage {
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  #element;
  #people;
  #screens;
  #blocked;
  #resized = new ResizeObserver(() => this.#arrange());

  /**
   * @param {HTMLElement} element @param {HTMLElement} people @param {HTMLElement} screens
   * @param {() => void} blocked
   */
  constructor(element, people, screens, blocked) {
    this.#element = element;
    this.#people = people;
    this.#screens = screens;
    this.#blocked = blocked;
    this.#resized.observe(element);
  }

  /** @param {Picture[]} pictures  in their order on the stage */
  update(pictures) {
    const left = new Set(this.#tiles.keys());
    const places = new Map([this.#people, this.#screens].map((container) => [container, container.firstElementChild]));
    for (const picture of pictures) {
      const key = keyOf(picture);
      left.delete(key);
      const tile = this.#tiles.get(key) ?? new Tile(this.#blocked);
      this.#tiles.set(key, tile);
      const container = picture.screen ? this.#screens : this.#people;
      const place = places.get(container) ?? null;
      // Only what is out of place moves: moving a playing video makes it stutter.
      if (tile.element === place) places.set(container, place.nextElementSibling);
      else container.insertBefore(tile.element, place);
      tile.update(picture);
    }
    for (const key of left) {
      this.#tiles.get(key)?.remove();
      this.#tiles.delete(key);
    }
    this.#element.toggleAttribute("data-presenting", this.#screens.childElementCount > 0);
    this.#people.dataset.count = String(this.#people.childElementCount);
    this.#arrange();
  }

  /** @param {{id: string, own: boolean}} who @param {boolean} speaking */
  speaking({ id, own }, speaking) {
    const tile = this.#tiles.get(own ? OWN : id);
    if (tile) tile.speaking = speaking;
  }

  play() {
    for (const tile of this.#tiles.values()) tile.play();
  }

  stop() {
    this.#resized.disconnect();
    for (const tile of this.#tiles.values()) tile.remove();
    this.#tiles.clear();
  }

  #arrange() {
    for (const container of [this.#people, this.#screens]) {
      const { width, height } = container.getBoundingClientRect();
      const gap = parseFloat(getComputedStyle(container).rowGap) || 0;
      const tile = arrange(container.childElementCount, width, height, gap, container === this.#screens ? SCREEN : undefined);
      container.style.setProperty("--tile-width", `${tile.width}px`);
      container.style.setProperty("--tile-height", `${tile.height}px`);
      // Keeps a row from taking in more tiles than the arrangement has columns.
      const spare = width - (tile.columns * (tile.width + gap) - gap);
      container.style.setProperty("--side", `${Math.max(0, Math.floor(spare / 2))}px`);
    }
  }
}

/** The own tile is there before the server has given an id. */
const OWN = "own";

/** @param {Picture} picture */
function keyOf({ participant, own, screen }) {
  const who = own ? OWN : participant.id;
  return screen ? `${who} screen` : who;
}
