/** The table of people: found by name, sorted by what the head says, changed in place. */
import { paintAvatar } from "../avatar.js";
import { fromTemplate, part, write } from "../dom.js";
import { clock, counted, dayAndClock, duration, number } from "./moments.js";
import { background, drawLabels, drawTimeline, inWords } from "./timeline.js";

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

/** Who was there longest is looked for more often than who was there shortest. @type {Set<Column>} */
const MOST_FIRST = new Set(["duration", "sessions"]);

/** @type {Record<Person["role"], string>} */
const ROLES = { host: "Host", cohost: "Co-host", participant: "" };

/** Pixels: room for a time above the timelines, where it stands, and how wide the timelines are on paper. */
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

  /** @param {HTMLElement} element  with the search field, the table and what is said of them */
  constructor(element) {
    this.#element = element;
    this.#body = part(element, "rows");
    for (const button of element.querySelectorAll("button[data-sort]")) {
      button.addEventListener("click", () => this.#sortBy(/** @type {Column} */ (button.getAttribute("data-sort"))));
    }
    const search = part(element, "search", HTMLInputElement);
    search.addEventListener("input", () => this.#seek(search.value));
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !search.value) return;
      event.preventDefault();
      search.value = "";
      this.#seek("");
    });
    new ResizeObserver(() => this.#drawAxis()).observe(part(element, "axis", SVGElement));
  }

  /**
   * @param {import("./record.js").Attendance} attendance @param {import("./axis.js").Axis} axis
   * @param {boolean} dated  there is more than one day @param {boolean} printed
   */
  update(attendance, axis, dated, printed) {
    this.#shown = { attendance, axis, printed };
    this.#element.classList.toggle("dated", dated);
    this.#drawAxis();
    const gone = new Set(this.#rows.keys());
    for (const person of attendance.people) {
      gone.delete(person.id);
      let row = this.#rows.get(person.id);
      if (!row) this.#rows.set(person.id, (row = fromTemplate("attendance-row")));
      showRow(row, person, axis, attendance.asOf, dated);
    }
    for (const id of gone) {
      this.#rows.get(id)?.remove();
      this.#rows.delete(id);
    }
    this.#arrange();
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

  /** @param {string} text */
  #seek(text) {
    this.#sought = plain(text.trim());
    this.#arrange();
  }

  /** Puts the rows that are looked for in order, and moves only those that are elsewhere. */
  #arrange() {
    const people = this.#shown?.attendance.people ?? [];
    const sign = this.#descending ? -1 : 1;
    const order = ORDERS[this.#column];
    // Arrival decides between equals, as it is the order in which people come.
    const found = people.filter(({ name }) => plain(name).includes(this.#sought)).toSorted((one, other) => sign * order(one, other));
    const wanted = new Set(found.map(({ id }) => id));
    for (const [id, row] of this.#rows) if (!wanted.has(id)) row.remove();
    let next = this.#body.firstElementChild;
    for (const { id } of found) {
      const row = this.#rows.get(id);
      if (!row) continue;
      if (row === next) next = next.nextElementSibling;
      else this.#body.insertBefore(row, next);
    }
    const all = counted(people.length, "person", "people");
    write(part(this.#element, "found"), this.#sought ? `${number(found.length)} of ${all}` : "");
    part(this.#element, "nobody").hidden = !this.#sought || found.length > 0;
    write(part(this.#element, "sought"), part(this.#element, "search", HTMLInputElement).value.trim());
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

/** @param {HTMLElement} row @param {Person} person @param {import("./axis.js").Axis} axis @param {number} now @param {boolean} dated */
function showRow(row, person, axis, now, dated) {
  const { id, name, role, present, estimated, arrived, left, stays, reconnects } = person;
  const time = dated ? dayAndClock : clock;
  if (row.dataset.participantId !== id || part(row, "name").textContent !== name) paintAvatar(part(row, "avatar"), name, id);
  row.dataset.participantId = id;
  row.classList.toggle("present", present);
  row.classList.toggle("single", stays.length === 1);
  write(part(row, "name"), name);
  write(part(row, "role"), ROLES[role]);
  write(part(row, "arrived"), arrived === null ? "–" : time(arrived));
  write(part(row, "left"), present ? "now" : left === null ? "–" : time(left));
  write(part(row, "duration"), duration(person.duration));
  part(row, "estimated").hidden = !estimated;
  write(part(row, "sessions"), String(stays.length));
  write(part(row, "reconnects"), reconnects ? counted(reconnects, "reconnect") : "");
  write(part(row, "words"), inWords(person, dated));
  drawTimeline(part(row, "timeline", SVGElement), person, axis, now);
}

/** Without what one leaves out when typing: case and accents. @param {string} text */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
