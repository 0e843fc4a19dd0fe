/** One message in the list: a message that was written, or one of one's own that is on its way or was refused. */
import { fromTemplate, part, write } from "../ui/dom.js";
import { clock, dayAndClock, longDateTime, sameDay } from "../ui/times.js";
import { EDITABLE, isolated, pieces, short } from "./chat-text.js";
import { t } from "../words/words.js";
import { problemText } from "../ui/problems.js";

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
 * @property {number} now  by the server's clock
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
  if (to === "hosts") return t("to the host and co-hosts");
  return own ? t("to {name}", { name: isolated(reader.nameOf(to) || t("somebody who left")) }) : t("to you");
}

/** @type {Record<string, Record<"own" | "other", (values: {name: string, text: string}) => string>>} */
const TOOLS = {
  reply: {
    own: ({ text }) => t("Reply to your message: {text}", { text }),
    other: ({ name, text }) => t("Reply to the message of {name}: {text}", { name, text }),
  },
  edit: {
    own: ({ text }) => t("Edit your message: {text}", { text }),
    other: ({ name, text }) => t("Edit the message of {name}: {text}", { name, text }),
  },
  delete: {
    own: ({ text }) => t("Delete your message: {text}", { text }),
    other: ({ name, text }) => t("Delete the message of {name}: {text}", { name, text }),
  },
};

/** @param {ChatMessage} message @param {Reader} reader @param {HTMLElement} [element]  that shows it already @returns {HTMLElement} */
export function showMessage(message, reader, element = fromTemplate("message")) {
  const { id, from, name, text, at, to, replyTo, editedAt, deleted } = message;
  const own = from === reader.id;
  const when = Date.parse(at);
  Object.assign(element.dataset, { message: id, own: String(own), to: to ?? "", deleted: String(deleted) });
  write(part(element, "author"), own ? t("You") : name);
  write(part(element, "to"), addressed(to, own, reader));
  const time = part(element, "time", HTMLTimeElement);
  time.dateTime = at;
  time.title = longDateTime(when);
  write(time, sameDay(when, reader.now) ? clock(when) : dayAndClock(when));
  part(element, "edited").hidden = !editedAt || deleted;
  const body = part(element, "text");
  if (deleted) write(body, t("Message deleted"));
  else writeText(body, text);
  const quoted = replyTo === null ? undefined : reader.find(replyTo);
  part(element, "quote").hidden = replyTo === null || deleted;
  write(part(element, "quote"), quoted ? (quoted.deleted ? t("Message deleted") : `${isolated(quoted.name)}: ${short(quoted.text)}`) : t("An earlier message"));
  part(element, "tools").hidden = deleted;
  part(element, "reply").hidden = !reader.mayWrite;
  part(element, "edit").hidden = !own || !reader.mayWrite || reader.now - when > EDITABLE;
  part(element, "delete").hidden = !own && !reader.inCharge;
  for (const [tool, what] of Object.entries(TOOLS)) {
    const values = { name, text: short(text, 30) };
    part(element, tool).setAttribute("aria-label", own ? what.own(values) : what.other(values));
  }
  return element;
}

/** @param {Outgoing} outgoing @param {Reader} reader @param {HTMLElement} [element] @returns {HTMLElement} */
export function showOutgoing({ key, text, to, refused }, reader, element = fromTemplate("outgoing")) {
  element.dataset.key = key;
  element.toggleAttribute("data-refused", refused !== null);
  write(part(element, "to"), addressed(to, true, reader));
  writeText(part(element, "text"), text);
  write(part(element, "state"), refused ? t("Not sent. {why}", { why: problemText(refused) }) : t("Sending…"));
  part(element, "refused").hidden = !refused;
  for (const tool of ["again", "take-back"]) part(element, tool).hidden = !reader.mayWrite;
  return element;
}
