/**
 * Finds the meeting in typed or pasted text, and in addresses from mails and chats: with punctuation around them,
 * additions of trackers and scanners, invisible marks, or truncated escapes.
 */

const ID = /^[a-z0-9-]{3,64}$/i;
/** Characters searched: more than an invitation has, but few enough to be fast. */
const LONGEST = 10_000;
/** Most characters of a server's address. */
const LONGEST_SERVER = 400;
/** Longest group in which people write an ID: 123 456 789. */
const GROUP = 4;

/**
 * @param {string} text  an ID, a link or a path, with whatever is around it
 * @param {string} here  the start of this server's links: `https://meet.example.org`, `https://example.org/meet`
 * @returns {{meeting: string, invite?: string} | {elsewhere: URL} | null} a meeting of this server, upper-case, with what
 *   an invite link says; the target of another server's link; or null
 */
export function readMeeting(text, here) {
  const plain = cleaned(text);
  /** @type {URL | null} */
  let elsewhere = null;
  let found = false;
  for (const match of plain.matchAll(/\/m\/([^\s/?#]*)((?: +[a-z0-9]+)*)/gi)) {
    found = true;
    const server = serverBefore(plain.slice(0, match.index), here);
    const meeting = idIn(inGroups(match[1], match[2], plain.slice(match.index + match[0].length)));
    const invite = plain.slice(match.index).match(/^[^\s#]*#invite=([\w-]+)/)?.[1];
    if (meeting && server === here) return { meeting, ...(invite && { invite }) };
    if (meeting) elsewhere ??= new URL(`${server}/m/${meeting}`);
  }
  if (elsewhere) return { elsewhere };
  if (found) return null;
  const link = plain.match(/https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}]/i)?.[0];
  if (!link) return idAmong(plain);
  const url = urlOf(link);
  return url && url.host !== new URL(here).host ? { elsewhere: url } : null;
}

/** The meeting whose attendance an address means, with something of a sentence at its end. @param {string} path @param {string} here @returns {string} "" if it means none */
export function attendanceOf(path, here) {
  const meant = /^\/m\/[^/]+\/attendance[^\p{L}\p{N}/]+$/iu.test(cleaned(path)) ? readMeeting(path, here) : null;
  return meant && "meeting" in meant ? meant.meeting : "";
}

/** Browsers have `URL.canParse` since 2023, and much else longer. @param {string} address @returns {URL | null} null if it is none */
export function urlOf(address) {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}

/** Meeting IDs are compared without case and shown upper-case. @param {string} text @returns {string | null} null if it is not an ID */
export function meetingId(text) {
  const id = cleaned(text).replace(/\s+/g, "");
  return ID.test(id) ? id.toUpperCase() : null;
}

/** A generated id as it is shown, K7P-2MX-9QD, for one typed without dashes. @param {string} id */
export const withDashes = (id) => (/^[A-Z0-9]{9}$/.test(id) ? id.replace(/(...)(?!$)/g, "$1-") : null);

/** An ID in groups that can be read aloud, and typed like that. @param {string} id */
export function readAloud(id) {
  const dashed = withDashes(id) ?? id;
  // What people have chosen is words, or has groups.
  if (dashed.includes("-") || !/\d/.test(id)) return dashed;
  return dashed.replace(/(...)(?=..)/g, "$1 ");
}

/** @param {string} text */
function cleaned(text) {
  // Mail scanners escape a link that already has escapes.
  return unescaped(unescaped(text))
    .normalize("NFKC")
    .replace(/[\u2010-\u2013\u2212]/g, "-")
    .replace(/\p{Cf}/gu, "")
    .slice(0, LONGEST);
}

/** Decodes escapes; truncated ones stay as they are. @param {string} text */
const unescaped = (text) => text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
  try {
    return decodeURIComponent(escapes);
  } catch {
    return escapes;
  }
});

/**
 * The server address at the end of a text, without a final slash; this page's server if there is none.
 * @param {string} before @param {string} here @returns {string}
 */
function serverBefore(before, here) {
  const [, scheme, host = "", prefix = ""] =
    before.slice(-LONGEST_SERVER).match(/(?:(https?):\/\/)?((?:[\p{L}\p{N}.-]+|\[[\da-f:.]+\])(?::\d+)?)((?:\/[\w.~-]+)*)\/*$/iu) ?? [];
  if (!scheme && !/[.:]|^localhost$/i.test(host)) return here;
  const own = new URL(here);
  const address = `${scheme ? `${scheme}:` : own.protocol}//${host}`;
  const server = urlOf(address) ?? own;
  // http and https are the same server, as a proxy may be in front. Another prefix may be another server.
  return server.host === own.host && prefix === own.pathname.replace(/\/$/, "") ? here : server.origin + prefix;
}

/**
 * An ID that was written into a link in groups, 123 456 789 as `readAloud` has it: three of each, up to four at the end.
 * Only groups with digits, or all there are at the end of the text or the sentence: other words come after a link, too.
 * @param {string} first  up to a space @param {string} more  the words behind it @param {string} behind  them
 * @returns {string} the whole ID, or `first`
 */
function inGroups(first, more, behind) {
  const words = [first, ...more.split(" ").filter(Boolean)];
  const isGroup = (/** @type {number} */ count) => words.slice(0, count).every((word, index) => /^[a-z0-9]{3}$/i.test(word) || (index === count - 1 && /^[a-z0-9]{4}$/i.test(word)));
  if (isGroup(words.length) && /\d/.test(words.join("")) && !/^[\p{L}\p{N}/%-]/u.test(behind.trimStart())) return words.join("");
  const numbered = words.findIndex((word) => !/\d/.test(word));
  for (let count = numbered < 0 ? words.length : numbered; count > 1; count -= 1) if (isGroup(count)) return words.slice(0, count).join("");
  return first;
}

/** The ID at the start of a link's last part, up to the first character that no ID contains. @param {string} part @returns {string | null} */
function idIn(part) {
  const id = part.match(/^[^\p{L}\p{N}%-]*([\p{L}\p{N}%_-]+)/u)?.[1].replace(/_+$/, "") ?? "";
  return ID.test(id) ? id.toUpperCase() : null;
}

/** @param {string} text  without a link @returns {{meeting: string} | null} */
function idAmong(text) {
  const words = text.split(/\s+/).map((word) => word.replace(/^[^\p{L}\p{N}%-]+|[^\p{L}\p{N}%-]+$/gu, "")).filter(Boolean);
  // In a sentence: the run of adjacent words with digits, if there is only one that fits.
  const inSentence = words.some((word) => word.length > GROUP) ? runs(words).filter((run) => ID.test(run)) : [];
  const id = inSentence.length === 1 ? inSentence[0] : words.join("");
  return ID.test(id) ? { meeting: id.toUpperCase() } : null;
}

/** @param {string[]} words @returns {string[]} the words with digits, adjacent ones joined */
function runs(words) {
  /** @type {string[]} */
  const found = [];
  let open = false;
  for (const word of words) {
    const numbered = /^[a-z0-9-]*\d[a-z0-9-]*$/i.test(word);
    if (numbered && open) found[found.length - 1] += word;
    else if (numbered) found.push(word);
    open = numbered;
  }
  return found;
}
