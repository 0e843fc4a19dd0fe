/** Which people are shown, and in which list: all who came or some of them, or those who did not come; found by name. */
import { part, write } from "../dom.js";
import { number } from "./moments.js";
import { doubtOfAbsent, isRegistrationSure } from "./source-words.js";

/** @typedef {"came" | "guests" | "absent"} List */

export class PeopleLists {
  #element;
  #table;
  #absent;
  #search;
  /** @type {List | null} null: nobody has chosen */
  #chosen = null;
  /** @type {List} */
  #shown = "came";

  /**
   * @param {HTMLElement} element  with the search field, the choice, the lists and what is said of them
   * @param {import("./people-table.js").PeopleTable} table @param {import("./absent.js").AbsentList} absent
   */
  constructor(element, table, absent) {
    this.#element = element;
    this.#table = table;
    this.#absent = absent;
    this.#search = part(element, "search", HTMLInputElement);
    this.#search.addEventListener("input", () => this.#seek());
    this.#search.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#search.value) return;
      event.preventDefault();
      this.#search.value = "";
      this.#seek();
    });
    for (const button of this.#buttons) button.addEventListener("click", () => this.#choose(/** @type {List} */ (button.dataset.list)));
  }

  /** The rows have changed. @param {import("./record.js").Attendance} attendance @param {boolean} complete */
  update({ source, people }, complete) {
    part(this.#element, "lists").hidden = !source;
    if (source) {
      const registered = source.registrants.approved + source.registrants.pending + source.registrants.denied;
      const { attended } = source;
      this.#button("came", attended ? "Came" : "", attended?.people);
      this.#button("guests", attended?.guests ? "Guests" : "", attended?.guests);
      // Where it is not known who came, everyone who registered is listed.
      this.#button("absent", registered ? (attended ? "Registered, did not come" : "Registered") : "", attended ? attended.noShows : registered);
      // What there is to see.
      this.#shown = this.#chosen ?? (people.length || !registered ? "came" : "absent");
      write(part(this.#element, "search-label"), "Find by name or e-mail");
      this.#search.placeholder = "Find by name or e-mail";
      if (complete) this.#absent.refresh(isRegistrationSure(source) && !doubtOfAbsent(source));
    }
    this.#show();
  }

  /** @param {List} list */
  #choose(list) {
    this.#chosen = this.#shown = list;
    this.#show();
  }

  #show() {
    for (const button of this.#buttons) button.setAttribute("aria-pressed", String(button.dataset.list === this.#shown));
    const absent = this.#shown === "absent";
    part(this.#element, "people").hidden = absent;
    part(this.#element, "key").hidden = absent;
    this.#absent.show(absent);
    this.#seek();
  }

  #seek() {
    const text = this.#search.value.trim();
    const guests = this.#shown === "guests";
    const found = this.#shown === "absent" ? this.#absent.seek(text) : this.#table.seek(text, ({ imported }) => !guests || imported?.guest === true);
    write(part(this.#element, "found"), found);
    write(part(this.#element, "sought"), text);
  }

  /** @param {List} list @param {string} label  "": there is nothing to choose @param {number | null} [count]  null: it is not known */
  #button(list, label, count = null) {
    const button = /** @type {HTMLElement} */ (this.#element.querySelector(`button[data-list="${list}"]`));
    button.hidden = !label;
    write(part(button, "label"), label);
    write(part(button, "count"), count === null ? "" : number(count));
    part(button, "count").hidden = count === null;
  }

  /** @returns {NodeListOf<HTMLButtonElement>} */
  get #buttons() {
    return this.#element.querySelectorAll("button[data-list]");
  }
}
