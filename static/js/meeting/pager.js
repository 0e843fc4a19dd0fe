/** What turns the pages of tiles. */
import { part, write } from "../ui/dom.js";
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
    this.#element.hidden = !pager;
    if (!pager) return write(part(this.#element, "page-of"), "");
    const { style } = this.#element;
    style.left = `${pager.left}px`;
    style.top = `${pager.top}px`;
    style.width = `${pager.width}px`;
    style.height = `${pager.height}px`;
    write(part(this.#element, "page-of"), t("Page {page} of {pages}", { page: page + 1, pages }));
    // Not disabled: a button with the focus would lose it at the last page.
    this.#previous.setAttribute("aria-disabled", String(page === 0));
    this.#next.setAttribute("aria-disabled", String(page === pages - 1));
  }
}
