/**
 * The shapes of docs/protocol.md, and the one place where a frame from the server is parsed.
 *
 * @typedef {{audio: boolean, video: boolean, screen: boolean}} MediaState
 * @typedef {"host" | "cohost" | "participant"} Role
 * @typedef {"audio" | "video" | "screen" | "chat" | "hand"} Right
 * @typedef {Partial<Record<Right, boolean | null>>} Rights
 *
 * @typedef {object} Participant
 * @property {string} id
 * @property {string} name
 * @property {Role} role
 * @property {MediaState} media
 * @property {boolean} hand
 * @property {string | null} [hand_at]  When it was raised, while it is up: RFC 3339, UTC, by the server's clock. Hands are ordered by it.
 * @property {"connected" | "reconnecting"} state
 * @property {string} instance  Another instance is another page: it needs a new RTCPeerConnection.
 * @property {string} joined_at  RFC 3339, UTC
 * @property {"bot"} [kind]  A program; left out: a person.
 * @property {true} [recording]  A program that records the meeting.
 * @property {true} [guest]  Nobody has identified this person, on a server where an application does.
 * @property {boolean} [obeys]  False: this client does not turn off what it is told to.
 * @property {string} [picture]  An address, from the application.
 * @property {Rights} [may]  Where they differ from the meeting's default.
 *
 * @typedef {Partial<MediaState> & {hand?: boolean}} Muted  What this page has to turn off (false).
 * @typedef {{id: string} & Partial<Participant>} ParticipantChange
 *
 * @typedef {object} Settings  One that is left out has its default.
 * @property {boolean} [locked]
 * @property {"off" | "guests" | "everyone"} [lobby]
 * @property {Rights} [may]
 * @property {string} [message]  For those who wait.
 * @property {boolean} [password]  Whether there is one.
 * @property {boolean} [password_skips_lobby]
 * @property {boolean} [join_before_host]
 * @property {string} [opens_at]  RFC 3339, UTC, as `ends_at`.
 * @property {string} [ends_at]
 * @property {"continue" | "lock" | "end"} [without_host]
 * @property {string[]} [spotlight]  Who is shown large to everyone: participants' ids.
 * @property {"all" | "hosts" | "off"} [chat]  To whom others than host and co-hosts may write.
 * @property {"all" | "joined"} [chat_history]  What whoever comes later is shown.
 * @property {"meeting" | "no" | "record"} [chat_keep]
 *
 * @typedef {{settings?: Settings, revision?: number}} MeetingChange
 * @typedef {{id: string, title: string, host: boolean, created: boolean} & MeetingChange} Meeting
 * @typedef {{id: string, name: string, at: string, anonymous: boolean}} Knock
 *
 * @typedef {object} ChatMessage
 * @property {string} id
 * @property {string} from  "" if the author is not known by an id any more.
 * @property {string} name
 * @property {string} text  "" once deleted
 * @property {string} at  RFC 3339, UTC. Messages are ordered by it.
 * @property {string} [to]  A participant's id, or `hosts`; left out: everyone.
 * @property {string} [reply_to]
 * @property {string} [edited_at]
 * @property {string | null} [deleted_by]  Null: nobody in the meeting did it.
 *
 * @typedef {{id: string, text?: string, edited_at?: string, deleted_by?: string | null}} ChatChange
 * @typedef {{type: "chat_page", id: number, messages: ChatMessage[], more: boolean}} ChatPage  The oldest first; `more`: there are older ones.
 * @typedef {{type: "reaction", from: string, emoji: string}} Reaction
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
 * @property {Knock[]} [knocks]  For those in charge.
 * @property {Muted} [muted]
 * @property {number} [lasted]  Seconds for which somebody has been in the meeting, without a gap.
 *
 * @typedef {{meeting: Meeting, participants: Participant[], knocks?: Knock[]}} Snapshot
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
 * @property {Muted} [muted]
 * @property {number} [lasted]  Seconds for which somebody has been in the meeting, without a gap.
 *
 * @typedef {object} Waiting  Somebody in charge has to let this client in. Sent again when the rest changes.
 * @property {"waiting"} type
 * @property {number} [id]
 * @property {string} [knock]  To be sent with the next join, which keeps the position.
 * @property {string} [token]
 * @property {number} position
 * @property {string} message
 * @property {boolean} [hosted]  Whether one of them is connected; servers before 0.8 do not say.
 * @property {string} [opens_at]  When the meeting is to open: RFC 3339, UTC.
 * @property {number} heartbeat  seconds
 *
 * @typedef {{type: "participant_joined" | "participant_rejoined", seq: number, participant: Participant}} ParticipantArrived
 * @typedef {{type: "participant_updated", seq: number, participant: ParticipantChange, by?: string}} ParticipantUpdated
 * @typedef {{type: "participant_left", seq: number, participant: {id: string}, reason: string, by?: string}} ParticipantLeft
 * @typedef {{type: "meeting_updated", seq: number, meeting: MeetingChange, by?: string}} MeetingUpdated
 * @typedef {{type: "ask", seq: number, from: string, media: Partial<MediaState>}} Asked  to turn something on
 * @typedef {{type: "knock", seq: number, knock: Knock}} Knocked
 * @typedef {{type: "knock_ended", seq: number, id: string, reason: "admitted" | "denied" | "left", by?: string}} KnockEnded
 * @typedef {{type: "meeting_ended", seq: number, reason?: string}} MeetingEnded
 * @typedef {{type: "signal", seq: number, from: string, data: unknown}} Signal
 * @typedef {{type: "chat_message", seq: number, message: ChatMessage, again?: boolean}} ChatWritten  `again`: it was known before, as the client adds.
 * @typedef {{type: "chat_erased", seq: number, from: string, until: string, deleted_by: string | null, again?: boolean}} ChatErased  All that somebody wrote until then.
 * @typedef {{type: "chat_changed", seq: number, message: ChatChange, again?: boolean}} ChatChanged
 * @typedef {ParticipantArrived | ParticipantUpdated | ParticipantLeft | MeetingUpdated | MeetingEnded | Signal
 *   | Asked | Knocked | KnockEnded | ChatWritten | ChatChanged | ChatErased} RoomEvent
 *
 * @typedef {{type: "batch", first: number, seq: number, events: RoomEvent[]}} Batch  In order, up to number `seq`.
 *
 * @typedef {{type: "error", id?: number, code: string, message: string, retry_after?: number}} ServerError
 * @typedef {{type: "going_away", delay: number}} GoingAway
 * @typedef {{type: "ice_servers", ice_servers: RTCIceServer[]}} IceServers  Replaces the previous ones.
 * @typedef {{type: "token_expiring", in: number}} TokenExpiring  The application's token, in so many seconds.
 * @typedef {{type: "authenticated", id: number, session: string}} Authenticated  `session` replaces the previous one.
 * @typedef {{type: "ack", id: number, again?: boolean} | {type: "pong", t?: number}} Answer
 * @typedef {Joined | Resumed | Waiting | RoomEvent | Batch | ServerError | GoingAway | IceServers | TokenExpiring | Authenticated | Answer
 *   | ChatPage | Reaction} ServerMessage
 *
 * What two clients say to each other. The server relays it unread, so signal.js checks it.
 * @typedef {object} SignalData
 * @property {RTCSessionDescriptionInit | null} [description]
 * @property {RTCIceCandidateInit | null} [candidate]
 * @property {number | undefined} [offer]  Number of the offer that the description is or answers.
 * @property {string | null} [screen]  Id of the sender's stream that is a shared screen.
 * @property {boolean} [repeat]  Signals to the sender were lost: an offer without an answer is to be sent again.
 * @property {boolean} [media]  False: the sender's browser cannot make calls, and answers no offer.
 * @property {import("./shown.js").Shown} [show]  What the sender shows of the addressee's pictures.
 * @property {string | undefined} [instance]  The sender's instance,
 * @property {string | undefined} [for]  and the addressee's, for which the signal is meant.
 * @property {number} [connection]  Which of the RTCPeerConnections between the two instances, 1 when absent. A bot, which
 *   cannot restart ICE, offers a new one instead.
 */

export const SUBPROTOCOL = "reconvene.v1";

/** What this client can do beyond the first version of the protocol. */
export const FEATURES = ["batch", "busy", "ice", "moderation"];

/** What one may react with. */
export const REACTIONS = Object.freeze(["👍", "❤️", "😂", "😮", "👏", "🎉"]);

/** The feature of a server whose meetings have people in charge. */
export const MODERATION = "moderation";

export const CLOSE = Object.freeze({
  normal: 1000,
  replaced: 4001,
  removed: 4002,
  meetingEnded: 4003,
  badToken: 4004,
  denied: 4005,
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
