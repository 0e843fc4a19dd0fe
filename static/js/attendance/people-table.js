/** The table of people: searchable by name, sortable by column, updated in place. */
import { hueOf, paintAvatar } from "../ui/avatar.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { clock, dayAndClock, duration } from "../ui/times.js";
import { searchText } from "./search-text.js";
import { ROLES } from "./roles.js";
import { isRegistered, isRegistrationSure } from "./import-texts.js";
import { background, drawLabels, drawTimeline, inWords } from "./timeline.js";
import { t, tn } from "../words/words.js";

/** @typedef {import("./record.js").Person} Person */
/** @typedef {"name" | "arrived" | "duration" | "sessions"} Column */

const collator = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

/** @type {Record<Column, (one: Person, other: Person) => number>} */
const ORDERS = {
  name: (one, other) => collator.compare(one.name, other.name),
  arrived: (one, other) => (one.arrived ?? Infinity) - (other.arrived ?? Infinity) || 0,
  duration: (one, other) => one.duration - other.duration,
  sessions: (one, other) => one.stays.length - other.stays.length || one.reconnects - other.reconnects,
};

/** Columns that sort in descending order first. @type {Set<Column>} */
const MOST_FIRST = new Set(["duration", "sessions"]);

/** Labels for registrations that are not approved. @type {Record<import("./record.js").Registration, string>} */
const REGISTRATIONS = { approved: "", pending: t("Pending"), denied: t("Denied") };

/** Pixels: room for a time above the timelines, its baseline, and the width of the timelines in print. */
const LABEL_WIDTH = 64;
const LABEL = 22;
const PAPER = 210;

export class PeopleTable {
  #element;
  #body;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();
  /** @type {{attendance: import("./record.js").Attendance, axis: import("./axis.js").Axis, printed: boolean} | null} */
  #shown = null;
  /** @type {Column} */
  #column = "arrived";
  #descending = false;
  #sought = "";
  /** @type {(person: Person) => boolean} */
  #only = () => true;

