/** The card that shows where an import's data came from and how reliable it is. */
import { fromTemplate, part, write } from "../ui/dom.js";
import { longDateTime } from "../ui/times.js";
import { LOOKS, STATES, doubts, inShort, partLine, partRemarks, partTitle } from "./import-texts.js";
import { t, tn } from "../words/words.js";

export class ImportCard {
  #element;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
  }

  /** @param {import("./record.js").Source | null} source */
  update(source) {
    this.#element.hidden = !source;
    if (!source) return;
    write(part(this.#element, "in-short"), inShort(source));
    write(part(this.#element, "due"), source.dueAt === null ? "" : t("It is read again on {date}.", { date: longDateTime(source.dueAt) }));
    const uncounted = source.attended?.uncounted ?? 0;
    write(part(this.#element, "uncounted"), uncounted ? tn(uncounted, "{count} of the rows is of the waiting room, and no attendance.", "{count} of the rows are of the waiting room, and no attendance.") : "");
    const found = doubts(source);
    part(this.#element, "doubts").hidden = !found;
    write(part(this.#element, "doubts-title"), found?.title ?? "");
    list(part(this.#element, "doubts-lines"), found?.lines.length ?? 0, () => document.createElement("li"), (item, index) => write(item, found?.lines[index] ?? ""));
    list(part(this.#element, "parts"), source.parts.length, () => fromTemplate("source-part"), (item, index) => showPart(item, source.parts[index]));
  }
}

/** @param {HTMLElement} item @param {import("./record.js").SourcePart} shown */
function showPart(item, shown) {
  write(part(item, "title"), partTitle(shown));
  write(part(item, "state"), STATES[shown.state]);
  part(item, "state").dataset.state = LOOKS[shown.state];
  write(part(item, "line"), partLine(shown));
  write(part(item, "remarks"), partRemarks(shown).join(" "));
}

/** Changes items in place: unchanged ones are not announced again. @param {HTMLElement} parent @param {number} length @param {() => HTMLElement} make @param {(item: HTMLElement, index: number) => void} show */
function list(parent, length, make, show) {
  while (parent.children.length > length) parent.lastElementChild?.remove();
  while (parent.children.length < length) parent.append(make());
  for (let index = 0; index < length; index += 1) show(/** @type {HTMLElement} */ (parent.children[index]), index);
}
