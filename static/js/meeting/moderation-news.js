/** What those in charge have done, in words for everyone whom it concerns. */
import { longDateTime } from "../ui/times.js";
import { FORBIDDEN, NAMES } from "./rights-texts.js";
import { all, t } from "../words/words.js";

/**
 * @typedef {import("../../sdk/reconvene.js").MeetingEvents} MeetingEvents
 * @typedef {MeetingEvents["ruled"]["now"]} Standing
 */

const MEDIA = /** @type {const} */ (["audio", "video", "screen"]);
const RIGHTS = /** @type {const} */ ([...MEDIA, "chat", "hand"]);
/** What only those in charge may, and what everyone may again. */
const IN_CHARGE_ONLY = {
  audio: t("Only those in charge may turn on their microphone now"),
  video: t("Only those in charge may turn on their camera now"),
  screen: t("Only those in charge may share a screen now"),
  chat: t("Only those in charge may write in the chat now"),
  hand: t("Only those in charge may raise a hand now"),
};
const EVERYONE_AGAIN = {
  audio: t("Everyone may turn on their microphone again"),
  video: t("Everyone may turn on their camera again"),
  screen: t("Everyone may share a screen again"),
  chat: t("Everyone may write in the chat again"),
  hand: t("Everyone may raise a hand again"),
};
/** What one may again. */
const AGAIN = {
  audio: t("You may turn on your microphone again"),
  video: t("You may turn on your camera again"),
  screen: t("You may share a screen again"),
  chat: t("You may write in the chat again"),
  hand: t("You may raise your hand again"),
};
/** What somebody else may again, and what they may not any more. @type {Record<import("../../sdk/reconvene.js").Right, (name: string) => string>} */
const MAY = {
  audio: (name) => t("{name} may turn on the microphone again", { name }),
  video: (name) => t("{name} may turn on the camera again", { name }),
  screen: (name) => t("{name} may share a screen again", { name }),
  chat: (name) => t("{name} may write in the chat again", { name }),
  hand: (name) => t("{name} may raise a hand again", { name }),
};
/** @type {typeof MAY} */
const MAY_NOT = {
  audio: (name) => t("{name} may not turn on the microphone any more", { name }),
  video: (name) => t("{name} may not turn on the camera any more", { name }),
  screen: (name) => t("{name} may not share a screen any more", { name }),
  chat: (name) => t("{name} may not write in the chat any more", { name }),
  hand: (name) => t("{name} may not raise a hand any more", { name }),
};

/** @param {MeetingEvents["ruled"]} ruled @param {string} myId @param {(id: string) => string | undefined} nameOf  oneself is “You” @returns {string[]} */
export function ruledNews({ id, name, by, before, now }, myId, nameOf) {
  // By somebody else, or by nobody who is in the meeting.
  return id === myId ? ofMe(before, now, (by && nameOf(by)) || t("The server")) : ofAnother(name, before, now, by === myId);
}

/** @param {MeetingEvents["knockEnded"]} ended @param {string} myId @param {(id: string) => string | undefined} nameOf */
export function knockEnded({ name, reason, by: who }, myId, nameOf) {
  if (reason === "left") return t("{name} no longer waits", { name });
  const isIn = reason === "admitted";
  if (who && who === myId) return isIn ? t("You let {name} in", { name }) : t("You turned {name} away", { name });
  const by = (who && nameOf(who)) || t("Somebody");
  return isIn ? t("{by} let {name} in", { by, name }) : t("{by} turned {name} away", { by, name });
}

/** @param {string} name */
export const hasAsked = (name) => t("{name} was asked to turn on the microphone", { name });

/** @param {MeetingEvents["muted"]} muted @param {Standing["may"]} may */
export function turnedOff({ media }, may) {
  const off = MEDIA.filter((flag) => media[flag] === false);
  /** @param {boolean} allowed */
  const names = (allowed) => all(off.filter((flag) => may[flag] === allowed).map((flag) => NAMES[flag]));
  const [undone, forbidden] = [names(true), names(false)];
  return [
    ...(undone ? [t("Turned off by somebody else while you were away: {what}.", { what: undone })] : []),
    ...(forbidden ? [t("Turned off, as it is not allowed to you now: {what}.", { what: forbidden })] : []),
  ];
}

/** @param {Standing} before @param {Standing} now @param {string} by */
function ofMe(before, now, by) {
  const texts = [];
  if (now.role !== before.role) texts.push(MY_ROLE[now.role]);
  const off = MEDIA.filter((flag) => before.sends[flag] && !now.sends[flag]);
  if (off.length) texts.push(t("{by} turned off your {what}", { by, what: all(off.map((flag) => NAMES[flag])) }));
  if (before.hand && !now.hand) texts.push(t("{by} lowered your hand", { by }));
  for (const right of RIGHTS) {
    if (before.may[right] && !now.may[right]) texts.push(FORBIDDEN[right]);
    if (!before.may[right] && now.may[right] && now.role === before.role) texts.push(AGAIN[right]);
  }
  return texts;
}

const MY_ROLE = {
  host: t("You are the host now"),
  cohost: t("You are a co-host now"),
  participant: t("You are no longer in charge of this meeting"),
};

