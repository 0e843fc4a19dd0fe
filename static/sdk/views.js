/**
 * What an application sees of a meeting: objects that never change. Who has not changed is the same object as before, so
 * that comparing two snapshots is comparing their parts.
 *
 * @typedef {object} ParticipantView  Somebody else in the meeting.
 * @property {string} id
 * @property {string} name
 * @property {import("./protocol.js").Role} role
 * @property {"connected" | "reconnecting"} state
 * @property {string} instance  Another instance is another page of the same participant.
 * @property {string} joinedAt  RFC 3339, UTC
 * @property {Readonly<import("./protocol.js").MediaState>} sends  What they send, and may.
 * @property {May} may  What they may do.
 * @property {boolean} obeys  False: their client turns nothing off by itself when it is told to.
 * @property {boolean} hand
 * @property {string | null} handAt  Since when it is up: RFC 3339, UTC. Hands are ordered by it.
 * @property {boolean} bot  A program.
 * @property {boolean} recording  A program that records the meeting.
 * @property {boolean} guest  Nobody has identified this person, on a server where an application does.
 * @property {string | null} picture  An address, from the application.
 * @property {import("./mesh.js").Connection} connection  Of media between them and this page.
 * @property {MediaStream | null} camera  Their camera and microphone, once something of them has come.
 * @property {MediaStream | null} screen  The screen that they share.
 * @property {readonly MediaStreamTrack[]} tracks  All that has come of them.
 *
 * @typedef {Readonly<Record<import("./protocol.js").Right, boolean>>} May
 * @typedef {Pick<ParticipantView, "role" | "sends" | "may" | "hand">} Standing  What others may change of somebody.
 *
 * @typedef {"connecting" | "waiting" | "joined" | "reconnecting" | "left"} MeetingState  `waiting`: somebody has to let the user in.
 *
 * @typedef {{readonly code: string, readonly message: string, readonly final: boolean}} Left  Why it is over: `left`, or what the
 *   protocol calls it, such as `removed`, `meeting_ended`, `replaced`, `denied`, `password_required`. `final`: not to be
 *   joined again without a person's wish.
 * @typedef {object} Waiting
 * @property {number} position
 * @property {string} message  of those in charge
 * @property {boolean} hosted  Whether one of them is connected, and knows of it.
 * @property {string | null} opensAt  When the meeting is to open, if that was set.
 *
 * @typedef {object} Snapshot  All of it never changes: a change is another snapshot.
 * @property {MeetingState} state
 * @property {string} title
 * @property {DOMHighResTimeStamp | null} began  When the first of those came after whom somebody has always been there; the same
 *   moment for everyone. By `performance.now()`, which nobody sets. null before the join, and of servers before 0.8.
 * @property {import("./protocol.js").Settings} settings
 * @property {import("./me.js").MeView} me
 * @property {readonly ParticipantView[]} participants  The others, in the order in which they joined.
 * @property {readonly string[]} hands  The ids of those who raise a hand, the user's too, in the order of doing so.
 * @property {readonly import("./protocol.js").Knock[]} knocks  Who waits to be let in, for those in charge.
 * @property {Waiting | null} waiting  While the user waits to be let in.
 * @property {Left | null} left
 * @property {import("./reachability.js").Verdict} hindered  What prevents the connection: "" nothing.
 *
 * @typedef {object} MeetingEvents
 * @property {MeetingState} state
 * @property {ParticipantView} participantJoined  Those who are there already are in `participants`.
 * @property {ParticipantView} participantChanged
 * @property {{participant: ParticipantView, reason: string}} participantLeft  `left`, `lost` or `removed`
 * @property {NewTrack} track
 * @property {Happened} happening  What to announce of the others, as it happens.
 * @property {Ruled} ruled  Somebody's role, rights, media or hand was changed by another, or by the server.
 * @property {{title: string, settings: import("./protocol.js").Settings, before: import("./protocol.js").Settings, by?: string}} meetingChanged
 *   `before`: the settings until now. `by`: who has changed them; without it the server.
 * @property {Waiting} waiting
 * @property {import("./protocol.js").Knock} knock
 * @property {{id: string, name: string, reason: "admitted" | "denied" | "left", by?: string}} knockEnded  `name`: "" for those
 *   who were not told of the knock.
 * @property {{from: string, media: Partial<import("./protocol.js").MediaState>}} asked  to turn something on: ask the user
 * @property {import("./actions.js").Muted} muted
 * @property {import("./chat.js").ChatMessage} chat  Somebody else has just written.
 * @property {{from: string, emoji: string}} reaction  From anybody, this user included.
 * @property {import("./devices.js").News} device  What became of a device without the user's doing.
 * @property {{from: string, data: unknown}} signal  With `media: false`.
 * @property {readonly RTCIceServer[]} iceServers  With `media: false`: for connections and ICE restarts from now on.
 * @property {{session: string, grace: number}} session  What goes back into the user's place after a reload, as the join's
 *   `session`, and how long the place is kept, in seconds. Each replaces the one before.
 * @property {{token: string}} token  The server has renewed an anonymous user's token: whoever keeps it keeps this one instead.
 * @property {{in: number}} tokenExpiring  In so many seconds. `getToken` is asked by itself.
 * @property {import("./reachability.js").Verdict} hindered
 * @property {{code: string, message: string, right?: import("./protocol.js").Right}} error  Something was refused; the meeting
 *   goes on. `right`: what the user may not do.
 * @property {Left} left
 *
 * @typedef {object} Happened
 * @property {"joined" | "left" | "lost" | "removed" | "hand" | "sharing" | "recording" | "recorded" | "renamed"} what  `hand`: was
 *   raised. `lost`: did not come back. `recorded`: records no more.
 * @property {ParticipantView} participant
 * @property {string} [before]  What they were called until they were `renamed`.
 *
 * @typedef {object} Ruled
 * @property {string} id  Whose; it may be the user's.
 * @property {string} name
 * @property {string} [by]  Who has changed it; without it the server.
 * @property {Standing} before
 * @property {Standing} now
 *
 * @typedef {object} Peer  What mesh.js has of somebody.
 * @property {MediaStream} camera
 * @property {MediaStream | null} screen
 */
