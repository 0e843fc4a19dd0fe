/** What is written in a message, apart from the page: pure functions. */
import { urlOf } from "../ui/links.js";
import { t, tn } from "../words/words.js";

/** Characters that a message may have, as the server counts them. */
export const MOST = 2000;
/** Milliseconds in which the author may edit a message. */
export const EDITABLE = 15 * 60_000;

const ADDRESS = /\bhttps?:\/\/[^\s<>"\u2066-\u2069\u202a-\u202e]+/gi;
const CLOSING = new Map([[")", "("], ["]", "["], ["}", "{"]]);

/**
 * The text as the server takes it: tabs are blanks, and what nobody sees at the end of lines and around them is dropped.
 * @param {string} text
 */
export function tidy(text) {
  const lines = text.replaceAll("\r\n", "\n").replaceAll("\t", "    ").split("\n").map((line) => line.trimEnd());
  return lines.join("\n").replace(/^\n+|\n+$/g, "").normalize("NFC");
}

/** How long it is for the server. @param {string} text */
export const lengthOf = (text) => [...tidy(text)].length;

/**
 * The text in pieces, in order; those that are addresses have an `href`. Nothing but http and https is one.
 * @param {string} text @returns {{text: string, href?: string}[]}
 */
export function pieces(text) {
  const found = [];
  let end = 0;
  for (const { 0: match, index } of text.matchAll(ADDRESS)) {
    const address = withoutEnd(match);
    const href = linkOf(address);
    if (!href) continue;
    if (index > end) found.push({ text: text.slice(end, index) });
    found.push({ text: address, href });
    end = index + address.length;
  }
  return end < text.length ? [...found, { text: text.slice(end) }] : found;
}

/** What follows an address in a sentence is no part of it, nor a bracket that was opened before it. @param {string} address */
function withoutEnd(address) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const each of address) counts.set(each, (counts.get(each) ?? 0) + 1);
  let end = address.length;
  for (; end > 0; end--) {
    const last = address.charAt(end - 1);
    const opening = CLOSING.get(last);
    const isOpen = opening !== undefined && (counts.get(opening) ?? 0) < (counts.get(last) ?? 0);
    if (!isOpen && !".,;:!?'*_~…".includes(last)) break;
    counts.set(last, (counts.get(last) ?? 0) - 1);
  }
  return address.slice(0, end);
}

/** @param {string} address */
function linkOf(address) {
  const url = urlOf(address);
  return url && (url.protocol === "http:" || url.protocol === "https:") ? url.href : "";
}

/** Text of somebody's, which turns the direction of nothing around it. @param {string} text */
export const isolated = (text) => `\u2068${text}\u2069`;

/** One line of it. @param {string} text @param {number} [most]  characters */
export function short(text, most = 80) {
  const characters = [...text.replace(/\s+/g, " ")];
  return isolated(characters.length > most ? `${characters.slice(0, most - 1).join("").trimEnd()}…` : characters.join(""));
}

/** What each reaction is called when it is read out. */
export const REACTION_NAMES = new Map([["👍", t("thumbs up")], ["❤️", t("heart")], ["😂", t("laughing")], ["😮", t("surprised")], ["👏", t("applause")], ["🎉", t("party")]]);

/** What is read out of the reactions of some seconds: "Ann and 2 others: applause". @param {{name: string, emoji: string}[]} reactions */
export function spoken(reactions) {
  return [...REACTION_NAMES]
    .map(([emoji, what]) => ({ what, names: [...new Set(reactions.filter((each) => each.emoji === emoji).map(({ name }) => name))] }))
    .filter(({ names }) => names.length)
    .map(({ what, names: [first = "", ...others] }) => `${others.length ? tn(others.length, "{name} and {count} other", "{name} and {count} others", { name: first }) : first}: ${what}`)
    .join(". ");
}
