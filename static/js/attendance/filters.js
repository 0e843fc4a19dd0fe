/** Chooses the list (all who came, guests only, who did not come, by date) and searches it by name. */
import { part, write } from "../ui/dom.js";
import { doubtOfAbsent, instances, isRegistrationSure } from "./import-texts.js";
import { number, t } from "../words/words.js";

/** @typedef {"came" | "guests" | "absent" | "dates"} List */

export class PeopleFilters {
  #element;
  #table;
  #absent;
  #dates;
  #search;
  /** @type {List | null} null: nobody has chosen */
  #chosen = null;
  /** @type {List} */
  #shown = "came";

  /**
   * @param {HTMLElement} element  with the search field, the choice, the lists and their messages
   * @param {import("./people-table.js").PeopleTable} table @param {import("./absent.js").AbsentList} absent
   * @param {import("./date-table.js").DateTable} dates
   */
  constructor(element, table, absent, dates) {
    this.#element = element;
    this.#table = table;
    this.#absent = absent;
    this.#dates = dates;
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
  update(attendance, complete) {
    const { source, people } = attendance;
    part(this.#element, "lists").hidden = !source;
    if (source) {
      const registered = source.registrants.approved + source.registrants.pending + source.registrants.denied;
      const { attended } = source;
      this.#button("came", attended ? t("Came") : "", attended?.people);
      this.#button("guests", attended?.guests ? t("Guests") : "", attended?.guests);
      // While it is unknown who came, this lists everyone who registered.
      this.#button("absent", registered ? (attended ? t("Registered, did not come") : t("Registered")) : "", attended ? attended.noShows : registered);
      // The table by date needs all instances.
      const several = attended && source.series.length > 1 && instances(source).length > 1;
      this.#button("dates", several ? t("By date") : "", several ? source.series.length : null);
      this.#dates.update(attendance);
      // By default, a list that has content.
      this.#shown = this.#chosen ?? (people.length || !registered ? "came" : "absent");
      if (this.#shown === "dates" && !several) this.#shown = "came";
      write(part(this.#element, "search-label"), t("Find by name or e-mail"));
      this.#search.placeholder = t("Find by name or e-mail");
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
    const [absent, dates] = [this.#shown === "absent", this.#shown === "dates"];
    part(this.#element, "people").hidden = part(this.#element, "key").hidden = absent || dates;
    this.#absent.show(absent);
    this.#dates.show(dates);
    this.#seek();
  }

  #seek() {
    const text = this.#search.value.trim();
    const guests = this.#shown === "guests";
    const list = { absent: this.#absent, dates: this.#dates }[/** @type {string} */ (this.#shown)];
    const found = list ? list.seek(text) : this.#table.seek(text, ({ imported }) => !guests || imported?.guest === true);
    write(part(this.#element, "found"), found);
    write(part(this.#element, "nobody"), t("Nobody here is called “{name}”.", { name: text }));
  }

  /** @param {List} list @param {string} label  "": hides the button @param {number | null} [count]  null: unknown */
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