import { may, plays } from "./rights.js";

const RIGHTS = /** @type {const} */ (["audio", "video", "screen", "chat", "hand"]);

/**
 * What somebody may do, sends, and is.
 * @param {import("./protocol.js").Participant} participant @param {Pick<import("./protocol.js").Meeting, "settings">} meeting
 * @param {Standing} [before] @returns {Standing}
 */
export function standingOf(participant, meeting, before) {
  const { audio, video, screen } = plays(participant, meeting);
  return {
    role: participant.role,
    sends: kept(before?.sends, { audio, video, screen }),
    may: mayOf(participant, meeting, before?.may),
    hand: participant.hand,
  };
}

/** @param {import("./protocol.js").Participant | undefined} participant  none: nobody has forbidden anything yet @param {Pick<import("./protocol.js").Meeting, "settings">} meeting @param {May} [before] @returns {May} */
export function mayOf(participant, meeting, before) {
  const rights = RIGHTS.map((right) => [right, !participant || may(participant, meeting, right)]);
  return kept(before, /** @type {May} */ (Object.fromEntries(rights)));
}

/** What each view was made of. @type {WeakMap<ParticipantView, readonly unknown[]>} */
const sources = new WeakMap();

/**
 * @param {import("./protocol.js").Participant} participant @param {Pick<import("./protocol.js").Meeting, "settings">} meeting
 * @param {import("./mesh.js").Connection} connection @param {Peer | undefined} peer
 * @param {ParticipantView | undefined} before  what was seen of them until now @returns {ParticipantView}
 */
export function viewOf(participant, meeting, connection, peer, before) {
  const { id, name, state, instance } = participant;
  const media = peer?.camera.getTracks() ?? [];
  const camera = peer && media.length ? peer.camera : null;
  const screen = peer?.screen ?? null;
  const tracks = kept(before?.tracks, [...media, ...(screen?.getTracks() ?? [])]);
  const source = [participant, meeting, connection, camera, screen, tracks];
  const known = before && sources.get(before);
  if (before && known && isSame(known, source)) return before;
  /** @type {ParticipantView} */
  const view = {
    id,
    name,
    state,
    instance,
    ...standingOf(participant, meeting, before),
    obeys: participant.obeys ?? true,
    joinedAt: participant.joined_at,
    handAt: participant.hand_at ?? null,
    bot: participant.kind === "bot",
    recording: participant.recording ?? false,
    guest: participant.guest ?? false,
    picture: participant.picture ?? null,
    connection,
    camera,
    screen,
    tracks,
  };
  const seen = kept(before, view);
  sources.set(seen, source);
  return seen;
}

/** Whether two objects, or lists, have the same values. @template {object} T @param {T} one @param {T} other */
export function isSame(one, other) {
  const values = Object.entries(one);
  return values.length === Object.keys(other).length && values.every(([key, value]) => Object.is(value, /** @type {any} */ (other)[key]));
}

/** @typedef {ReadonlyMap<string, ParticipantView>} Views  By id, in the order in which they joined. */

/**
 * The others.
 * @param {Pick<import("./call.js").Call, "participants" | "myId" | "meeting">} call @param {import("./mesh.js").Mesh | null} mesh
 * @param {Views} before @returns {Views}
 */
export function viewsOf(call, mesh, before) {
  const others = call.participants.filter(({ id }) => id !== call.myId);
  return new Map(
    others.map((participant) => {
      const { id } = participant;
      const connection = mesh?.connection(id) ?? "none";
      return [id, viewOf(participant, call.meeting, connection, mesh?.peers.get(id), before.get(id))];
    }),
  );
}

/**
 * What has changed from one moment to the next, in the order of telling it.
 * @param {Views} before @param {Views} now
 * @returns {{left: ParticipantView[], joined: ParticipantView[], changed: ParticipantView[], tracks: NewTrack[]}}
 */
export function changesOf(before, now) {
  const all = [...now.values()];
  return {
    left: [...before.values()].filter(({ id }) => !now.has(id)),
    joined: all.filter(({ id }) => !before.has(id)),
    changed: all.filter((view) => before.has(view.id) && before.get(view.id) !== view),
    tracks: all.flatMap((participant) => newTracks(before.get(participant.id), participant)),
  };
}

/** @typedef {{participant: ParticipantView, track: MediaStreamTrack, source: "camera" | "screen"}} NewTrack  `camera`: or microphone. */

/** @param {ParticipantView | undefined} before @param {ParticipantView} participant @returns {NewTrack[]} */
function newTracks(before, participant) {
  const known = new Set(before?.tracks);
  return participant.tracks
    .filter((track) => !known.has(track))
    .map((track) => ({ participant, track, source: participant.screen?.getTracks().includes(track) ? "screen" : "camera" }));
}

/** What there was, if it has not changed. @template {object} T @param {T | undefined} before @param {T} now @returns {T} */
export const kept = (before, now) => (before && isSame(before, now) ? before : Object.freeze(now));

/** What of it is set. @template {Record<string, unknown>} T @param {T} fields @returns {{[Name in keyof T]?: Exclude<T[Name], undefined>}} */
export const given = (fields) => /** @type {any} */ (Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
