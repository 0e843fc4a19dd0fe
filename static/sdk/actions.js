/**
 * What the client's state machine wants done, as data. The shell carries the actions out in order.
 * signalling/client/actions.py is its twin.
 *
 * @typedef {object} Back
 * @property {number} replayed  How many missed events follow.
 * @property {import("./protocol.js").Snapshot} [snapshot]  Sent if not all of them could be replayed.
 * @property {boolean} restarted  Whether the server restarted; signals on their way may be lost.
 * @property {string} [session]  A new token for the tab session.
 * @property {RTCIceServer[]} ice_servers
 * @property {number} [lasted]  How many seconds the meeting has been going.
 *
 * @typedef {{media: Partial<import("./protocol.js").MediaState>, by?: string}} Muted  `by`: without it, it is not allowed.
 * @typedef {{order: import("./outbox.js").Order, again?: boolean, error?: {code: string, message: string}, page?: import("./protocol.js").ChatPage}} Answered
 *   `again`: it had taken effect before. `error`: it was refused, or nobody will answer it.
 *
 * @typedef {object} ClientEvents
 * @property {import("./protocol.js").Joined} joined
 * @property {Back} resumed
 * @property {import("./protocol.js").RoomEvent} event
 * @property {import("./protocol.js").IceServers} ice_servers  New credentials.
 * @property {import("./protocol.js").TokenExpiring} token_expiring
 * @property {import("./protocol.js").Authenticated} authenticated  The newer token counts.
 * @property {{code: string, message: string}} token_needed  Nothing goes on before `renew` or `noToken` is called.
 * @property {import("./protocol.js").Waiting} waiting  Somebody in charge has to let this client in.
 * @property {Muted} muted  Turn this off.
 * @property {Answered} answered  An order was answered.
 * @property {import("./protocol.js").Reaction} reaction
 * @property {{code: string, message: string}} refused  The join was answered with a permanent error.
 * @property {{code: string, message: string}} error
 * @property {null} away  The connection is lost and being restored.
 * @property {{code: number}} closed  The server closed for good.
 *
 * @typedef {{do: "open"} | {do: "send", text: string} | {do: "drop", code: number}
 *   | {do: "goodbye", session: string, attempt: number}
 *   | {[Name in keyof ClientEvents]: {do: "emit", name: Name, detail: ClientEvents[Name]}}[keyof ClientEvents]} Action
 */

/** @param {object} message @returns {Action} */
export const send = (message) => ({ do: "send", text: JSON.stringify(message) });

/** @template {keyof ClientEvents} Name @param {Name} name @param {ClientEvents[Name]} detail */
export const emit = (name, detail) => /** @type {Action} */ ({ do: "emit", name, detail });

/** @param {boolean} wasJoined @returns {Action[]} */
export const away = (wasJoined) => (wasJoined ? [emit("away", null)] : []);

/** What becomes of an order that nobody will answer. */
export const INTERRUPTED = { code: "interrupted", message: "The connection was lost: it is not known whether this was carried out." };

/** What becomes of one that the server has put off for too long. */
const TOO_LATE = { code: "unavailable", message: "The server could not carry this out in time, and is not asked again." };

/** Nobody will answer these orders. @param {import("./outbox.js").Order[]} orders */
export const interrupted = (orders) => orders.map((order) => emit("answered", { order, error: INTERRUPTED }));

/**
 * These orders are not sent any more: the server did not carry them out, or nobody knows.
 * @param {[refused: import("./outbox.js").Order[], unknown: import("./outbox.js").Order[]]} orders
 */
export const tooLate = ([refused, unknown]) => [...refused.map((order) => emit("answered", { order, error: TOO_LATE })), ...interrupted(unknown)];
