/** What those in charge have done, in words for everyone whom it concerns. */
import { may } from "../../sdk/rights.js";
import { FORBIDDEN, NAMES, listed } from "./rights-texts.js";

/**
 * @typedef {import("../../sdk/protocol.js").Participant} Participant
 * @typedef {import("../../sdk/protocol.js").Meeting} Meeting
 * @typedef {import("../../sdk/protocol.js").RoomEvent} RoomEvent
 * @typedef {import("../../sdk/call.js").Before} Before
 */

const MEDIA = /** @type {const} */ (["audio", "video", "screen"]);
const RIGHTS = /** @type {const} */ ([...MEDIA, "hand"]);
/** What everyone may, or only those in charge. */
const DOING = { audio: "turn on their microphone", video: "turn on their camera", screen: "share a screen", hand: "raise a hand" };
const THEIRS = { audio: "turn on the microphone", video: "turn on the camera", screen: "share a screen" };
/** What one may again. */
const AGAIN = { audio: "turn on your microphone", video: "turn on your camera", screen: "share a screen", hand: "raise your hand" };

/** @param {RoomEvent} event @param {Before} before @param {string} myId @returns {string[]} */
export function newsOf(event, before, myId) {
  const by = "by" in event ? event.by : undefined;
  const name = by === undefined ? undefined : by === myId ? "You" : before.roster.get(by)?.name;
  switch (event.type) {
    case "participant_updated": {
      const known = before.roster.get(event.participant.id);
      const { role, may: rights } = event.participant;
      // What is done to somebody: by somebody else, or by nobody who is in the meeting.
      if (!known || (name === undefined && role === undefined && rights === undefined)) return [];
      const now = { ...known, ...event.participant };
      return known.id === myId ? ofMe(known, now, before.meeting, name ?? "The server") : ofAnother(known, now, before.meeting, by === myId);
    }
    case "meeting_updated":
      return ofMeeting(before.meeting, { ...before.meeting, ...event.meeting }, name);
    case "knock":
      return [`${event.knock.name} asks to be let in`];
    default:
      return [];
  }
}

/** @param {import("../../sdk/protocol.js").KnockEnded} event @param {string} knocker @param {Before} before @param {string} myId */
export function knockEnded({ reason, by }, knocker, before, myId) {
  const name = by === myId ? "You" : by && before.roster.get(by)?.name;
  if (reason === "left") return `${knocker} no longer waits`;
  return `${name || "Somebody"} ${reason === "admitted" ? `let ${knocker} in` : `turned ${knocker} away`}`;
}

/** @param {import("../../sdk/outbox.js").Order} order  an `ask` that was obeyed @param {Participant[]} people */
export function hasAsked(order, people) {
  const media = /** @type {Partial<import("../../sdk/protocol.js").MediaState>} */ (order.media);
  const name = people.find(({ id }) => id === order.participant)?.name ?? "Somebody";
  return `${name} was asked to turn on the ${listed(MEDIA.filter((right) => media[right]).map((right) => NAMES[right]))}`;
}

/** @param {import("../../sdk/actions.js").Muted} muted */
export const turnedOff = ({ media }) =>
  `Turned off, as it is not allowed to you now: ${listed(MEDIA.filter((flag) => media[flag] === false).map((flag) => NAMES[flag]))}.`;

/** @param {Participant} known @param {Participant} now @param {Meeting} meeting @param {string} by */
function ofMe(known, now, meeting, by) {
  const texts = [];
  if (now.role !== known.role) texts.push(MY_ROLE[now.role]);
  const off = MEDIA.filter((flag) => known.media[flag] && !now.media[flag]);
  if (off.length) texts.push(`${by} turned off your ${listed(off.map((flag) => NAMES[flag]))}`);
  if (known.hand && !now.hand) texts.push(`${by} lowered your hand`);
  for (const right of RIGHTS) {
    const [before, after] = [may(known, meeting, right), may(now, meeting, right)];
    if (before && !after) texts.push(FORBIDDEN[right]);
    if (!before && after && now.role === known.role) texts.push(`You may ${AGAIN[right]} again`);
  }
  return texts;
}

const MY_ROLE = {
  host: "You are the host now",
  cohost: "You are a co-host now",
  participant: "You are no longer in charge of this meeting",
};

/** @param {Participant} known @param {Participant} now @param {Meeting} meeting @param {boolean} byMe */
function ofAnother(known, now, meeting, byMe) {
  const { name } = now;
  const texts = [];
  if (now.role === "host" && known.role !== "host") texts.push(`${name} is the host now`);
  else if (now.role === "cohost" && known.role === "participant") texts.push(`${name} is a co-host now`);
  else if (now.role === "participant" && known.role !== "participant") texts.push(`${name} is no longer a co-host`);
  if (!byMe) return texts;
  const off = MEDIA.filter((flag) => known.media[flag] && !now.media[flag]);
  if (off.length) texts.push(`You turned off ${name}’s ${listed(off.map((flag) => NAMES[flag]))}`);
  for (const right of MEDIA) {
    const [before, after] = [may(known, meeting, right), may(now, meeting, right)];
    if (before !== after && now.role === known.role) texts.push(`${name} may ${after ? "" : "not "}${THEIRS[right]} ${after ? "again" : "any more"}`);
  }
  return texts;
}

/** @param {Meeting} before @param {Meeting} now @param {string} [by] */
function ofMeeting({ settings: old = {} }, { settings = {} }, by) {
  const texts = [];
  if (Boolean(old.locked) !== Boolean(settings.locked)) texts.push(did(by, settings.locked ? "locked" : "unlocked"));
  if ((old.lobby ?? "off") !== (settings.lobby ?? "off")) texts.push(LOBBY[settings.lobby ?? "off"]);
  if (Boolean(old.password) !== Boolean(settings.password)) texts.push(settings.password ? "Newcomers need a password now" : "Newcomers need no password any more");
  if (settings.password && Boolean(old.password_skips_lobby) !== Boolean(settings.password_skips_lobby)) texts.push(settings.password_skips_lobby ? "Whoever knows the password need not be let in" : "Whoever knows the password has to be let in like others");
  if ((old.join_before_host ?? true) !== (settings.join_before_host ?? true)) texts.push(settings.join_before_host === false ? "Nobody new comes in while nobody in charge is here" : "Newcomers may come in before anybody in charge");
  if ((old.without_host ?? "continue") !== (settings.without_host ?? "continue")) texts.push(WITHOUT_HOST[settings.without_host ?? "continue"]);
  for (const right of RIGHTS) {
    const [was, is] = [old.may?.[right] ?? true, settings.may?.[right] ?? true];
    if (was && !is) texts.push(`Only those in charge may ${DOING[right]} now`);
    if (!was && is) texts.push(`Everyone may ${DOING[right]} again`);
  }
  return texts;
}

const WITHOUT_HOST = {
  continue: "The meeting goes on when nobody is in charge",
  lock: "The meeting is locked when nobody is in charge for a while",
  end: "The meeting ends when nobody is in charge for a while",
};

const LOBBY = {
  off: "Newcomers come straight in now",
  guests: "Guests have to be let in now",
  everyone: "Newcomers have to be let in now",
};

/** @param {string | undefined} by @param {string} what */
const did = (by, what) => (by === undefined ? `The meeting was ${what}` : `${by} ${what} the meeting`);
