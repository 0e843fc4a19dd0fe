/** One sync of a webinar from Zoom: its progress, list by list, and its outcome. */
import { attendancePage } from "../here/addresses.js";
import { sentence, spaced } from "../attendance/import-texts.js";
import { exactClock } from "../ui/times.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { said, t, tn } from "../words/words.js";

/** @typedef {import("../here/http-api.js").Sync} Sync */

/** @type {Record<string, string>} */
const ENDINGS = { complete: t("complete"), partial: t("partial"), unknown: t("not known"), unchanged: t("complete, as before"), too_old: t("too old to read") };

/** @param {Sync} sync */
export const isOver = ({ state }) => state !== "running";

/** The text without the terminal command in it. @param {string} text */
const here = (text) => text.replace(/ \([^()]*--meeting[^()]*\)/g, "");

/** The outcome of a sync. @param {Sync} sync */
export function outcome({ state, note: told, notes, parts }) {
  const note = here(told);
  const besides = notes.map((each) => ` ${said(sentence(here(each)))}`).join("");
  if (state === "complete") return `${t("Imported, and complete.")}${besides}`;
  if (state === "partial") return `${t("Imported, but not complete.")} ${said(sentence(note))}${besides}`;
  return `${parts.some(({ rows }) => rows > 0) ? t("Could not be imported to the end.") : t("Could not be imported.")} ${said(sentence(note))}`;
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
  part(element, "open").setAttribute("aria-label", t("Attendance of {name}", { name: called(sync) }));
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
  const counts = total === null ? (rows ? tn(rows, "{count} row", "{count} rows") : "") : t("{rows} of {total}", { rows, total });
  write(part(item, "counts"), [counts, ENDINGS[state] ?? ""].filter(Boolean).join(", "));
  write(part(item, "note"), note);
  item.dataset.state = state;
}

/** @param {Sync} sync */
function doing({ stage, note, wakes_at, rate, seconds_left }) {
  const time = wakes_at ? exactClock(Date.parse(wakes_at)) : "";
  if (stage === "looking") return t("Looking it up at Zoom…");
  if (stage === "waiting") return `${time ? t("Waiting until {time}", { time }) : t("Waiting")}${note ? `: ${said(note)}` : ""}`;
  if (stage === "watching") return `${time ? t("Looks again at {time}.", { time }) : t("Looks again.")} ${said(note)}`;
  const speed = rate ? ` ${tn(Math.round(rate), "{count} row a second", "{count} rows a second")}` : "";
  return `${t("Reading…")}${speed}${seconds_left ? `, ${left(seconds_left)}` : ""}`;
}

/** @param {number} seconds */
const left = (seconds) =>
  seconds < 90 ? t("about {count} s left", { count: Math.ceil(seconds) }) : t("about {count} min left", { count: Math.round(seconds / 60) });
