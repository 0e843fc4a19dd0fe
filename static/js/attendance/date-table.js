/** A series side by side: a row for each person, a column for each date. Rendered on first view. */
import { part, write } from "../ui/dom.js";
import { Emitter } from "../../sdk/events.js";
import { clock, duration, shortDay } from "../ui/times.js";
import { searchText } from "./search-text.js";
import { length } from "./record.js";
import { ROLES } from "./roles.js";
import { isUnsure } from "./series.js";
import { STATES_INSIDE } from "./import-texts.js";
import { number, t, tn } from "../words/words.js";

/** @typedef {import("./record.js").Person} Person */
/** @typedef {import("./record.js").Instance} Instance */
/** @typedef {{person: Person, cells: {there: boolean, seconds: number, estimated: boolean}[]}} Line  one cell for each instance */

const collator = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

/** `choose`: a date. @extends {Emitter<{choose: {instance: string}}>} */
export class DateTable extends Emitter {
  #element;
  /** @type {import("./record.js").Attendance | null} */
  #attendance = null;
  #sought = "";
  #shown = false;
  #drawn = "";

  /** @param {HTMLElement} element */
  constructor(element) {
    super();
    this.#element = element;
    part(element, "head").addEventListener("click", ({ target }) => {
      const instance = target instanceof Element && target.closest("button")?.dataset.instance;
      if (instance) this.emit("choose", { instance });
    });
  }

  /** @param {boolean} shown */
  show(shown) {
    this.#element.hidden = !shown;
    this.#shown = shown;
  }

  /** @param {import("./record.js").Attendance} attendance */
  update(attendance) {
    this.#attendance = attendance;
    this.#drawn = "";
  }

  /** @param {string} text @returns {string} how many match, if a text is sought */
  seek(text) {
    this.#sought = searchText(text);
    const people = this.#attendance?.people.filter(({ bot }) => !bot) ?? [];
    const found = people.filter(({ name, imported }) => searchText(`${name}\n${imported?.email ?? ""}`).includes(this.#sought));
    if (this.#shown && this.#attendance && this.#drawn !== `=${this.#sought}`) {
      this.#draw(this.#attendance, people, found);
      this.#drawn = `=${this.#sought}`;
    }
    return this.#sought ? tn(people.length, "{found} of {count} person", "{found} of {count} people", { found: found.length }) : "";
  }

  /** @param {import("./record.js").Attendance} attendance @param {Person[]} people  all, as counted in the heads @param {Person[]} found */
  #draw({ source, asOf }, people, found) {
    const series = source?.series ?? [];
    /** @type {Map<string, number>} */
    const came = new Map();
    for (const { stays } of people) for (const instance of new Set(stays.map((stay) => stay.instance))) came.set(instance, (came.get(instance) ?? 0) + 1);
    const lines = found.toSorted((one, other) => collator.compare(one.name, other.name)).map((person) => lineOf(person, series, asOf));
    const dates = series.map((each) => head(each, came.get(each.instance) ?? 0));
    part(this.#element, "head").replaceChildren(cell("th", t("Name")), ...dates, cell("th", t("Came to")), cell("th", t("Time")));
    part(this.#element, "lines").replaceChildren(...lines.map((line) => row(line, series)));
  }
}

/** @param {Person} person @param {Instance[]} series @param {number} asOf @returns {Line} */
function lineOf(person, series, asOf) {
  const cells = series.map(({ instance }) => {
    const own = person.stays.filter((stay) => stay.instance === instance);
    return { there: own.length > 0, seconds: length(own, asOf), estimated: own.some(({ estimated }) => estimated) };
  });
  return { person, cells };
}

/** @param {Instance} instance @param {number} came */
function head(instance, came) {
  const element = cell("th", "");
  const button = document.createElement("button");
  button.dataset.instance = instance.instance;
  const { startsAt, state } = instance;
  button.append(startsAt === null ? t("No date") : shortDay(startsAt), small(startsAt === null ? "" : clock(startsAt)));
  if (!isUnsure(instance)) button.append(small(tn(came, "{count} person", "{count} people")));
  if (state !== "complete") button.append(small(STATES_INSIDE[state]));
  element.append(button);
  return element;
}

/** @param {Line} line @param {Instance[]} series */
function row({ person, cells }, series) {
  const element = document.createElement("tr");
  const name = cell("th", person.name);
  name.scope = "row";
  name.dir = "auto";
  for (const text of [ROLES[person.role], person.imported?.email]) if (text) name.append(small(text));
  element.append(name, ...cells.map((each, index) => cell("td", told(each, series[index]))));
  element.append(cell("td", number(cells.filter(({ there }) => there).length)), cell("td", duration(person.duration)));
  return element;
}

/** @param {Line["cells"][number]} cell @param {Instance} instance */
function told({ there, seconds, estimated }, instance) {
  if (!there) return isUnsure(instance) ? "?" : "–";
  return `${estimated ? "≈ " : ""}${duration(seconds)}`;
}

/** @param {"th" | "td"} tag @param {string} text */
function cell(tag, text) {
  const element = /** @type {HTMLTableCellElement} */ (document.createElement(tag));
  if (tag === "th") element.scope = "col";
  write(element, text);
  return element;
}

/** @param {string} text */
const small = (text) => Object.assign(document.createElement("small"), { textContent: text });