  /** @param {HTMLElement} element  with the table and its messages */
  constructor(element) {
    this.#element = element;
    this.#body = part(element, "rows");
    for (const button of element.querySelectorAll("button[data-sort]")) {
      button.addEventListener("click", () => this.#sortBy(/** @type {Column} */ (button.getAttribute("data-sort"))));
    }
    new ResizeObserver(() => this.#drawAxis()).observe(part(element, "axis", SVGElement));
  }

  /**
   * Updates the rows; `seek` decides which of them are shown.
   * @param {import("./record.js").Attendance} attendance @param {import("./axis.js").Axis} axis
   * @param {boolean} dated  there is more than one day @param {boolean} printed
   */
  update(attendance, axis, dated, printed) {
    this.#shown = { attendance, axis, printed };
    this.#element.classList.toggle("dated", dated);
    this.#element.classList.toggle("imported", attendance.source !== null);
    this.#drawAxis();
    const gone = new Set(this.#rows.keys());
    const people = new Map(attendance.people.map((person) => [person.id, person]));
    for (const person of attendance.people) {
      gone.delete(person.id);
      let row = this.#rows.get(person.id);
      if (!row) this.#rows.set(person.id, (row = fromTemplate("attendance-row")));
      showRow(row, person, axis, attendance, dated);
      if (person.imported) showImported(row, person, person.imported, people, attendance.source);
    }
    for (const id of gone) {
      this.#rows.get(id)?.remove();
      this.#rows.delete(id);
    }
  }

  /** The person whose row this is in. @param {Element} element @returns {Person | undefined} */
  personAt(element) {
    const id = element.closest("tr")?.dataset.participantId;
    return this.#shown?.attendance.people.find((person) => person.id === id);
  }

  /** @param {Column} column */
  #sortBy(column) {
    this.#descending = column === this.#column ? !this.#descending : MOST_FIRST.has(column);
    this.#column = column;
    for (const head of this.#element.querySelectorAll("th[data-column]")) {
      if (head.getAttribute("data-column") === column) head.setAttribute("aria-sort", this.#descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    this.#arrange();
  }

  /** @param {string} text @param {(person: Person) => boolean} only @returns {string} how many match, if a text is sought */
  seek(text, only) {
    this.#sought = searchText(text);
    this.#only = only;
    return this.#arrange();
  }

  /** Puts the matching rows in order, moving only misplaced ones. Returns the same as `seek`. */
  #arrange() {
    const people = (this.#shown?.attendance.people ?? []).filter(this.#only);
    const sign = this.#descending ? -1 : 1;
    const order = ORDERS[this.#column];
    // Equal values are ordered by arrival.
    const found = people.filter((person) => searchText(called(person)).includes(this.#sought)).toSorted((one, other) => sign * order(one, other));
    const wanted = new Set(found.map(({ id }) => id));
    for (const [id, row] of this.#rows) if (!wanted.has(id)) row.remove();
    let next = this.#body.firstElementChild;
    for (const { id } of found) {
      const row = this.#rows.get(id);
      if (!row) continue;
      if (row === next) next = next.nextElementSibling;
      else this.#body.insertBefore(row, next);
    }
    const count = people.length;
    const bots = people.some(({ bot }) => bot);
    part(this.#element, "nobody").hidden = found.length > 0 || !people.length;
    if (!this.#sought) return "";
    return bots ? tn(count, "{found} of {count} person and bots", "{found} of {count} people and bots", { found: found.length }) : tn(count, "{found} of {count} person", "{found} of {count} people", { found: found.length });
  }

  #drawAxis() {
    if (!this.#shown) return;
    const { axis, printed } = this.#shown;
    const svg = part(this.#element, "axis", SVGElement);
    const width = printed ? PAPER : svg.clientWidth;
    const ticks = axis.ticks(Math.max(2, Math.floor(width / LABEL_WIDTH)));
    drawLabels(svg, ticks, LABEL, width);
    this.#body.style.setProperty("--lines", background(axis, ticks));
  }
}

/** @param {HTMLElement} row @param {Person} person @param {import("./axis.js").Axis} axis @param {import("./record.js").Attendance} attendance @param {boolean} dated */
function showRow(row, person, axis, { asOf, over }, dated) {
  const { id, name, role, bot, present, estimated, arrived, left, stays, reconnects, imported } = person;
  const time = dated ? dayAndClock : clock;
  if (row.dataset.participantId !== id || part(row, "name").textContent !== name) paintAvatar(part(row, "avatar"), name, hueOf(id));
  row.dataset.participantId = id;
  row.classList.toggle("present", present);
  row.classList.toggle("single", stays.length === 1);
  write(part(row, "name"), name);
  if (!imported) {
    write(part(row, "role"), [ROLES[role], bot ? t("Bot") : ""].filter(Boolean).join(", "));
    part(row, "role").classList.toggle("odd", bot);
  }
  write(part(row, "arrived"), arrived === null ? "–" : time(arrived));
  write(part(row, "left"), present && !over ? t("now") : present || left === null ? "–" : time(left));
  write(part(row, "duration"), duration(person.duration));
  part(row, "estimated").hidden = !estimated;
  write(part(row, "sessions"), String(stays.length));
  write(part(row, "reconnects"), reconnects ? tn(reconnects, "{count} reconnect", "{count} reconnects") : "");
  write(part(row, "words"), inWords(person, dated));
  drawTimeline(part(row, "timeline", SVGElement), person, axis, asOf);
}

/**
 * What an import adds about a person. Elements are made only when needed, as a table may have many rows.
 * @param {HTMLElement} row @param {Person} person @param {import("./record.js").Imported} imported
 * @param {Map<string, Person>} people  by id @param {import("./record.js").Source | null} source
 */
function showImported(row, { name, role }, { email, guest, registration, match, guessed }, people, source) {
  const registers = source !== null && isRegistered(source) && isRegistrationSure(source);
  const mark = guest ? t("Guest") : ROLES[role] ? ROLES[role] : registration ? REGISTRATIONS[registration] : registers ? t("Not registered") : "";
  write(part(row, "role"), mark);
  part(row, "role").classList.toggle("odd", mark !== "" && mark !== ROLES[role]);
  const other = match === null ? undefined : people.get(match);
  // A registrant of the same name who did not join by their own link.
  const perhaps = match === null ? "" : samePerson(other?.imported?.email || other?.name, name);
  showLine(row, "email", email);
  showLine(row, "perhaps", [perhaps, guessed ? t("Followed into breakout rooms by name") : ""].filter(Boolean).join(". "));
}

/** @param {string | undefined} other @param {string} name */
const samePerson = (other, name) => (other ? t("Perhaps the same person as {other}", { other }) : t("Perhaps the same person as {name}, who registered", { name }));

/** @param {HTMLElement} row @param {"email" | "perhaps"} name @param {string} text */
function showLine(row, name, text) {
  let line = row.querySelector(`[data-part="${name}"]`);
  if (!line && text) {
    line = Object.assign(document.createElement("small"), { className: `who-${name}` });
    line.setAttribute("data-part", name);
    part(row, "name").parentElement?.append(line);
  }
  if (line) write(line, text);
}

/** The text that a search for a person looks in. @param {Person} person */
const called = ({ name, imported }) => (imported ? `${name}\n${imported.email}` : name);
