/**
 * Which meeting is meant by what people type and paste, and by addresses as they come out of mails and chats: with
 * punctuation around them, what a tracker or a scanner added, marks that nobody sees, escapes that were cut.
 */

const ID = /^[a-z0-9-]{3,64}$/i;
/** Characters of what is looked through: more than an invitation has, and no more than takes a moment. */
const LONGEST = 10_000;
/** Characters of a server's address. */
const LONGEST_SERVER = 400;
/** Groups in which people write an ID down: 123 456 789. */
const GROUP = 4;

/**
 * @param {string} text  an ID, a link or a path, with whatever is around it
 * @param {string} here  what this server's links begin with: `https://meet.example.org`, `https://example.org/meet`
 * @returns {{meeting: string} | {elsewhere: URL} | null} a meeting of this server's, upper-case; where another server's
 *   link leads; null for what is neither
 */
export function readMeeting(text, here) {
  const plain = cleaned(text);
  /** @type {URL | null} */
  let elsewhere = null;
  let found = false;
  for (const match of plain.matchAll(/\/m\/([^\s/?#]*)/g)) {
    found = true;
    const server = serverBefore(plain.slice(0, match.index), here);
    const meeting = idIn(match[1]);
    if (meeting && server === here) return { meeting };
    if (meeting) elsewhere ??= new URL(`${server}/m/${meeting}`);
  }
  if (elsewhere) return { elsewhere };
  if (found) return null;
  const link = plain.match(/https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}]/i)?.[0];
  if (!link) return idAmong(plain);
  const url = URL.canParse(link) ? new URL(link) : null;
  return url && url.host !== new URL(here).host ? { elsewhere: url } : null;
}

/** Meeting IDs are compared without case and shown upper-case. @param {string} text @returns {string | null} null for what cannot be one */
export function meetingId(text) {
  const id = cleaned(text).replace(/\s+/g, "");
  return ID.test(id) ? id.toUpperCase() : null;
}

/** A generated id as it is shown, K7P-2MX-9QD, for one typed without dashes. @param {string} id */
export const withDashes = (id) => (/^[A-Z0-9]{9}$/.test(id) ? id.replace(/(...)(?!$)/g, "$1-") : null);

/** @param {string} text */
function cleaned(text) {
  // Scanners of mails escape a link that has escapes already.
  return unescaped(unescaped(text))
    .normalize("NFKC")
    .replace(/[\u2010-\u2013\u2212]/g, "-")
    .replace(/\p{Cf}/gu, "")
    .slice(0, LONGEST);
}

/** Escapes that were cut stay as they are. @param {string} text */
const unescaped = (text) => text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
  try {
    return decodeURIComponent(escapes);
  } catch {
    return escapes;
  }
});

/**
 * The server whose address a text ends with, without a slash at its end; this page's, if it ends with none.
 * @param {string} before @param {string} here @returns {string}
 */
function serverBefore(before, here) {
  const [, scheme, host = "", prefix = ""] =
    before.slice(-LONGEST_SERVER).match(/(?:(https?):\/\/)?((?:[\p{L}\p{N}.-]+|\[[\da-f:.]+\])(?::\d+)?)((?:\/[\w.~-]+)*)\/*$/iu) ?? [];
  if (!scheme && !/[.:]|^localhost$/i.test(host)) return here;
  const own = new URL(here);
  const address = `${scheme ? `${scheme}:` : own.protocol}//${host}`;
  const server = URL.canParse(address) ? new URL(address) : own;
  // By http or by https, with a proxy in front or without, it is one server. Others may be below other prefixes.
  return server.host === own.host && prefix === own.pathname.replace(/\/$/, "") ? here : server.origin + prefix;
}

/** What the link's last part begins with, up to what no ID has in it. @param {string} part @returns {string | null} */
function idIn(part) {
  const id = part.match(/^[^\p{L}\p{N}%-]*([\p{L}\p{N}%_-]+)/u)?.[1].replace(/_+$/, "") ?? "";
  return ID.test(id) ? id.toUpperCase() : null;
}

/** @param {string} text  without a link @returns {{meeting: string} | null} */
function idAmong(text) {
  const words = text.split(/\s+/).map((word) => word.replace(/^[^\p{L}\p{N}%-]+|[^\p{L}\p{N}%-]+$/gu, "")).filter(Boolean);
  // In a sentence: the words with digits that stand together, if that leaves no choice.
  const inSentence = words.some((word) => word.length > GROUP) ? runs(words).filter((run) => ID.test(run)) : [];
  const id = inSentence.length === 1 ? inSentence[0] : words.join("");
  return ID.test(id) ? { meeting: id.toUpperCase() } : null;
}

/** @param {string[]} words @returns {string[]} those with digits, joined where they follow each other */
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
