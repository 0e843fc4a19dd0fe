/** What those in charge have done, in words for everyone whom it concerns. */
import { FORBIDDEN, NAMES, listed } from "./rights-texts.js";

/**
 * @typedef {import("../../sdk/reconvene.js").MeetingEvents} MeetingEvents
 * @typedef {MeetingEvents["ruled"]["now"]} Standing
 */

const MEDIA = /** @type {const} */ (["audio", "video", "screen"]);
const RIGHTS = /** @type {const} */ ([...MEDIA, "hand"]);
/** What everyone may, or only those in charge. */
const DOING = { audio: "turn on their microphone", video: "turn on their camera", screen: "share a screen", hand: "raise a hand" };
const THEIRS = { audio: "turn on the microphone", video: "turn on the camera", screen: "share a screen" };
/** What one may again. */
const AGAIN = { audio: "turn on your microphone", video: "turn on your camera", screen: "share a screen", hand: "raise your hand" };

/** @param {MeetingEvents["ruled"]} ruled @param {string} myId @param {(id: string) => string | undefined} nameOf  oneself is “You” @returns {string[]} */
export function ruledNews({ id, name, by, before, now }, myId, nameOf) {
  // By somebody else, or by nobody who is in the meeting.
  return id === myId ? ofMe(before, now, (by && nameOf(by)) || "The server") : ofAnother(name, before, now, by === myId);
}

/** @param {MeetingEvents["knockEnded"]} ended @param {(id: string) => string | undefined} nameOf */
export function knockEnded({ name, reason, by }, nameOf) {
  if (reason === "left") return `${name} no longer waits`;
  return `${(by && nameOf(by)) || "Somebody"} ${reason === "admitted" ? `let ${name} in` : `turned ${name} away`}`;
}

/** @param {string} name */
export const hasAsked = (name) => `${name} was asked to turn on the microphone`;

/** @param {MeetingEvents["muted"]} muted */
export const turnedOff = ({ media }) =>
  `Turned off, as it is not allowed to you now: ${listed(MEDIA.filter((flag) => media[flag] === false).map((flag) => NAMES[flag]))}.`;

/** @param {Standing} before @param {Standing} now @param {string} by */
function ofMe(before, now, by) {
  const texts = [];
  if (now.role !== before.role) texts.push(MY_ROLE[now.role]);
  const off = MEDIA.filter((flag) => before.sends[flag] && !now.sends[flag]);
  if (off.length) texts.push(`${by} turned off your ${listed(off.map((flag) => NAMES[flag]))}`);
  if (before.hand && !now.hand) texts.push(`${by} lowered your hand`);
  for (const right of RIGHTS) {
    if (before.may[right] && !now.may[right]) texts.push(FORBIDDEN[right]);
    if (!before.may[right] && now.may[right] && now.role === before.role) texts.push(`You may ${AGAIN[right]} again`);
  }
  return texts;
}

const MY_ROLE = {
  host: "You are the host now",
  cohost: "You are a co-host now",
  participant: "You are no longer in charge of this meeting",
};

/** @param {string} name @param {Standing} before @param {Standing} now @param {boolean} byMe */
function ofAnother(name, before, now, byMe) {
  const texts = [];
  if (now.role === "host" && before.role !== "host") texts.push(`${name} is the host now`);
  else if (now.role === "cohost" && before.role === "participant") texts.push(`${name} is a co-host now`);
  else if (now.role === "participant" && before.role !== "participant") texts.push(`${name} is no longer a co-host`);
  if (!byMe) return texts;
  const off = MEDIA.filter((flag) => before.sends[flag] && !now.sends[flag]);
  if (off.length) texts.push(`You turned off ${name}’s ${listed(off.map((flag) => NAMES[flag]))}`);
  for (const right of MEDIA) {
    if (before.may[right] !== now.may[right] && now.role === before.role) texts.push(`${name} may ${now.may[right] ? "" : "not "}${THEIRS[right]} ${now.may[right] ? "again" : "any more"}`);
  }
  return texts;
}

/** @param {MeetingEvents["meetingChanged"]} changed @param {(id: string) => string | undefined} nameOf @returns {string[]} */
export function settingsNews({ before: old, settings, by: who }, nameOf) {
  const by = who && nameOf(who);
  const texts = [];
  if (Boolean(old.locked) !== Boolean(settings.locked)) texts.push(did(by, settings.locked ? "locked" : "unlocked"));
  if ((old.lobby ?? "off") !== (settings.lobby ?? "off")) texts.push(LOBBY[settings.lobby ?? "off"]);
  if (Boolean(old.password) !== Boolean(settings.password)) texts.push(settings.password ? "Newcomers need a password now" : "Newcomers need no password any more");
  if (settings.password && Boolean(old.password_skips_lobby) !== Boolean(settings.password_skips_lobby)) texts.push(settings.password_skips_lobby ? "Whoever knows the password need not be let in" : "Whoever knows the password has to be let in like others");
  if ((old.join_before_host ?? true) !== (settings.join_before_host ?? true)) texts.push(settings.join_before_host === false ? "Nobody new comes in while nobody in charge is here" : "Newcomers may come in before anybody in charge");
  if ((old.without_host ?? "continue") !== (settings.without_host ?? "continue")) texts.push(WITHOUT_HOST[settings.without_host ?? "continue"]);
  const [were, are] = [old.spotlight ?? [], settings.spotlight ?? []];
  const newly = are.filter((id) => !were.includes(id)).map(nameOf).filter((name) => name !== undefined);
  if (newly.length) texts.push(`In the spotlight now: ${listed(newly)}`);
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
