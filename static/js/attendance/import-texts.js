/** Texts on where an import's data came from, and how reliable it is. */
import { dayAndClock, dateTime, longDateTime } from "../ui/times.js";
import { all, said, t, tn } from "../words/words.js";

/** @typedef {import("./record.js").Source} Source */
/** @typedef {import("./record.js").SourcePart} SourcePart */
/** @typedef {import("./record.js").SourceState} SourceState */

/** By precedence: the whole has the first of these states that any part has. @type {SourceState[]} */
const WORST_FIRST = ["unread", "live", "unknown", "partial", "complete", "too_old"];

/** @type {Record<SourceState, string>} */
export const STATES = {
  unread: t("Not read yet"), live: t("Live"), unknown: t("Unknown"), partial: t("Partial"), complete: t("Complete"), too_old: t("Too old to read"),
};
/** Behind something else. @type {Record<SourceState, string>} */
export const STATES_INSIDE = {
  unread: t("not read yet"), live: t("live"), unknown: t("unknown"), partial: t("partial"), complete: t("complete"), too_old: t("too old to read"),
};

/** The look of the badge. @type {Record<SourceState, string>} */
export const LOOKS = { unread: "quiet", live: "live", unknown: "doubtful", partial: "doubtful", complete: "sure", too_old: "quiet" };

/** @type {Record<string, string>} */
const SOURCES = { report: t("Zoom’s report"), basic: t("Zoom’s basic list of participants") };

/** "889 8887 2033", as Zoom writes it. @param {string} id */
export const spaced = (id) => id.replace(/^(...)(...|....)(....|...)$/, "$1 $2 $3");

/** "Zoom webinar" @param {"webinar" | "meeting"} kind */
export const kindName = (kind) => (kind === "webinar" ? t("Zoom webinar") : t("Zoom meeting"));

/** @param {SourcePart[]} parts @returns {SourceState} */
export const worst = (parts) => WORST_FIRST.find((state) => parts.some((part) => part.state === state)) ?? "unread";

/** The parts that tell who attended. @param {Source} source */
export const instances = ({ parts }) => parts.filter(({ instance }) => instance !== null);

/** The parts that tell who registered. @param {Source} source */
const registrations = ({ parts }) => parts.filter(({ status }) => status !== null);

/** Whether everyone who registered is known. @param {Source} source */
export const isRegistrationSure = (source) => registrations(source).length > 0 && worst(registrations(source)) === "complete";

/** Whether everyone who came is known. If rows are missing or an instance is too old to be read, more may have come. @param {Source} source */
export const isAttendanceSure = (source) => instances(source).length > 0 && instances(source).every(({ state }) => state === "complete");

/** How reliable the number of absent registrants is. @param {Source} source */
export function doubtOfAbsent(source) {
  const approved = source.parts.some(({ status, state }) => status === "approved" && state === "complete");
  const attended = isAttendanceSure(source);
  if (approved) return attended ? "" : t("or fewer");
  return attended ? t("or more") : t("so far as is known");
}

/** For a part that was live when it was last read. */
export const OVER = { label: t("Over, not read yet"), look: "quiet" };

/** The badge for the attendance. @param {Source} source @param {boolean} ended @returns {{label: string, look: string}} */
export function stateOf(source, ended) {
  const state = worst(instances(source));
  if (state === "live" && ended) return OVER;
  if (state === "unread" && source.parts.some(({ reading }) => reading)) return { label: t("Being read"), look: "quiet" };
  if (state === "unknown") return { label: source.attended ? t("Partly unknown") : t("Attendance unknown"), look: "doubtful" };
  return { label: STATES[state], look: LOOKS[state] };
}

/** Whether the import may change by itself. @param {Source} source */
export const isUnderWay = ({ parts, dueAt }) => dueAt !== null || parts.some(({ state, reading }) => reading || state === "live" || state === "unread");

/** One paragraph about the whole import. @param {Source} source */
export function inShort(source) {
  const parts = instances(source);
  const read = parts.filter(({ checkedAt, state }) => checkedAt !== null && state !== "unknown" && state !== "too_old");
  const id = spaced(source.externalId);
  const from = source.kind === "webinar" ? t("From Zoom: webinar {id}.", { id }) : t("From Zoom: meeting {id}.", { id });
  if (!read.length) return [from, ...notReadYet(source)].join(" ");
  const sources = [...new Set(read.map((part) => SOURCES[part.source] ?? "Zoom"))];
  const several = parts.length > 1 ? ` ${tn(parts.length, "of {count} instance", "of {count} instances")}` : "";
  const at = Math.max(...read.map(({ checkedAt }) => checkedAt ?? 0));
  const state = { complete: `, ${t("complete")}`, partial: `, ${t("partial")}` }[/** @type {string} */ (worst(parts))] ?? "";
  return `${from} ${all(sources)}${several}${state}: ${rowsOf(sum(read))}, ${parts.length > 1 ? t("last read on {date}", { date: longDateTime(at) }) : t("read on {date}", { date: longDateTime(at) })}.`;
}

