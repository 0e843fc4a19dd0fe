/** The figures about a whole meeting. */
import { part, write } from "../ui/dom.js";
import { clock, dayAndClock, duration } from "../ui/times.js";
import { doubtOfAbsent, isAttendanceSure, isRegistrationSure } from "./import-texts.js";
import { number, t, tn } from "../words/words.js";

/** @typedef {[value: string, note: string]} Figure */

/** Shown in place of an unknown number. @type {Figure} */
const UNKNOWN = ["–", t("not known")];

/** @param {HTMLElement} element @param {import("./record.js").Attendance} attendance @param {boolean} dated  there is more than one day */
export function showTotals(element, { meeting, totals, source }, dated) {
  const remarks = [];
  if (totals.reconnects) remarks.push(tn(totals.reconnects, "{count} reconnect", "{count} reconnects"));
  if (totals.estimated) remarks.push(source ? t("{count} with guessed times", { count: totals.estimated }) : t("{count} estimated", { count: totals.estimated }));
  /** @type {Record<string, Figure | null>} null: not shown */
  const figures = {
    registered: null,
    people: [number(totals.participants), remarks.join(", ")],
    absent: null,
    guests: null,
    present: meeting.endedAt !== null && totals.present === 0 ? null : [number(totals.present), ""],
    average: [duration(totals.average), t("per person")],
    total: [duration(totals.duration), t("all people together")],
    peak: [number(totals.peak), totals.peakAt === null ? "" : t("at {time}", { time: dated ? dayAndClock(totals.peakAt) : clock(totals.peakAt) })],
  };
  if (source) Object.assign(figures, ofImport(source, remarks));
  if (source && !source.attended) figures.average = figures.total = figures.peak = null;
  for (const [name, figure] of Object.entries(figures)) {
    const shown = part(element, `total-${name}`);
    shown.hidden = !figure;
    write(part(shown, "value"), figure?.[0] ?? "");
    write(part(shown, "note"), figure?.[1] ?? "");
  }
  write(part(element, "people-label"), source ? t("Came") : t("People"));
  part(element, "total-present").classList.toggle("some", totals.present > 0);
}

/** @param {import("./record.js").Source} source @param {string[]} remarks @returns {Record<string, Figure | null>} */
function ofImport(source, remarks) {
  const { registrants, attended } = source;
  const others = [];
  if (registrants.pending) others.push(t("{count} pending", { count: registrants.pending }));
  if (registrants.denied) others.push(t("{count} denied", { count: registrants.denied }));
  if (!isRegistrationSure(source)) others.push(t("so far as is known"));
  const registered = registrants.approved + registrants.pending + registrants.denied;
  return {
    registered: registered ? [number(registered), others.join(", ")] : null,
    people: attended ? [number(attended.people), [...(isAttendanceSure(source) ? remarks : [t("so far as is known")]), ...upTo(attended)].join(", ")] : UNKNOWN,
    absent: !registered ? null : attended?.noShows == null ? UNKNOWN : [number(attended.noShows), doubtOfAbsent(source)],
    guests: attended ? [number(attended.guests), ""] : null,
  };
}

/** The upper limit of people: guests are matched in breakout rooms by name, which is a guess. @param {{people: number, guessed: number}} attended */
const upTo = ({ people, guessed }) => (guessed ? [t("perhaps up to {count}", { count: people + guessed })] : []);
