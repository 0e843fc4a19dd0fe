/**
 * The shapes of docs/protocol.md, and the one place where a frame from the server is parsed.
 *
 * @typedef {{audio: boolean, video: boolean, screen: boolean}} MediaState
 *
 * @typedef {object} Participant
 * @property {string} id
 * @property {string} name
 * @property {"host" | "cohost" | "participant"} role
 * @property {MediaState} media
 * @property {boolean} hand
 * @property {"connected" | "reconnecting"} state
 * @property {string} instance  Another instance is another page: it needs a new RTCPeerConnection.
 * @property {string} joined_at  RFC 3339, UTC
 * @property {"bot"} [kind]  A program; left out: a person.
 * @property {true} [recording]  A program that records the meeting.
 *
 * @typedef {{id: string} & Partial<Participant>} ParticipantChange
 * @typedef {{id: string, title: string, host: boolean, created: boolean}} Meeting
 *
 * @typedef {object} Joined
 * @property {"joined"} type
 * @property {number} id
 * @property {Meeting} meeting
 * @property {Participant} you
 * @property {boolean} rejoined
 * @property {string} session  The tab session's token: with it a reload gets its place back.
 * @property {string} [token]  The identity's credential.
 * @property {string} epoch
 * @property {number} seq
 * @property {Participant[]} participants  Includes `you`.
 * @property {RTCIceServer[]} ice_servers
 * @property {number} heartbeat  seconds
 * @property {number} grace  seconds
 * @property {string[]} [features]  What the server can do beyond the first version of the protocol.
 *
 * @typedef {{meeting: Meeting, participants: Participant[]}} Snapshot
 *
 * @typedef {object} Resumed
 * @property {"resumed"} type
 * @property {number} id
 * @property {string} epoch
 * @property {number} seq
 * @property {number} replayed  How many missed events follow.
 * @property {RTCIceServer[]} ice_servers
 * @property {string} [session]  Replaces the previous token, which expires soon.
 * @property {Snapshot} [snapshot]  Sent instead of a replay.
 *
 * @typedef {{type: "participant_joined" | "participant_rejoined", seq: number, participant: Participant}} ParticipantArrived
 * @typedef {{type: "participant_updated", seq: number, participant: ParticipantChange}} ParticipantUpdated
 * @typedef {{type: "participant_left", seq: number, participant: {id: string}, reason: string}} ParticipantLeft
 * @typedef {{type: "meeting_updated", seq: number, meeting: Partial<Meeting>}} MeetingUpdated
 * @typedef {{type: "meeting_ended", seq: number, reason?: string}} MeetingEnded
 * @typedef {{type: "signal", seq: number, from: string, data: unknown}} Signal
 * @typedef {ParticipantArrived | ParticipantUpdated | ParticipantLeft | MeetingUpdated | MeetingEnded | Signal} RoomEvent
 *
 * @typedef {{type: "batch", first: number, seq: number, events: RoomEvent[]}} Batch  In order, up to number `seq`.
 *
 * @typedef {{type: "error", id?: number, code: string, message: string, retry_after?: number}} ServerError
 * @typedef {{type: "going_away", delay: number}} GoingAway
 * @typedef {{type: "ice_servers", ice_servers: RTCIceServer[]}} IceServers  Replaces the previous ones.
 * @typedef {{type: "token_expiring", in: number}} TokenExpiring  The application's token, in so many seconds.
 * @typedef {{type: "authenticated", id: number, session: string}} Authenticated  `session` replaces the previous one.
 * @typedef {{type: "ack", id: number} | {type: "pong", t?: number}} Answer
 * @typedef {Joined | Resumed | RoomEvent | Batch | ServerError | GoingAway | IceServers | TokenExpiring | Authenticated | Answer} ServerMessage
 *
 * What two clients say to each other. The server relays it unread, so signal.js checks it.
 * @typedef {object} SignalData
 * @property {RTCSessionDescriptionInit | null} [description]
 * @property {RTCIceCandidateInit | null} [candidate]
 * @property {number} [offer]  Number of the offer that the description is or answers.
 * @property {string | null} [screen]  Id of the sender's stream that is a shared screen.
 * @property {boolean} [repeat]  Signals to the sender were lost: an offer without an answer is to be sent again.
 * @property {boolean} [media]  False: the sender's browser cannot make calls, and answers no offer.
 * @property {string} [instance]  The sender's instance,
 * @property {string} [for]  and the addressee's, for which the signal is meant.
 * @property {number} [connection]  Which of the RTCPeerConnections between the two instances, 1 when absent. A bot, which
 *   cannot restart ICE, offers a new one instead.
 */

export const SUBPROTOCOL = "reconvene.v1";

/** What this client can do beyond the first version of the protocol. */
export const FEATURES = ["batch", "busy", "ice"];

export const CLOSE = Object.freeze({
  normal: 1000,
  replaced: 4001,
  removed: 4002,
  meetingEnded: 4003,
  badToken: 4004,
  revoked: 4006,
  noAnswer: 4102,
  tooMany: 4103,
  tokenExpired: 4105,
});

/** What browsers report if a connection ended without a close frame, or never opened. @param {number} code */
export const isUnsaid = (code) => code === 1006 || code === 1015;

/** 4000 to 4099 tell the client not to reconnect; after any other code it does. @param {number} code */
export const isFinal = (code) => code >= 4000 && code < 4100;

/**
 * @param {string} text
 * @returns {ServerMessage | null} null for what is not a message; a newer server may send types unknown here.
 */
export function parse(text) {
  try {
    const message = JSON.parse(text);
    return typeof message?.type === "string" ? message : null;
  } catch {
    return null;
  }
}
