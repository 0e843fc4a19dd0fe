/** The choice of the instance of a series to show. */
import { part, write } from "../ui/dom.js";
import { Emitter } from "../../sdk/events.js";
import { dateTime } from "../ui/times.js";
import { STATES_INSIDE } from "./import-texts.js";
import { t, tn } from "../words/words.js";

/** @typedef {import("./record.js").Instance} Instance */

/** Whether the attendance of an instance is unknown. @param {Instance} instance */
export const isUnsure = ({ state }) => state === "unread" || state === "unknown" || state === "too_old";

/** `choose`: the instance, or "" for all of them. @extends {Emitter<{choose: {instance: string}}>} */
export class SeriesChoice extends Emitter {
  #element;
  #select;

  /** @param {HTMLElement} element */
  constructor(element) {
    super();
    this.#element = element;
    this.#select = part(element, "date", HTMLSelectElement);
    this.#select.addEventListener("change", () => this.emit("choose", { instance: this.#select.value }));
  }

  /** @param {Instance[]} series @param {string} chosen */
  update(series, chosen) {
    this.#element.hidden = series.length < 2;
    const choices = [["", tn(series.length, "All {count} dates", "All {count} dates")], ...series.map((each) => [each.instance, titleOf(each)])];
    while (this.#select.options.length > choices.length) this.#select.options[choices.length].remove();
    choices.forEach(([value, text], index) => {
      const option = this.#select.options[index] ?? this.#select.appendChild(document.createElement("option"));
      option.value = value;
      write(option, text);
    });
    this.#select.value = chosen;
  }
}

/** @param {Instance} instance */
function titleOf({ startsAt, state }) {
  const date = startsAt === null ? t("Without a date") : dateTime(startsAt);
  return state === "complete" ? date : `${date} · ${STATES_INSIDE[state]}`;
}
