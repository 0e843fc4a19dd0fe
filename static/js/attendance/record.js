/**
 * What the server knows of a meeting, read from the pages of `GET /api/meetings/{id}/attendance`.
 * Times are milliseconds since the epoch, durations seconds.
 *
 * @typedef {object} Stay
 * @property {number} from
 * @property {number | null} to  null: the stay goes on
 * @property {"left" | "lost" | "removed" | "ended" | null} reason
 * @property {boolean} estimated  The end is not known exactly; of an import, the end or the start.
 * @property {boolean} imported
 * @property {string} instance  of an import; "" for a meeting held here
 * @property {number[]} reconnects
 *
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {"host" | "cohost" | "panelist" | "participant"} role
 * @property {boolean} bot  A bot: listed, but not counted.
 * @property {boolean} present
 * @property {boolean} estimated
 * @property {number | null} arrived  null: has no stay
 * @property {number | null} left  the end of the last stay
 * @property {number} duration
 * @property {number} reconnects
 * @property {Stay[]} stays
 * @property {Imported | null} imported
 *
 * What an import adds about a person. `match`: the id of a possible duplicate, judged by the name.
 * @typedef {{email: string, guest: boolean, registration: Registration | null, match: string | null, guessed: boolean}} Imported
 * @typedef {"approved" | "pending" | "denied"} Registration
 *
 * @typedef {object} Totals
 * @property {number} participants
 * @property {number} present
 * @property {number} reconnects
 * @property {number} estimated  people
 * @property {number} duration  of all people together
 * @property {number} average
 * @property {number} peak
 * @property {number | null} peakAt
 *
 * @typedef {"unread" | "live" | "unknown" | "partial" | "complete" | "too_old"} SourceState
 *
 * One list of an import: the participants of an instance, or the registrants of one status.
 * @typedef {object} SourcePart
 * @property {string | null} instance
 * @property {Registration | null} status
 * @property {number | null} startsAt
 * @property {SourceState} state
 * @property {string} source  "report", "basic", "registrants" or ""
 * @property {string} why  Why no better source was used.
 * @property {string} reason  Why it is not complete.
 * @property {number} rows  that Zoom gave
 * @property {number | null} total
 * @property {number} agreed
 * @property {number | null} checkedAt
 * @property {{rows: number, total: number | null} | null} reading  What is read at the moment.
 *
 * One instance of a series. @typedef {Pick<SourcePart, "startsAt" | "state"> & {instance: string}} Instance
 *
 * @typedef {object} Source
 * @property {"webinar" | "meeting"} kind
 * @property {string} externalId
 * @property {number | null} dueAt
 * @property {SourcePart[]} parts
 * @property {Instance[]} series  all instances, whichever is shown
 * @property {Record<Registration, number>} registrants
 * @property {{people: number, guests: number, noShows: number | null, uncounted: number, guessed: number} | null} attended  null: attendance unknown; `noShows` null: approved registrants unknown
 *
 * What somebody in charge did, by names, which are "" of those who were never in. `by` null: the server or the admin key.
 * @typedef {object} Deed
 * @property {number} at
 * @property {string | null} by
 * @property {string} action
 * @property {string[]} whom
 * @property {Record<string, unknown>} [settings]
 * @property {string} [role]
 * @property {string} [back]
 * @property {string} [name]  Of whoever is called otherwise now, and what they were called before. Not of who was erased.
 * @property {string} [before]
 *
 * @typedef {object} Attendance
 * @property {{id: string, title: string, createdAt: number, endedAt: number | null}} meeting
 * @property {number} asOf
 * @property {Totals} totals
 * @property {[number, number][]} presence  [time, number of people from then on]
 * @property {Person[]} people  By arrival.
 * @property {Source | null} source  null: the meeting was held here
 * @property {Deed[]} deeds  the earliest first
 * @property {boolean} [over]  Nothing newer can be read: who is in it now is not known.
 */

/** @param {string | null | undefined} time  RFC 3339 */
const timeOf = (time) => (time ? Date.parse(time) : null);

