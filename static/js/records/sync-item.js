/** One sync of a webinar from Zoom: its progress, list by list, and its outcome. */
import { attendancePage } from "../here/addresses.js";
import { sentence, spaced } from "../attendance/import-texts.js";
import { counted, exactClock } from "../ui/times.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { number } from "../words/words.js";

/** @typedef {import("../here/http-api.js").Sync} Sync */

/** @type {Record<string, string>} */
const ENDINGS = { complete: "complete", partial: "partial", unknown: "not known", unchanged: "complete, as before", too_old: "too old to read" };

/** @param {Sync} sync */
export const isOver = ({ state }) => state !== "running";

/** The text without the terminal command in it. @param {string} text */
const here = (text) => text.replace(/ \([^()]*--meeting[^()]*\)/g, "");

/** The outcome of a sync. @param {Sync} sync */
export function outcome({ state, note: told, notes, parts }) {
  const note = here(told);
  const besides = notes.map((each) => ` ${sentence(here(each))}`).join("");
  if (state === "complete") return `Imported, and complete.${besides}`;
  if (state === "partial") return `Imported, but not complete. ${sentence(note)}${besides}`;
  return `Could not be imported${parts.some(({ rows }) => rows > 0) ? " to the end" : ""}. ${sentence(note)}`;
}

/** @param {Sync} sync */
export const called = ({ title, external_id }) => title || spaced(external_id);

/** @param {HTMLElement} element @param {Sync} sync */
export function showSync(element, sync) {
  const { room, title, external_id, state, parts } = sync;
  write(part(element, "title"), called(sync));
  write(part(element, "id"), title ? spaced(external_id) : "");
  write(part(element, "stage"), isOver(sync) ? outcome(sync) : doing(sync));
  element.dataset.state = state;
  part(element, "open", HTMLAnchorElement).href = attendancePage(room);
  part(element, "open").setAttribute("aria-label", `Attendance of ${called(sync)}`);
  // The rows kept so far can be viewed.
  part(element, "open").hidden = state !== "complete" && !parts.some(({ rows }) => rows > 0);
  const list = part(element, "parts");
  list.hidden = state === "complete" || !parts.length;
  while (list.children.length > parts.length) list.lastElementChild?.remove();
  parts.forEach((shown, index) => showPart(/** @type {HTMLElement} */ (list.children[index] ?? list.appendChild(fromTemplate("sync-part"))), shown));
}

/** @param {HTMLElement} item @param {Sync["parts"][number]} shown */
function showPart(item, { title, rows, total, state, note }) {
  write(part(item, "title"), title);
  const bar = part(item, "bar", HTMLProgressElement);
  bar.setAttribute("aria-label", title);
  const ended = state in ENDINGS;
  if (state === "walking" && total === null) bar.removeAttribute("value");
  else bar.value = ended && state !== "partial" ? bar.max : total ? Math.min(1, rows / total) : 0;
  const counts = total === null ? (rows ? counted(rows, "row") : "") : `${number(rows)} of ${number(total)}`;
  write(part(item, "counts"), [counts, ENDINGS[state] ?? ""].filter(Boolean).join(", "));
  write(part(item, "note"), note);
  item.dataset.state = state;
}

/** @param {Sync} sync */
function doing({ stage, note, wakes_at, rate, seconds_left }) {
  const until = wakes_at ? ` until ${exactClock(Date.parse(wakes_at))}` : "";
  if (stage === "looking") return "Looking it up at Zoom…";
  if (stage === "waiting") return `Waiting${until}${note ? `: ${note}` : ""}`;
  if (stage === "watching") return `Looks again${until.replace(" until", " at")}. ${note}`;
  const speed = rate ? ` ${counted(Math.round(rate), "row")} a second` : "";
  const left = seconds_left ? `, about ${seconds_left < 90 ? `${Math.ceil(seconds_left)} s` : `${Math.round(seconds_left / 60)} min`} left` : "";
  return `Reading…${speed}${left}`;
}
