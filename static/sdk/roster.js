/**
 * Who is in the meeting: a pure function from a list and an event to the next list. Only the server's lists and events
 * change it. Nothing is predicted, not even for this page's own entry.
 *
 * @typedef {import("./protocol.js").Participant} Participant
 * @typedef {import("./protocol.js").MediaState} MediaState
 * @typedef {ReadonlyMap<string, Participant>} Roster
 */

/** @param {Participant[]} participants @returns {Roster} */
export const rosterOf = (participants) => new Map(participants.map((participant) => [participant.id, participant]));

/** @param {Roster} roster @param {import("./protocol.js").RoomEvent} event @returns {Roster} */
export function applied(roster, event) {
  switch (event.type) {
    case "participant_joined":
    case "participant_rejoined":
      return new Map(roster).set(event.participant.id, event.participant);
    case "participant_updated": {
      const known = roster.get(event.participant.id);
      return known ? new Map(roster).set(known.id, { ...known, ...event.participant }) : roster;
    }
    case "participant_left": {
      const next = new Map(roster);
      next.delete(event.participant.id);
      return next;
    }
    default:
      return roster;
  }
}

/** The flags that have changed, if any. @param {MediaState} before @param {MediaState} now @returns {Partial<MediaState> | undefined} */
export function changedMedia(before, now) {
  const names = /** @type {const} */ (["audio", "video", "screen"]);
  const changed = names.filter((name) => now[name] !== before[name]);
  return changed.length ? Object.fromEntries(changed.map((name) => [name, now[name]])) : undefined;
}

/**
 * The roster to show. A restarted server does not know what media those who are still away send. Their pages and
 * pictures go on, so media stay as shown before until they are back and report theirs. Nor does it know where the
 * application has a picture of somebody, before it sees another token.
 * @param {Roster} before  what was shown until now @param {Roster} roster @returns {Roster}
 */
export function shown(before, roster) {
  return new Map(
    [...roster].map(([id, participant]) => {
      const known = before.get(id);
      if (known?.instance !== participant.instance) return [id, participant];
      const picture = participant.picture ?? known.picture;
      const media = participant.state === "reconnecting" ? known.media : participant.media;
      if (picture === participant.picture && media === participant.media) return [id, participant];
      return [id, { ...participant, ...(picture && { picture }), media }];
    }),
  );
}

/**
 * Those who raise a hand, in the order of doing so, which is the same for everyone; of one moment, in the order of coming.
 * @param {Iterable<Participant>} participants
 */
export const hands = (participants) =>
  [...participants].filter(({ hand }) => hand).sort((a, b) => raisedAt(a) - raisedAt(b) || came(a) - came(b) || (a.id < b.id ? -1 : 1));

const came = (/** @type {Participant} */ { joined_at }) => Date.parse(joined_at);
/** An older server does not tell when. @param {Participant} participant */
const raisedAt = (participant) => (participant.hand_at ? Date.parse(participant.hand_at) : came(participant));

/** @param {Roster} roster @returns {Participant[]} who records the meeting, also while reconnecting */
export const recorders = (roster) => [...roster.values()].filter(({ recording }) => recording);

/** @typedef {{what: "joined" | "left" | "lost" | "removed" | "hand" | "sharing" | "recording" | "recorded" | "renamed", who: Participant, before?: string}} Happening
 *   `before`: what they were called until now. */

/**
 * Who started or stopped recording. Unlike other happenings, this is announced whether it came by an event or a list:
 * whoever joins or comes back has to know it too.
 * @param {Roster} before @param {Roster} roster @returns {Happening[]}
 */
export function recordings(before, roster) {
  const begun = recorders(roster).filter(({ id }) => !before.has(id));
  const ceased = recorders(before).filter(({ id }) => !roster.has(id));
  return [
    ...begun.map((who) => /** @type {Happening} */ ({ what: "recording", who })),
    ...ceased.map((who) => /** @type {Happening} */ ({ what: "recorded", who })),
  ];
}

/**
 * What to announce of an event, except what `recordings` announces.
 * @param {Roster} before @param {import("./protocol.js").RoomEvent} event @returns {Happening[]}
 */
export function happenings(before, event) {
  if (event.type === "participant_joined") {
    const { participant } = event;
    return before.has(participant.id) || participant.recording ? [] : [{ what: "joined", who: participant }];
  }
  if (event.type !== "participant_left" && event.type !== "participant_updated") return [];
  const known = before.get(event.participant.id);
  if (!known) return [];
  if (event.type === "participant_left") {
    const what = event.reason === "lost" || event.reason === "removed" ? event.reason : "left";
    return event.reason === "ended" || known.recording ? [] : [{ what, who: known }];
  }
  const now = { ...known, ...event.participant };
  /** @type {Happening[]} */
  const list = [];
  if (now.name !== known.name) list.push({ what: "renamed", who: now, before: known.name });
  if (now.hand && !known.hand) list.push({ what: "hand", who: now });
  if (now.media.screen && !known.media.screen) list.push({ what: "sharing", who: now });
  return list;
}
