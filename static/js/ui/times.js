/** Times in the reader's own language and zone, and durations. Times are milliseconds since the epoch, durations seconds. */
import { locale, t } from "../words/words.js";

/** @param {Intl.DateTimeFormatOptions} options */
const format = (options) => {
  const formatter = new Intl.DateTimeFormat(locale, options);
  return (/** @type {number} */ at) => formatter.format(at);
};

/** "10:02" */
export const clock = format({ timeStyle: "short" });
/** "10:02:41" */
export const exactClock = format({ timeStyle: "medium" });
/** "21 Nov" */
export const shortDay = format({ day: "numeric", month: "short" });
/** "Saturday 21 November 2026" */
export const longDay = format({ dateStyle: "full" });

/** "21 November 2026 at 10:02" */
export const longDateTime = format({ dateStyle: "long", timeStyle: "short" });
/** "21 Nov 2026, 10:02" */
export const dateTime = format({ dateStyle: "medium", timeStyle: "short" });

/** "21 Nov, 10:02", with a line break allowed only after the comma. @param {number} at */
export const dayAndClock = (at) => `${shortDay(at).replaceAll(" ", "\u00a0")}, ${clock(at).replaceAll(" ", "\u00a0")}`;

/** @param {number} at @param {number} other  @returns whether both are on the same day for the reader */
export const sameDay = (at, other) => new Date(at).toDateString() === new Date(other).toDateString();

const WEEK = 7 * 86_400_000;

/** The name of the time zone; if it differs between the two times (summer time), one name for both. @param {number} first @param {number} last */
export function zone(first, last) {
  const offset = new Date(first).getTimezoneOffset();
  let changed = new Date(last).getTimezoneOffset() !== offset;
  for (let at = first; at < last && !changed; at += WEEK) changed = new Date(at).getTimezoneOffset() !== offset;
  const parts = new Intl.DateTimeFormat(locale, { timeZoneName: changed ? "longGeneric" : "long" }).formatToParts(first);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** "42 min", "1 h 05 min". @param {number} seconds */
export function duration(seconds) {
  if (seconds < 0.5) return t("{minutes} min", { minutes: 0 });
  if (seconds < 60) return t("under 1 min");
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return t("{minutes} min", { minutes });
  return t("{hours} h {minutes} min", { hours: Math.floor(minutes / 60), minutes: String(minutes % 60).padStart(2, "0") });
}
