/** What the record has of the user, for the notice after leaving. */
import { ReconveneError } from "../../sdk/reconvene.js";
import { PASSING, getOwnStays } from "../here/http-api.js";
import { clock, dateTime, duration, sameDay } from "../ui/times.js";
import { t, tn } from "../words/words.js";

/**
 * @typedef {{joined_at: string, left_at: string | null}} Stay
 * @typedef {(tell: (text: string) => void, signal: AbortSignal) => unknown} TellRecord
 */

/** How a stay ends of which the user is told what is recorded. */
const RECORDED = new Set(["left", "ended_by_me", "meeting_ended", "removed"]);

/** The record is written a moment later, and not while the store is away. Milliseconds before each question. */
const PAUSES = [300, 1_000, 3_000, 10_000, 30_000];
/** Whoever is back later than that comes to another sitting. Milliseconds. */
const APART = 900_000;

/**
 * @param {string} code  why it is over @param {import("../../sdk/reconvene.js").Meeting | null} meeting @param {import("./bearer.js").Bearer} bearer
 * @returns {TellRecord | undefined} none for those who have not been in
 */
export function recordOf(code, meeting, bearer) {
  if (!meeting?.me.id || !RECORDED.has(code)) return undefined;
  return (tell, signal) => tellRecord(() => bearer.with((token) => getOwnStays(token, meeting.id)), tell, signal);
}

/** @param {() => Promise<Stay[]>} ask @param {(text: string) => void} tell  what is known by now; "": nothing is to be said @param {AbortSignal} signal */
async function tellRecord(ask, tell, signal) {
  tell(t("Your stay is being recorded."));
  for (const pause of PAUSES) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (signal.aborted) return;
    try {
      const said = recordText(await ask());
      if (!signal.aborted && said) return tell(said);
    } catch (error) {
      // The meeting was deleted, or nobody knows the user any more.
      if (!(error instanceof ReconveneError && PASSING.has(error.code))) return tell("");
    }
  }
}

/** @param {Stay[]} stays  the oldest first @returns {string} "" while an end is still to be recorded */
export function recordText(stays) {
  const last = lastSitting(stays);
  if (!last.length) return "";
  const [from, to] = [last[0].from, last[last.length - 1].to];
  return tn(
    last.length,
    "The record has you from {from} to {to}: {length}.",
    "The record has {count} stays of yours from {from} to {to}: {length} in all.",
    {
      from: dateTime(from),
      to: sameDay(from, to) ? clock(to) : dateTime(to),
      length: duration(last.reduce((sum, stay) => sum + (stay.to - stay.from), 0) / 1000),
    },
  );
}

/** @param {Stay[]} stays @returns {{from: number, to: number}[]} */
function lastSitting(stays) {
  if (stays.some(({ left_at }) => left_at === null)) return [];
  const times = stays.map(({ joined_at, left_at }) => ({ from: Date.parse(joined_at), to: Date.parse(left_at ?? joined_at) }));
  const begin = times.findLastIndex(({ from }, index) => index === 0 || from - times[index - 1].to > APART);
  return times.slice(Math.max(0, begin));
}