/** @param {Source} source @returns {string[]} */
function notReadYet(source) {
  const parts = instances(source);
  if (parts.some(({ state }) => state === "live")) return [t("This is what Zoom told while it went on. Its report, which is read afterwards, takes the place of it.")];
  const reading = source.parts.flatMap((part) => (part.reading ? [`${partTitle(part)}: ${rowsOf(part.reading)}`] : []));
  if (reading.length) return [`${t("It is being read.")} ${reading.join("; ")}.`];
  if (worst(parts) === "unread") return [t("It has not been read to the end yet.")];
  return isRegistered(source) ? [t("Only who registered could be read.")] : [];
}

/** Whether anybody is known to have registered. @param {Source} source */
export const isRegistered = ({ registrants }) => Object.values(registrants).some((count) => count > 0);

/** @param {SourcePart[]} parts */
const sum = (parts) => ({
  rows: parts.reduce((all, { rows }) => all + rows, 0),
  total: parts.some(({ total }) => total === null) ? null : parts.reduce((all, { total }) => all + (total ?? 0), 0),
});

/** "1,843 of 1,843 rows" @param {{rows: number, total: number | null}} walk */
const rowsOf = ({ rows, total }) => (total === null ? tn(rows, "{count} row", "{count} rows") : tn(total, "{rows} of {count} row", "{rows} of {count} rows", { rows }));

/** @type {Record<string, string>} */
const REGISTRANTS = { approved: t("Registrants, approved"), pending: t("Registrants, pending"), denied: t("Registrants, denied") };

/** "Instance of 21 Nov 2026, 10:02" @param {SourcePart} part */
export function partTitle({ status, startsAt }) {
  if (status) return REGISTRANTS[status] ?? `${t("Registrants")}, ${status}`;
  return startsAt === null ? t("Instance without a date") : t("Instance of {date}", { date: dateTime(startsAt) });
}

/** @param {SourcePart} part */
export function partLine({ state, source, rows, total, agreed, checkedAt, reading }) {
  const said = [];
  if (state === "live") said.push(t("Zoom’s live events"));
  else if (state !== "unread" && state !== "unknown" && state !== "too_old") said.push(...(SOURCES[source] ? [SOURCES[source]] : []), rowsOf({ rows, total }));
  if (checkedAt !== null) said.push(t("read {date}", { date: dayAndClock(checkedAt) }));
  if (agreed) said.push(tn(agreed, "the same once more", "the same {count} times more"));
  if (reading) said.push(t("being read now: {rows}", { rows: rowsOf(reading) }));
  return said.join(" · ");
}

/** Caveats for a part's figures, one text each. @param {SourcePart} part @returns {string[]} */
export const partRemarks = ({ why, reason, state }) => [...new Set([remark(state, reason), why && because(why)].filter(Boolean))];

/**
 * What is wrong: a short title, then a line for each part; null: nothing.
 * @param {Source} source @returns {{title: string, lines: string[]} | null}
 */
export function doubts(source) {
  const bad = source.parts.filter(({ state, reason }) => state === "partial" || state === "unknown" || (state === "complete" && reason));
  if (!bad.length) return null;
  const state = worst(instances(source));
  const title = !source.attended
    ? t("Who attended is not known")
    : state === "unknown" ? t("Of some instances it is not known who attended")
    : state === "partial" ? t("Some rows are missing: the figures are what is known so far")
    : instances(source).some((part) => bad.includes(part)) ? t("Read again, Zoom gave less: the figures are those of the time before")
    : t("Not everyone who registered is known");
  return { title, lines: bad.map((part) => `${partTitle(part)}: ${remark(part.state, part.reason || STATES[part.state])}`) };
}

/** Why a part is incomplete; of a complete one, why the latest reading got less. @param {SourceState} state @param {string} reason */
export const remark = (state, reason) => (state === "complete" && reason ? t("The latest reading: {why}", { why: because(reason) }) : because(reason));

/** Why a part is incomplete, without its state. @param {string} reason */
export const because = (reason) => said(sentence(reason.replace(/^(attendance unknown|not read): /, "")));

/** @param {string} text */
export const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`.replace(/([^.!?…])$/, "$1.");
