/**
 * What the server knows of a meeting, read from the pages of `GET /api/meetings/{id}/attendance`.
 * Times are milliseconds since the epoch, durations seconds.
 *
 * @typedef {object} Stay
 * @property {number} from
 * @property {number | null} to  null: it goes on
 * @property {"left" | "lost" | "removed" | "ended" | null} reason
 * @property {boolean} estimated  When it ended is not known exactly.
 * @property {number[]} reconnects
 *
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {"host" | "cohost" | "participant"} role
 * @property {boolean} present
 * @property {boolean} estimated
 * @property {number | null} arrived  null: has no stay
 * @property {number | null} left  the last time they were there
 * @property {number} duration
 * @property {number} reconnects
 * @property {Stay[]} stays
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
 * @typedef {object} Attendance
 * @property {{id: string, title: string, createdAt: number, endedAt: number | null}} meeting
 * @property {number} asOf
 * @property {Totals} totals
 * @property {[number, number][]} presence  From this time on so many people.
 * @property {Person[]} people  By arrival.
 */

/** @param {string | null | undefined} time  RFC 3339 */
const moment = (time) => (time ? Date.parse(time) : null);

/** @param {any} page  the first one @returns {Attendance} with the people of that page */
export function readAttendance({ meeting, as_of, totals, presence, participants }) {
  return {
    meeting: { id: meeting.id, title: meeting.title, createdAt: Date.parse(meeting.created_at), endedAt: moment(meeting.ended_at) },
    asOf: Date.parse(as_of),
    totals: {
      participants: totals.participants,
      present: totals.present,
      reconnects: totals.reconnects,
      estimated: totals.estimated,
      duration: totals.total_duration,
      average: totals.average_duration,
      peak: totals.peak,
      peakAt: moment(totals.peak_at),
    },
    presence: presence.map((/** @type {[string, number]} */ [at, count]) => [Date.parse(at), count]),
    people: participants.map(readPerson),
  };
}

/** @param {any} participant @returns {Person} */
export function readPerson({ id, name, role, estimated, reconnects, total_duration, first_seen_at, last_seen_at, sessions }) {
  /** @type {Stay[]} */
  const stays = sessions.map((/** @type {any} */ session) => ({
    from: Date.parse(session.joined_at),
    to: moment(session.left_at),
    reason: session.reason,
    estimated: session.estimated,
    reconnects: session.reconnects.map(Date.parse),
  }));
  return {
    id, name, role, estimated, reconnects, stays,
    present: stays.some(({ to }) => to === null),
    arrived: stays.length ? moment(first_seen_at) : null,
    left: stays.length ? moment(last_seen_at) : null,
    duration: total_duration,
  };
}

/** When somebody was there: disjoint, in order. @param {Attendance} attendance @returns {[number, number][]} */
export function stretches({ people, asOf }) {
  const all = people.flatMap(({ stays }) => stays.map(({ from, to }) => /** @type {[number, number]} */ ([from, to ?? asOf])));
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
