/** When a meeting is planned to be: before one joins, and a while before it ends. The server does nothing about it. */
import { clock, longDateTime, sameDay } from "../ui/times.js";
import { t, tn } from "../words/words.js";

const MINUTE = 60_000;
/** Minutes before the end at which it is said. */
const SAID = [10, 5, 1, 0];
/** Milliseconds, the most that a timer can wait. */
export const LONGEST = 2 ** 31 - 1;

/** @param {string | null | undefined} opensAt  RFC 3339 @param {string | null} [endsAt] @returns {string} "" if nothing is planned */
export function plannedText(opensAt, endsAt) {
  const [from, until] = [Date.parse(opensAt ?? ""), Date.parse(endsAt ?? "")];
  if (Number.isNaN(from)) return Number.isNaN(until) ? "" : t("Planned until {until}.", { until: longDateTime(until) });
  if (Number.isNaN(until)) return t("Planned for {from}.", { from: longDateTime(from) });
  return t("Planned from {from} to {until}.", { from: longDateTime(from), until: sameDay(from, until) ? clock(until) : longDateTime(until) });
}

/** What is to be said of the end so long before it. @param {number} endsAt @param {number} left  milliseconds @returns {string} */
export function endText(endsAt, left) {
  const minutes = Math.max(1, Math.round(left / MINUTE));
  if (left <= MINUTE / 2) return t("The meeting was planned to end at {time}.", { time: clock(endsAt) });
  if (left > (SAID[0] + 0.5) * MINUTE) return plannedText(null, new Date(endsAt).toISOString());
  return tn(minutes, "The meeting is planned to end in a minute, at {time}.", "The meeting is planned to end in {count} minutes, at {time}.", { time: clock(endsAt) });
}

/** Milliseconds until the end is to be spoken of again, so long before it; null: never. @param {number} left @returns {number | null} */
export function quietFor(left) {
  const next = SAID.find((minutes) => left > (minutes + 0.25) * MINUTE);
  return next === undefined ? null : Math.min(left - next * MINUTE, LONGEST);
}
