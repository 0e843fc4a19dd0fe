/** The tiles on the stage, where scene.js has them: who is to be seen, and how large; others are told what is shown of them. */
import { heard, NOBODY, speaks } from "./speakers.js";
import { hide, part, set, write } from "../ui/dom.js";
import { Fits } from "./fits.js";
import { floating } from "./layout.js";
import { CORNER_TEXTS, OwnPicture } from "./own-picture.js";
import { Pager } from "./pager.js";
import { PictureInPicture } from "./picture-in-picture.js";
import { sceneOf } from "./scene.js";
import { Showing } from "./showing.js";
import { Tile } from "./tile.js";
import { ViewChoice } from "./view-choice.js";

/** @typedef {import("./tile.js").Picture} Picture */

const PAGER = 40;
/** The own tile needs a key before the server has given an id. */
const OWN = "own";
/** @type {Record<string, 1 | -1>} */
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export class Stage {
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** @type {Picture[]} */
  #pictures = [];
  /** Participants in the spotlight, and the tiles of those who are here. @type {readonly string[]} */
  #lit = [];
  /** @type {readonly string[]} */
  #spotlight = [];
  #speakers = NOBODY;
  /** @type {readonly string[]} */
  #order = [];
  #element;
  #people;
  #screens;
  #showButton;
  #moved;
  #blocked;
  #fits;
  #own;
  #pager;
  #showing;
  /** null: to be measured. @type {{width: number, height: number, gap: number, pager: number} | null} */
  #measured = null;
  #resized = new ResizeObserver(() => {
    this.#measured = null;
    this.#arrange();
  });
  /** How the user looks at it. */
  choice;
  pictureInPicture = new PictureInPicture(() => this.#arrange());

  /**
   * @param {HTMLElement} view  the meeting's
   * @param {import("../here/storage.js").PageStorage} storage
   * @param {() => void} blocked  called when the browser will not play sound before a click
   * @param {import("./showing.js").Show} [show]  told what is shown of the others
   */
  constructor(view, storage, blocked, show = () => {}) {
    this.#element = part(view, "stage");
    this.#people = part(view, "tiles");
    this.#screens = part(view, "screens");
    this.#showButton = part(view, "show-own");
    this.#moved = part(view, "moved");
    this.#blocked = blocked;
    this.#pager = new Pager(view);
    this.#showing = new Showing(show);
    this.#fits = new Fits(storage);
    this.#own = new OwnPicture(storage, () => this.#ownChanged());
    this.choice = new ViewChoice(storage, () => this.#arrange());
    this.#resized.observe(this.#element);
    this.#showButton.addEventListener("click", () => this.#showOwn());
    // Also of one tile.
    this.#element.addEventListener("fullscreenchange", () => this.#arrange());
    this.#element.addEventListener("keydown", (event) => this.#moveAmongPins(event));
  }

  /** @param {Picture[]} pictures  in the order of coming @param {readonly string[]} [spotlight]  ids of participants */
  update(pictures, spotlight = []) {
    this.#pictures = pictures;
    this.#lit = spotlight;
    const alone = !pictures.some(({ own }) => !own);
    const hidden = this.#own.hidden && !alone;
    hide(this.#showButton, !hidden);
    const had = document.activeElement?.closest(".tile");
    const focused = had ? this.#pins().findIndex((pin) => had.contains(pin)) : -1;
    this.#show(pictures.filter(({ own, screen }) => !(hidden && own && !screen)), alone);
    this.#spotlight = pictures.filter(({ participant, screen }) => !screen && spotlight.includes(participant.id)).map(keyOf);
    for (const [key, tile] of this.#tiles) tile.spotlit = this.#spotlight.includes(key);
    this.#arrange();
    // Whoever had it in a tile that is gone goes on in the one that has its place.
    if (focused >= 0 && !this.#element.contains(document.activeElement)) this.#pins().slice(0, focused + 1).at(-1)?.focus();
  }

  /** How loud everyone is. @param {ReadonlyMap<string, number>} levels  0 to 1, by participant @param {string} myId @param {number} now  milliseconds */
  hear(levels, myId, now) {
    const before = this.#speakers.recent;
    this.#speakers = heard(this.#speakers, levels, now, myId);
    for (const [id, voice] of this.#speakers.voices) {
      const tile = this.#tiles.get(id === myId ? OWN : id);
      if (tile) tile.speaking = speaks(voice, now);
    }
    if (this.#speakers.recent.join() !== before.join()) this.#arrange();
  }

  play() {
    for (const tile of this.#tiles.values()) tile.play();
  }

  stop() {
    this.#resized.disconnect();
    this.#showing.stop();
    this.pictureInPicture.close();
    for (const tile of this.#tiles.values()) tile.remove();
    this.#tiles.clear();
  }

  /** Pins somebody, or releases them. @param {string} id  of a participant @param {boolean} own */
  togglePin(id, own) {
    this.choice.togglePin(own ? OWN : id);
  }

  /** @param {string} id @param {boolean} own */
  isPinned(id, own) {
    return this.choice.pin === (own ? OWN : id);
  }

  /** @param {Picture[]} pictures @param {boolean} alone */
  #show(pictures, alone) {
    const left = new Set(this.#tiles.keys());
    const places = new Map([this.#people, this.#screens].map((container) => [container, container.firstElementChild]));
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
    }
    for (const key of left) {
      this.#tiles.get(key)?.remove();
      this.#tiles.delete(key);
    }
  }

  /** @param {Picture} picture */
  #newTile(picture) {
    const tile = new Tile(this.#blocked, () => this.#arrange());
    part(tile.element, "pin").addEventListener("click", () => this.choice.togglePin(keyOf(picture)));
    part(tile.element, "fit").addEventListener("click", () => {
      this.#fits.turn(tile.kind);
      for (const each of this.#tiles.values()) if (each.kind === tile.kind) each.fit(this.#fits.of(tile.kind));
    });
    if (!picture.own || picture.screen) return tile;
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
    this.update(this.#pictures, this.#lit);
    write(this.#moved, this.#tiles.get(OWN)?.floating ? CORNER_TEXTS[this.#own.corner] : "");
  }

  #arrange() {
    const space = this.#space;
    const scene = sceneOf({
      people: this.#keys(({ kind }) => kind === "person"),
      own: this.#tiles.has(OWN) ? OWN : null,
      screens: this.#keys(({ kind }) => kind === "screen"),
      view: this.choice.view,
      pin: this.choice.pin,
      spotlight: this.#spotlight,
      speakers: this.#speakers.recent,
      order: this.#order,
      page: this.choice.page,
      space,
    });
    this.#order = scene.order;
    this.choice.page = scene.page;
    this.#element.toggleAttribute("data-presenting", this.#screens.childElementCount > 0);
    set(this.#people, "data-count", String(this.#people.childElementCount));
    for (const [key, tile] of this.#tiles) this.#put(key, tile, scene);
    this.#arrangeTools();
    this.#float(scene, space);
    this.#pager.show(scene);
    this.#keepFocus();
    this.#tellWhatIsShown(scene);
  }

  /** @param {string} key @param {Tile} tile @param {import("./scene.js").Scene} scene */
  #put(key, tile, scene) {
    const box = scene.tiles.get(key);
    const floats = scene.floats && key === OWN;
    tile.floating = floats;
    tile.onStage = floats || box !== undefined;
    tile.element.toggleAttribute("data-large", scene.large.includes(key));
    if (box) place(tile.element, box);
  }

  /** Tab stops only at one button of a kind: arrow keys go on among the pins; all tiles of a kind share one fit. */
  #arrangeTools() {
    const kinds = new Set();
    let first = true;
    for (const key of this.#pictures.map(keyOf)) {
      const tile = this.#tiles.get(key);
      if (!tile) continue;
      const on = !tile.element.hidden;
      tile.fit(this.#fits.of(tile.kind), on && !kinds.has(tile.kind));
      tile.pin({ pinned: this.choice.pin === key, inTabOrder: on && first });
      if (!on) continue;
      kinds.add(tile.kind);
      first = false;
    }
  }

  /** Whoever had the focus in a tile that is on another page now goes on among those of this one. */
  #keepFocus() {
    if (!document.activeElement?.closest(".tile[hidden]")) return;
    this.#pins()[0]?.focus();
  }

  /** Of the tiles of this page. @returns {HTMLElement[]} */
  #pins() {
    return [...this.#element.querySelectorAll('.tile:not([hidden]) [data-part="pin"]')].filter((pin) => pin instanceof HTMLElement);
  }

  /** @param {import("./scene.js").Scene} scene @param {{width: number, height: number, gap: number}} space */
  #float({ floats, tiles }, space) {
    const own = this.#tiles.get(OWN);
    const [key = "", other] = [...this.#tiles].find(([, { kind }]) => kind === "person") ?? [];
    const around = tiles.get(key);
    if (!floats || !own || !other || !around) return other?.keepClear(0);
    const box = floating({ ...space, scrollbar: 0 }, around, own.ratio, this.#own.corner, other.edge);
    place(own.element, box);
    // The other's name ends where the own picture begins.
    other.keepClear(this.#own.corner === "bottom right" ? Math.max(0, around.left + around.width - box.left) : 0);
  }

  /** @param {KeyboardEvent} event */
  #moveAmongPins(event) {
    const step = STEPS[event.key];
    const { target } = event;
    if (!step || !(target instanceof HTMLElement) || target.dataset.part !== "pin") return;
    event.preventDefault();
    const pins = this.#pins();
    pins[(pins.indexOf(target) + step + pins.length) % pins.length].focus();
  }

  /** @param {import("./scene.js").Scene} scene */
  #tellWhatIsShown(scene) {
    const small = this.#inWindow(scene);
    const wide = [...scene.tiles].map(([key, { width }]) => /** @type {const} */ ([key, { width: this.#tiles.get(key)?.widthShown(width) ?? width }]));
    this.#showing.update(this.#pictures.filter(({ own }) => !own), keyOf, new Map(wide), small);
  }

  /** Whose picture is in a window of its own, if there is one: as on the stage. @param {import("./scene.js").Scene} scene */
  #inWindow({ large }) {
    if (!this.pictureInPicture.open) return null;
    const [speaker] = this.#speakers.recent.filter((key) => this.#tiles.has(key));
    const key = large[0] ?? speaker ?? this.#keys(({ kind }) => kind === "person")[0] ?? OWN;
    const picture = this.#pictures.find((each) => keyOf(each) === key);
    if (!picture) return null;
    const { participant, stream, screen } = picture;
    this.pictureInPicture.show(participant.name, stream, screen || participant.sends.video);
    return key;
  }

  /** @param {(tile: Tile) => boolean} of */
  #keys(of) {
    return [...this.#tiles].filter(([, tile]) => of(tile)).map(([key]) => key);
  }

  /** The stage's own size, independent of tiles. */
  get #space() {
    return (this.#measured ??= this.#measure());
  }

  #measure() {
    const { width, height } = this.#element.getBoundingClientRect();
    const gap = parseFloat(getComputedStyle(this.#element).rowGap) || 0;
    return { width: Math.floor(width), height: Math.floor(height), gap, pager: PAGER };
  }
}

/** @param {Picture} picture */
function keyOf({ participant, own, screen }) {
  const who = own ? OWN : participant.id;
  return screen ? `${who} screen` : who;
}

/** @param {HTMLElement} tile @param {import("./scene.js").Box} box */
function place({ style }, { left, top, width, height }) {
  style.left = `${left}px`;
  style.top = `${top}px`;
  style.width = `${width}px`;
  style.height = `${height}px`;
}
