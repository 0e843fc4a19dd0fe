/** The tiles and their layout: a grid, along the edge of a shared screen, or the own tile over the other's. */
import { part, write } from "../ui/dom.js";
import { Fits } from "./fits.js";
import { SCREEN, STRIP, arrange, floating } from "./layout.js";
import { OwnPicture } from "./own-picture.js";
import { Tile } from "./tile.js";

/** @typedef {import("./tile.js").Picture} Picture */
/** @typedef {import("./layout.js").Space} Space */

export class Stage {
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** @type {Picture[]} */
  #pictures = [];
  #element;
  #people;
  #screens;
  #showButton;
  #moved;
  #blocked;
  #fits;
  #own;
  #ruler = document.createElement("div");
  #resized = new ResizeObserver(() => this.#arrange());

  /**
   * @param {HTMLElement} view  the meeting's
   * @param {import("../here/storage.js").PageStorage} storage
   * @param {() => void} blocked  called when the browser will not play sound before a click
   */
  constructor(view, storage, blocked) {
    this.#element = part(view, "stage");
    this.#people = part(view, "tiles");
    this.#screens = part(view, "screens");
    this.#showButton = part(view, "show-own");
    this.#moved = part(view, "moved");
    this.#blocked = blocked;
    this.#fits = new Fits(storage);
    this.#own = new OwnPicture(storage, () => this.#ownChanged());
    this.#ruler.className = "scrollbar-ruler";
    this.#element.append(this.#ruler);
    this.#resized.observe(this.#element);
    this.#showButton.addEventListener("click", () => this.#showOwn());
  }

  /** @param {Picture[]} pictures  in their order on the stage */
  update(pictures) {
    this.#pictures = pictures;
    const alone = !pictures.some(({ own }) => !own);
    const hidden = this.#own.hidden && !alone;
    this.#showButton.hidden = !hidden;
    const shown = pictures.filter(({ own, screen }) => !(hidden && own && !screen));
    this.#show(shown, alone);
    this.#element.toggleAttribute("data-presenting", this.#screens.childElementCount > 0);
    this.#people.dataset.count = String(this.#people.childElementCount);
    const people = pictures.filter(({ screen }) => !screen);
    const float = people.length === 2 && !hidden && !this.#screens.childElementCount;
    for (const [key, tile] of this.#tiles) tile.floating = float && key === OWN;
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

  /** @param {Picture[]} pictures @param {boolean} alone */
  #show(pictures, alone) {
    const left = new Set(this.#tiles.keys());
    const places = new Map([this.#people, this.#screens].map((container) => [container, container.firstElementChild]));
    const kinds = new Set();
    for (const picture of pictures) {
      const key = keyOf(picture);
      left.delete(key);
      const tile = this.#tiles.get(key) ?? this.#newTile(picture);
      this.#tiles.set(key, tile);
      const container = picture.screen ? this.#screens : this.#people;
      const place = places.get(container) ?? null;
      // Only misplaced tiles are moved: moving a playing video makes it stutter.
      if (tile.element === place) places.set(container, place.nextElementSibling);
      else container.insertBefore(tile.element, place);
      tile.update(picture);
      tile.hideable = picture.own && !picture.screen && !alone;
      // All tiles of a kind share one fit: Tab stops only at the first one's button.
      tile.fit(this.#fits.of(tile.kind), !kinds.has(tile.kind));
      kinds.add(tile.kind);
    }
    for (const key of left) {
      this.#tiles.get(key)?.remove();
      this.#tiles.delete(key);
    }
  }

  /** @param {Picture} picture */
  #newTile({ own, screen }) {
    const tile = new Tile(this.#blocked, () => this.#arrange());
    part(tile.element, "fit").addEventListener("click", () => {
      this.#fits.turn(tile.kind);
      for (const each of this.#tiles.values()) if (each.kind === tile.kind) each.fit(this.#fits.of(tile.kind));
    });
    if (!own || screen) return tile;
    this.#own.movedBy(part(tile.element, "move"), tile.element);
    part(tile.element, "hide").addEventListener("click", () => {
      this.#own.hidden = true;
      this.#showButton.focus();
    });
    return tile;
  }

  #showOwn() {
    this.#own.hidden = false;
    const tile = this.#tiles.get(OWN);
    if (tile) part(tile.element, "hide").focus();
  }

  #ownChanged() {
    this.update(this.#pictures);
    write(this.#moved, this.#tiles.get(OWN)?.floating ? `Your picture is at the ${this.#own.corner}` : "");
  }

  #arrange() {
    this.#arrangePeople();
    lay([...this.#screens.children], arrange(this.#screens.childElementCount, this.#space(this.#screens), SCREEN), this.#screens);
  }

  #arrangePeople() {
    const own = this.#tiles.get(OWN);
    const space = this.#space(this.#people);
    const float = own?.floating ? own : null;
    const tiles = [...this.#people.children].filter((tile) => tile !== float?.element);
    const arrangement = arrange(tiles.length, space, this.#screens.childElementCount ? STRIP : undefined);
    lay(tiles, arrangement, this.#people);
    const other = [...this.#tiles.values()].find(({ kind }) => kind === "person");
    if (!float || !other) return other?.keepClear(0);
    const { left, top, width, height } = floating(space, { ...arrangement, ...arrangement.places[0] }, float.ratio, this.#own.corner, other.edge);
    place(float.element, left, top, width, height);
    // The other's name ends where the own picture begins.
    const covered = arrangement.places[0].left + arrangement.width - left;
    other.keepClear(this.#own.corner === "bottom right" ? Math.max(0, covered) : 0);
  }

  /** @param {HTMLElement} container @returns {Space}  its own size, independent of tiles and scrollbars */
  #space(container) {
    const { width, height } = container.getBoundingClientRect();
    const gap = parseFloat(getComputedStyle(container).rowGap) || 0;
    return { width: Math.floor(width), height: Math.floor(height), gap, scrollbar: this.#ruler.offsetWidth - this.#ruler.clientWidth };
  }
}

/** The own tile needs a key before the server has given an id. */
const OWN = "own";

/** @param {Picture} picture */
function keyOf({ participant, own, screen }) {
  const who = own ? OWN : participant.id;
  return screen ? `${who} screen` : who;
}

/** @param {Element[]} tiles @param {import("./layout.js").Arrangement} arrangement @param {HTMLElement} container */
function lay(tiles, { width, height, scrolls, places }, container) {
  container.toggleAttribute("data-scrolls", scrolls);
  // Scrollable content must be reachable by keyboard.
  if (scrolls) container.tabIndex = 0;
  else container.removeAttribute("tabindex");
  tiles.forEach((tile, index) => place(/** @type {HTMLElement} */ (tile), places[index].left, places[index].top, width, height));
}

/** @param {HTMLElement} tile @param {number} left @param {number} top @param {number} width @param {number} height  in pixels */
function place({ style }, left, top, width, height) {
  style.left = `${left}px`;
  style.top = `${top}px`;
  style.width = `${width}px`;
  style.height = `${height}px`;
}