/** @param {string} name @param {Standing} before @param {Standing} now @param {boolean} byMe */
function ofAnother(name, before, now, byMe) {
  const texts = [];
  if (now.role === "host" && before.role !== "host") texts.push(t("{name} is the host now", { name }));
  else if (now.role === "cohost" && before.role === "participant") texts.push(t("{name} is a co-host now", { name }));
  else if (now.role === "participant" && before.role !== "participant") texts.push(t("{name} is no longer a co-host", { name }));
  if (!byMe) return texts;
  const off = MEDIA.filter((flag) => before.sends[flag] && !now.sends[flag]);
  if (off.length) texts.push(t("You turned off {name}’s {what}", { name, what: all(off.map((flag) => NAMES[flag])) }));
  for (const right of RIGHTS) {
    if (before.may[right] !== now.may[right] && now.role === before.role) texts.push(now.may[right] ? MAY[right](name) : MAY_NOT[right](name));
  }
  return texts;
}

/** The planned end is told elsewhere (end-news.js). @param {MeetingEvents["meetingChanged"]} changed @param {string} myId @param {(id: string) => string | undefined} nameOf @returns {string[]} */
export function settingsNews({ before: old, settings, by: who }, myId, nameOf) {
  const texts = [];
  if (Boolean(old.locked) !== Boolean(settings.locked)) texts.push(lockNews(Boolean(settings.locked), who === myId, who && nameOf(who)));
  if ((old.lobby ?? "off") !== (settings.lobby ?? "off")) texts.push(LOBBY[settings.lobby ?? "off"]);
  if ((old.chat ?? "all") !== (settings.chat ?? "all")) texts.push(CHAT[settings.chat ?? "all"]);
  if ((old.chat_history ?? "all") !== (settings.chat_history ?? "all")) texts.push(CHAT_HISTORY[settings.chat_history ?? "all"]);
  if ((old.chat_keep ?? "meeting") !== (settings.chat_keep ?? "meeting")) texts.push(CHAT_KEEP[settings.chat_keep ?? "meeting"]);
  if (Boolean(old.password) !== Boolean(settings.password)) texts.push(settings.password ? t("Newcomers need a password now") : t("Newcomers need no password any more"));
  if (settings.password && Boolean(old.password_skips_lobby) !== Boolean(settings.password_skips_lobby)) texts.push(settings.password_skips_lobby ? t("Whoever knows the password need not be let in") : t("Whoever knows the password has to be let in like others"));
  if ((old.join_before_host ?? true) !== (settings.join_before_host ?? true)) texts.push(settings.join_before_host === false ? t("Nobody new comes in while nobody in charge is here") : t("Newcomers may come in before anybody in charge"));
  if ((old.without_host ?? "continue") !== (settings.without_host ?? "continue")) texts.push(WITHOUT_HOST[settings.without_host ?? "continue"]);
  const [wasSaid, said = ""] = [old.message ?? "", settings.message];
  if (wasSaid !== said) texts.push(said ? t("Those who wait to be let in are told: {message}", { message: said }) : t("Those who wait to be let in are told nothing more"));
  const [opened, opens] = [old.opens_at ?? null, settings.opens_at ?? null];
  if (opened !== opens) texts.push(opens === null ? t("The meeting is no longer planned to begin at a certain time") : t("The meeting is planned for {from}", { from: longDateTime(Date.parse(opens)) }));
  const [were, are] = [old.spotlight ?? [], settings.spotlight ?? []];
  const newly = are.filter((id) => !were.includes(id)).map(nameOf).filter((name) => name !== undefined);
  const gone = were.filter((id) => !are.includes(id)).map(nameOf).filter((name) => name !== undefined);
  if (newly.length) texts.push(t("In the spotlight now: {names}", { names: all(newly) }));
  else if (gone.length) texts.push(t("No longer in the spotlight: {names}", { names: all(gone) }));
  for (const right of RIGHTS) {
    const [was, is] = [old.may?.[right] ?? true, settings.may?.[right] ?? true];
    if (was && !is) texts.push(IN_CHARGE_ONLY[right]);
    if (!was && is) texts.push(EVERYONE_AGAIN[right]);
  }
  return texts;
}

const WITHOUT_HOST = {
  continue: t("The meeting goes on when nobody is in charge"),
  lock: t("The meeting is locked when nobody is in charge for a while"),
  end: t("The meeting ends when nobody is in charge for a while"),
};

const LOBBY = {
  off: t("Newcomers come straight in now"),
  guests: t("Guests have to be let in now"),
  everyone: t("Newcomers have to be let in now"),
};

const CHAT = {
  all: t("Participants may write to anyone in the chat now"),
  hosts: t("Participants may write only to the host and co-hosts in the chat now"),
  off: t("The chat is off now"),
};

const CHAT_HISTORY = {
  all: t("Those who come later see everything that was written"),
  joined: t("Those who come later do not see what was written before"),
};

const CHAT_KEEP = {
  no: t("Chat messages are deleted soon after the meeting"),
  meeting: t("Chat messages are deleted a day after the meeting"),
  record: t("Chat messages are kept with the record of the meeting"),
};

/** @param {boolean} locked @param {boolean} byMe @param {string | undefined} by */
function lockNews(locked, byMe, by) {
  if (byMe) return locked ? t("You locked the meeting") : t("You unlocked the meeting");
  if (by === undefined) return locked ? t("The meeting was locked") : t("The meeting was unlocked");
  return locked ? t("{by} locked the meeting", { by }) : t("{by} unlocked the meeting", { by });
}
