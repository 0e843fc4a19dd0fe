/**
 * A shared screen seen closer: by buttons, the wheel with Ctrl (as two fingers on a touchpad send it), and a double click; moved
 * by dragging, and with the arrow keys on its buttons.
 *
 * @typedef {{scale: number, x: number, y: number}} Closer  `x`, `y`: how far the picture is moved, in widths and heights of the tile
 */
import { hide, part } from "../ui/dom.js";

/** @type {Closer} */
const WHOLE = { scale: 1, x: 0, y: 0 };
const MOST = 6;
const STEP = 1.5;
const MOVE = 0.15;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [MOVE, 0], ArrowRight: [-MOVE, 0], ArrowUp: [0, MOVE], ArrowDown: [0, -MOVE] };

/**
 * Another scale, with what is at a point staying there.
 * @param {Closer} from @param {number} factor @param {{x: number, y: number}} at  from the middle, in widths and heights @returns {Closer}
 */
export function closer(from, factor, at = { x: 0, y: 0 }) {
  const scale = Math.min(MOST, Math.max(1, from.scale * factor));
  const kept = (/** @type {number} */ moved, /** @type {number} */ point) => point - ((point - moved) * scale) / from.scale;
  return moved({ scale, x: kept(from.x, at.x), y: kept(from.y, at.y) }, 0, 0);
}

/** Moved, as far as there is more to see. @param {Closer} from @param {number} x @param {number} y @returns {Closer} */
export function moved(from, x, y) {
  const most = (from.scale - 1) / 2;
  const bounded = (/** @type {number} */ value) => Math.min(most, Math.max(-most, value)) || 0;
  return { scale: from.scale, x: bounded(from.x + x), y: bounded(from.y + y) };
}

export class Zoom {
  #tile;
  #video;
  #buttons;
  #now = WHOLE;
  #changed;

  /** @param {HTMLElement} tile @param {() => void} [changed]  called when it is seen closer, or from farther away */
  constructor(tile, changed = () => {}) {
    this.#tile = tile;
    this.#changed = changed;
    this.#video = part(tile, "video");
    const [larger, smaller] = [part(tile, "zoom-in"), part(tile, "zoom-out")];
    this.#buttons = { larger, smaller };
    larger.addEventListener("click", () => this.#show(closer(this.#now, STEP)));
    smaller.addEventListener("click", () => this.#show(closer(this.#now, 1 / STEP)));
    for (const button of [larger, smaller]) button.addEventListener("keydown", (event) => this.#moveByKey(event));
    tile.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.#video.addEventListener("dblclick", (event) => this.#turn(event));
    this.#video.addEventListener("pointermove", (event) => this.#drag(event));
    this.#video.addEventListener("pointerdown", (event) => this.#now.scale > 1 && this.#video.setPointerCapture(event.pointerId));
    this.#show(WHOLE);
  }

  get scale() {
    return this.#now.scale;
  }

  /** @param {boolean} possible */
  set possible(possible) {
    for (const button of Object.values(this.#buttons)) hide(button, !possible);
  }

  /** @param {Closer} now */
  #show(now) {
    const before = this.#now.scale;
    this.#now = now;
    this.#tile.toggleAttribute("data-closer", now.scale > 1);
    this.#video.style.transform = now.scale > 1 ? `translate(${now.x * 100}%, ${now.y * 100}%) scale(${now.scale})` : "";
    this.#buttons.smaller.setAttribute("aria-disabled", String(now.scale === 1));
    this.#buttons.larger.setAttribute("aria-disabled", String(now.scale === MOST));
    if (before !== now.scale) this.#changed();
  }

  /** @param {MouseEvent} event */
  #turn(event) {
    if (!this.#buttons.larger.hidden) this.#show(this.#now.scale > 1 ? WHOLE : closer(this.#now, 2, this.#pointOf(event)));
  }

  /** @param {MouseEvent} event */
  #pointOf({ clientX, clientY }) {
    const { left, top, width, height } = this.#tile.getBoundingClientRect();
    return { x: (clientX - left) / width - 0.5, y: (clientY - top) / height - 0.5 };
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!event.ctrlKey || this.#buttons.larger.hidden) return;
    event.preventDefault();
    this.#show(closer(this.#now, Math.exp(-event.deltaY / 100), this.#pointOf(event)));
  }

  /** @param {PointerEvent} event */
  #drag({ buttons, movementX, movementY }) {
    if (!(buttons & 1) || this.#now.scale === 1) return;
    const { width, height } = this.#tile.getBoundingClientRect();
    this.#show(moved(this.#now, movementX / width, movementY / height));
  }

  /** @param {KeyboardEvent} event */
  #moveByKey(event) {
    const [x, y] = ARROWS[event.key] ?? [0, 0];
    if ((!x && !y) || this.#now.scale === 1) return;
    event.preventDefault();
    this.#show(moved(this.#now, x, y));
  }
}
