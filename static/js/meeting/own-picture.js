/** The own picture: whether it is shown, and its corner when it lies over the other's. Both are remembered. */
import { t } from "../words/words.js";

/** @typedef {import("./layout.js").Corner} Corner */

const HIDDEN = "reconvene.own-picture-hidden";
const CORNER = "reconvene.own-picture-corner";

/** @type {readonly Corner[]} */
const CORNERS = ["top left", "top right", "bottom left", "bottom right"];

/** Where it is, for those who do not see it. @type {Record<Corner, string>} */
export const CORNER_TEXTS = {
  "top left": t("Your picture is at the top left"),
  "top right": t("Your picture is at the top right"),
  "bottom left": t("Your picture is at the bottom left"),
  "bottom right": t("Your picture is at the bottom right"),
};

/** For each arrow key: the word it replaces in the corner's name, and the new word. @type {Record<string, [RegExp, string]>} */
const ARROWS = {
  ArrowUp: [/bottom/, "top"],
  ArrowDown: [/top/, "bottom"],
  ArrowLeft: [/right/, "left"],
  ArrowRight: [/left/, "right"],
};

export class OwnPicture {
  /** @type {boolean} */
  #hidden;
  /** @type {Corner} */
  #corner;
  #storage;
  #changed;

  /** @param {import("../here/storage.js").PageStorage} storage @param {() => void} changed */
  constructor(storage, changed) {
    this.#storage = storage;
    this.#changed = changed;
    this.#hidden = storage.getItem(HIDDEN) !== null;
    this.#corner = CORNERS.find((corner) => corner === storage.getItem(CORNER)) ?? "bottom right";
  }

  get hidden() {
    return this.#hidden;
  }

  set hidden(hidden) {
    this.#hidden = hidden;
    if (hidden) this.#storage.setItem(HIDDEN, "");
    else this.#storage.removeItem(HIDDEN);
    this.#changed();
  }

  get corner() {
    return this.#corner;
  }

  set corner(corner) {
    this.#corner = corner;
    this.#storage.setItem(CORNER, corner);
    this.#changed();
  }

  /**
   * Lets a handle move the tile it lies on, by pointer and by arrow keys.
   * @param {HTMLElement} handle @param {HTMLElement} tile
   */
  movedBy(handle, tile) {
    /** Where the drag began. @type {{x: number, y: number} | null} */
    let hold = null;
    handle.addEventListener("keydown", (event) => {
      const [from, to] = ARROWS[event.key] ?? [];
      if (!from || !to) return;
      event.preventDefault();
      this.corner = /** @type {Corner} */ (this.#corner.replace(from, to));
    });
    handle.addEventListener("pointerdown", ({ pointerId, button, clientX, clientY }) => {
      if (button) return;
      handle.setPointerCapture(pointerId);
      hold = { x: clientX, y: clientY };
    });
    handle.addEventListener("pointermove", ({ clientX, clientY }) => {
      if (hold) tile.style.translate = `${clientX - hold.x}px ${clientY - hold.y}px`;
      tile.toggleAttribute("data-dragged", Boolean(hold));
    });
    const letGo = () => {
      hold = null;
      tile.style.translate = "";
      tile.removeAttribute("data-dragged");
    };
    handle.addEventListener("pointerup", () => {
      const corner = hold && tile.hasAttribute("data-dragged") && nearest(tile);
      letGo();
      if (corner) this.corner = corner;
    });
    handle.addEventListener("lostpointercapture", letGo); // Also after the pointer was cancelled.
  }
}

/** The corner of the container that is nearest to the element's centre. @param {HTMLElement} element @returns {Corner} */
function nearest(element) {
  const own = element.getBoundingClientRect();
  const around = (element.parentElement ?? element).getBoundingClientRect();
  const high = own.top + own.bottom < around.top + around.bottom;
  const left = own.left + own.right < around.left + around.right;
  return `${high ? "top" : "bottom"} ${left ? "left" : "right"}`;
}
