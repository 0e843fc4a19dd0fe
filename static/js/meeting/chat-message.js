/** One message in the list: a message that was written, or one of one's own that is on its way or was refused. */
import { fromTemplate, part, write } from "../ui/dom.js";
import { clock, dayAndClock, longDateTime, sameDay } from "../ui/times.js";
import { EDITABLE, isolated, pieces, short } from "./chat-text.js";

/**
 * @typedef {import("../../sdk/reconvene.js").ChatMessage} ChatMessage
 * @typedef {import("../../sdk/reconvene.js").Outgoing} Outgoing
 *
 * @typedef {object} Reader  Who looks at it.
 * @property {string} id
 * @property {boolean} inCharge
 * @property {boolean} mayWrite
 * @property {(id: string) => string} nameOf  a participant; "" if unknown
 * @property {(id: string) => ChatMessage | undefined} find  a message
 */

/** @param {HTMLElement} element @param {string} text  links in it are made by DOM calls, never as HTML */
function writeText(element, text) {
  if (element.textContent === text) return;
  element.replaceChildren(
    ...pieces(text).map(({ text: piece, href }) => {
      if (!href) return piece;
      const link = document.createElement("a");
      Object.assign(link, { href, textContent: piece, target: "_blank", rel: "noopener noreferrer nofollow" });
      return link;
    }),
  );
}

/** @param {string | null} to @param {boolean} own @param {Reader} reader */
function addressed(to, own, reader) {
  if (to === null) return "";
  if (to === "hosts") return "to the host and co-hosts";
  return own ? `to ${isolated(reader.nameOf(to) || "somebody who left")}` : "to you";
}

/** @param {ChatMessage} message @param {Reader} reader @param {HTMLElement} [element]  that shows it already @returns {HTMLElement} */
export function showMessage(message, reader, element = fromTemplate("message")) {
  const { id, from, name, text, at, to, replyTo, editedAt, deleted } = message;
  const own = from === reader.id;
  const when = Date.parse(at);
  Object.assign(element.dataset, { message: id, own: String(own), to: to ?? "", deleted: String(deleted) });
  write(part(element, "author"), own ? "You" : name);
  write(part(element, "to"), addressed(to, own, reader));
  const time = part(element, "time", HTMLTimeElement);
  time.dateTime = at;
  time.title = longDateTime(when);
  write(time, sameDay(when, Date.now()) ? clock(when) : dayAndClock(when));
  part(element, "edited").hidden = !editedAt || deleted;
  const body = part(element, "text");
  if (deleted) write(body, "Message deleted");
  else writeText(body, text);
  const quoted = replyTo === null ? undefined : reader.find(replyTo);
  part(element, "quote").hidden = replyTo === null || deleted;
  write(part(element, "quote"), quoted ? (quoted.deleted ? "Message deleted" : `${isolated(quoted.name)}: ${short(quoted.text)}`) : "An earlier message");
  part(element, "tools").hidden = deleted;
  part(element, "reply").hidden = !reader.mayWrite;
  part(element, "edit").hidden = !own || !reader.mayWrite || Date.now() - when > EDITABLE;
  part(element, "delete").hidden = !own && !reader.inCharge;
  for (const [tool, what] of [["reply", "Reply to"], ["edit", "Edit"], ["delete", "Delete"]]) {
    const button = part(element, /** @type {string} */ (tool));
    button.setAttribute("aria-label", `${what} ${own ? "your message" : `the message of ${name}`}: ${short(text, 30)}`);
  }
  return element;
}

/** @param {Outgoing} outgoing @param {Reader} reader @param {HTMLElement} [element] @returns {HTMLElement} */
export function showOutgoing({ key, text, to, refused }, reader, element = fromTemplate("outgoing")) {
  element.dataset.key = key;
  element.toggleAttribute("data-refused", refused !== null);
  write(part(element, "to"), addressed(to, true, reader));
  writeText(part(element, "text"), text);
  write(part(element, "state"), refused ? `Not sent. ${refused.message}` : "Sending…");
  part(element, "refused").hidden = !refused;
  return element;
}
