/** Looks at a call again and again: what there is to show, and what has changed since the last look. */
import { hands } from "./roster.js";
import { changesOf, isSame, kept, standingOf, viewOf, viewsOf } from "./views.js";

/**
 * @typedef {import("./views.js").Snapshot} Snapshot
 * @typedef {import("./views.js").MeetingEvents} MeetingEvents
 * @typedef {Pick<Snapshot, "state" | "waiting" | "left" | "hindered">} Status
 * @typedef {{[Name in keyof MeetingEvents]: [name: Name, detail: MeetingEvents[Name]]}[keyof MeetingEvents]} News  An event to tell.
 * @typedef {import("./call.js").Call<import("./call.js").CallMedia, import("./call.js").CallMesh>} AnyCall
 */

export class Look {
  /** @type {import("./views.js").Views} */
  views = new Map();
  /** @type {Readonly<Snapshot>} */
  snapshot;
  #call;
  #mesh;
  #me;
  /** Why those have left who are still seen. @type {Map<string, string>} */
  #reasons = new Map();
  /** What is to be announced with the next look. @type {import("./roster.js").Happening[]} */
  #happenings = [];

  /** @param {AnyCall} call @param {import("./mesh.js").Mesh | null} mesh @param {import("./me.js").Me} me @param {Status} status */
  constructor(call, mesh, me, status) {
    this.#call = call;
    this.#mesh = mesh;
    this.#me = me;
    this.snapshot = this.#now(status);
    call.on("happening", (happening) => this.#happenings.push(happening));
    call.on("event", ({ event }) => event.type === "participant_left" && this.#reasons.set(event.participant.id, event.reason));
  }

  /** Who is there when the user comes has not joined just now. */
  settle() {
    this.views = viewsOf(this.#call, this.#mesh, this.views);
  }

  /** @param {Status} status @returns {{changed: boolean, news: News[]}} what to tell, in its order */
  again(status) {
    const before = this.views;
    this.views = status.left ? new Map() : viewsOf(this.#call, this.#mesh, this.views);
    const announced = this.#happenings.splice(0).map(({ what, who, before: name }) => /** @type {News} */ (["happening", { what, participant: this.#view(who, before), ...(name !== undefined && { before: name }) }]));
    const snapshot = this.#now(status);
    if (isSame(snapshot, this.snapshot)) return { changed: false, news: announced };
    this.snapshot = snapshot;
    const { left, joined, changed, tracks } = changesOf(before, this.views);
    /** @type {News[]} */
    const news = [
      ...left.map((participant) => /** @type {News} */ (["participantLeft", { participant, reason: this.#reasons.get(participant.id) ?? "left" }])),
      ...joined.map((participant) => /** @type {News} */ (["participantJoined", participant])),
      ...changed.map((participant) => /** @type {News} */ (["participantChanged", participant])),
      ...tracks.map((track) => /** @type {News} */ (["track", track])),
      ...announced,
    ];
    this.#reasons.clear();
    return { changed: true, news };
  }

  /** Whoever comes and goes at once is never seen. @param {import("./protocol.js").Participant} who @param {import("./views.js").Views} before */
  #view(who, before) {
    return this.views.get(who.id) ?? before.get(who.id) ?? viewOf(who, this.#call.meeting, "closed", undefined, undefined);
  }

  /** @param {Status} status @returns {Readonly<Snapshot>} */
  #now({ state, waiting, left, hindered }) {
    const before = /** @type {Snapshot | undefined} */ (this.snapshot);
    const { meeting, knocks, roster, began } = this.#call;
    return Object.freeze({
      state,
      title: meeting.title,
      began,
      settings: kept(before?.settings, meeting.settings ?? {}),
      me: kept(before?.me, this.#me.view(before?.me)),
      participants: kept(before?.participants, [...this.views.values()]),
      hands: kept(before?.hands, hands(roster.values()).map(({ id }) => id)),
      knocks: kept(before?.knocks, [...knocks.values()]),
      waiting,
      left,
      hindered,
    });
  }
}

/**
 * What the server's event says beyond what becomes of the participants.
 * @param {import("./call.js").CallEvents["event"]} happened @param {Pick<AnyCall, "roster" | "meeting">} now @returns {News[]}
 */
export function newsOf({ event, before }, { roster, meeting }) {
  const by = "by" in event && event.by !== undefined && { by: event.by };
  switch (event.type) {
    case "participant_updated": {
      const { id, role, may } = event.participant;
      const [was, is] = [before.roster.get(id), roster.get(id)];
      if (!was || !is || (!by && role === undefined && may === undefined)) return [];
      return [ruled(is, standingOf(was, before.meeting), standingOf(is, meeting), by)];
    }
    case "meeting_updated": {
      const { title, settings = {} } = meeting;
      return [["meetingChanged", { title, settings, before: before.meeting.settings ?? {}, ...by }]];
    }
    case "ask":
      return [["asked", { from: event.from, media: event.media }]];
    case "knock":
      return [["knock", event.knock]];
    case "knock_ended":
      return [["knockEnded", { id: event.id, name: before.knocks.get(event.id)?.name ?? "", reason: event.reason, ...by }]];
    default:
      return [];
  }
}

/**
 * The same of all that the server now says at once: roles, rights and settings that were changed while this page was away.
 * @param {import("./call.js").Before} before @param {Pick<AnyCall, "roster" | "meeting">} now @returns {News[]}
 */
export function newsSince(before, { roster, meeting }) {
  const people = [...roster.values()].flatMap((is) => {
    const was = before.roster.get(is.id);
    if (!was) return [];
    const now = standingOf(is, meeting);
    // What everyone may is told of the meeting; what was turned off, by “muted”.
    const { role, may } = standingOf(was, meeting);
    return role === now.role && isSame(may, now.may) ? [] : [ruled(is, { ...now, role, may }, now)];
  });
  const [old, settings] = [before.meeting.settings ?? {}, meeting.settings ?? {}];
  const { title } = meeting;
  const isChanged = title !== before.meeting.title || textOf(old) !== textOf(settings);
  return [...people, ...(isChanged ? [/** @type {News} */ (["meetingChanged", { title, settings, before: old }])] : [])];
}

/** @param {import("./protocol.js").Settings} settings @returns {string} the same for the same settings, in whatever order */
const textOf = (settings) => JSON.stringify(Object.entries(settings).sort(([one], [other]) => (one < other ? -1 : 1)));

/**
 * @param {import("./protocol.js").Participant} participant @param {import("./views.js").Standing} before
 * @param {import("./views.js").Standing} now @param {{by: string} | false} [by] @returns {News}
 */
const ruled = ({ id, name }, before, now, by = false) => ["ruled", Object.freeze({ id, name, ...by, before: Object.freeze(before), now: Object.freeze(now) })];