/** @param {any} page  the first one @returns {Attendance} with the people of that page */
export function readAttendance({ meeting, as_of, totals, presence, participants, source, audit }) {
  return {
    meeting: { id: meeting.id, title: meeting.title, createdAt: Date.parse(meeting.created_at), endedAt: timeOf(meeting.ended_at) },
    asOf: Date.parse(as_of),
    totals: {
      participants: totals.participants,
      present: totals.present,
      reconnects: totals.reconnects,
      estimated: totals.estimated,
      duration: totals.total_duration,
      average: totals.average_duration,
      peak: totals.peak,
      peakAt: timeOf(totals.peak_at),
    },
    presence: presence.map((/** @type {[string, number]} */ [at, count]) => [Date.parse(at), count]),
    people: participants.map(readPerson),
    source: source && readSource(source),
    deeds: (audit ?? []).map(readDeed),
  };
}

/** @param {any} entry @returns {Deed} */
const readDeed = ({ at, by, action, whom, settings, role, back, name, before }) => ({
  at: Date.parse(at), action, settings, role, back, name, before,
  by: by && (by.name ?? ""),
  whom: whom.map((/** @type {any} */ person) => person.name),
});

/** @param {any} source @returns {Source} */
function readSource({ kind, external_id, due_at, parts, totals, instances }) {
  const { registrants, people, guests, no_shows, uncounted, guessed } = totals;
  return {
    kind, externalId: external_id, dueAt: timeOf(due_at),
    parts: parts.map((/** @type {any} */ { instance, status, starts_at, state, source, why, reason, given, total, agreed, checked_at, reading }) => ({
      instance, status, state, source, why, reason, rows: given, total, agreed, reading,
      startsAt: timeOf(starts_at), checkedAt: timeOf(checked_at),
    })),
    series: (instances ?? parts.filter((/** @type {any} */ { instance }) => instance !== null)).map(
      (/** @type {any} */ { instance, starts_at, state }) => ({ instance, state, startsAt: timeOf(starts_at) }),
    ),
    registrants: { approved: 0, pending: 0, denied: 0, ...registrants },
    attended: people === null ? null : { people, guests, noShows: no_shows, uncounted, guessed },
  };
}

/** @param {any} participant @returns {Person} */
export function readPerson({ id, name, role, estimated, reconnects, total_duration, first_seen_at, last_seen_at, sessions, ...more }) {
  /** @type {Stay[]} */
  const stays = sessions.map((/** @type {any} */ session) => ({
    from: Date.parse(session.joined_at),
    to: timeOf(session.left_at),
    reason: session.reason,
    estimated: session.estimated,
    imported: "instance" in session,
    instance: session.instance ?? "",
    reconnects: session.reconnects.map(Date.parse),
  }));
  return {
    id, name, role, estimated, reconnects, stays,
    bot: more.kind === "bot",
    present: stays.some(({ to }) => to === null),
    arrived: stays.length ? timeOf(first_seen_at) : null,
    left: stays.length ? timeOf(last_seen_at) : null,
    duration: total_duration,
    imported: "guest" in more ? { email: more.email, guest: more.guest, registration: more.registration, match: more.name_match, guessed: more.guessed } : null,
  };
}

/** The times when anybody was present: disjoint, in order. @param {Attendance} attendance @returns {[number, number][]} */
export const stretches = ({ people, asOf }) => union(people.flatMap(({ stays }) => stays), asOf);

/** The total time of some stays; overlaps count once. @param {Stay[]} stays @param {number} asOf @returns {number} seconds */
export const length = (stays, asOf) => union(stays, asOf).reduce((sum, [from, to]) => sum + (to - from) / 1000, 0);

/** @param {Stay[]} stays @param {number} asOf @returns {[number, number][]} */
function union(stays, asOf) {
  const all = stays.map(({ from, to }) => /** @type {[number, number]} */ ([from, to ?? asOf]));
  all.sort(([one], [other]) => one - other);
  /** @type {[number, number][]} */
  const union = [];
  for (const [from, to] of all) {
    const last = union.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else union.push([from, to]);
  }
  return union;
}
