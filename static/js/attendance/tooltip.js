/** Explains a timeline's bar beside the pointer. The row has the same text for people without a pointer. */
import { stayLines } from "./timeline.js";

/** Pixels between bar and tooltip. */
const AWAY = 10;

export class StayTooltip {
  #element;
  #table;
  #now = 0;
  #dated = false;
  #watch = new AbortController();

  /** @param {HTMLElement} rows @param {HTMLElement} element @param {import("./people-table.js").PeopleTable} table */
  constructor(rows, element, table) {
    const { signal } = this.#watch;
    this.#element = element;
    this.#table = table;
    rows.addEventListener("pointerover", ({ target }) => target instanceof Element && this.#point(target), { signal });
    rows.addEventListener("pointerleave", () => (element.hidden = true), { signal });
    window.addEventListener("scroll", () => (element.hidden = true), { signal, passive: true });
  }

  stop() {
    this.#watch.abort();
  }

  /** @param {number} now @param {boolean} dated */
  update(now, dated) {
    this.#now = now;
    this.#dated = dated;
  }

  /** @param {Element} target */
  #point(target) {
    const index = target.getAttribute("data-stay");
    const stay = index === null ? undefined : this.#table.personAt(target)?.stays[Number(index)];
    this.#element.hidden = !stay;
    if (!stay) return;
    this.#element.replaceChildren(
      ...stayLines(stay, this.#now, this.#dated).map((line) => Object.assign(document.createElement("span"), { textContent: line })),
    );
    const bar = target.getBoundingClientRect();
    const { width, height } = this.#element.getBoundingClientRect();
    const left = Math.min(Math.max(8, bar.left + bar.width / 2 - width / 2), document.documentElement.clientWidth - width - 8);
    const above = bar.top - height - AWAY;
    this.#element.style.left = `${left}px`;
    this.#element.style.top = `${above > 0 ? above : bar.bottom + AWAY}px`;
  }
}
