/** What turns the pages of tiles. */
import { hide, part, set, write } from "../ui/dom.js";
import { t } from "../words/words.js";

export class Pager {
  #element;
  #previous;
  #next;

  /** @param {HTMLElement} view  the meeting's */
  constructor(view) {
    this.#element = part(view, "pager");
    this.#previous = part(view, "previous", HTMLButtonElement);
    this.#next = part(view, "next", HTMLButtonElement);
  }

  /** @param {import("./scene.js").Scene} scene */
  show({ page, pages, pager }) {
    hide(this.#element, !pager);
    if (!pager) return write(part(this.#element, "page-of"), "");
    const { style } = this.#element;
    style.left = `${pager.left}px`;
    style.top = `${pager.top}px`;
    style.width = `${pager.width}px`;
    style.height = `${pager.height}px`;
    write(part(this.#element, "page-of"), t("Page {page} of {pages}", { page: page + 1, pages }));
    // Not disabled: a button with the focus would lose it at the last page.
    set(this.#previous, "aria-disabled", String(page === 0));
    set(this.#next, "aria-disabled", String(page === pages - 1));
  }
}
