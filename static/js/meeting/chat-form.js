/** Where messages are written: to whom, as an answer to which, or in place of which. */
import { part, write } from "../ui/dom.js";
import { MOST, isolated, lengthOf, short } from "./chat-text.js";

/**
 * @typedef {import("../../sdk/reconvene.js").ChatMessage} ChatMessage
 * @typedef {{what: "write", text: string, to: string | null, replyTo: string | null} | {what: "edit", text: string, id: string}} Wish
 */

/** From so many characters left it is said how many. */
const NEAR = 200;
/** Whoever is chosen, and cannot be written to. */
const ABSENT = " (not here)";
/** In place of the id of somebody whom nobody knows any more. */
const NOBODY = "nobody";

export class ChatForm {
  #form;
  #text;
  #to;
  #about;
  #count;
  #submit;
  /** @type {{edit: boolean, message: ChatMessage} | null} */
  #subject = null;
  /** What was written before a message was edited. */
  #draft = "";
  /** To whom, before a message was answered. */
  #former = "";

  /** @param {HTMLElement} panel @param {(wish: Wish) => void} send */
  constructor(panel, send) {
    this.#form = part(panel, "chat-form", HTMLFormElement);
    this.#text = part(panel, "chat-text", HTMLTextAreaElement);
    this.#to = part(panel, "chat-to", HTMLSelectElement);
    this.#about = part(panel, "chat-about");
    this.#count = part(panel, "chat-count");
    this.#submit = part(panel, "chat-send", HTMLButtonElement);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(send);
    });
    this.#text.addEventListener("keydown", (event) => {
      // 229: the key belongs to what composes a character, also where that has just ended.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#send(send);
    });
    this.#text.addEventListener("input", () => this.#look());
    this.#to.addEventListener("change", () => this.#look());
    part(panel, "chat-cancel").addEventListener("click", () => this.cancel());
    this.#look();
  }

  focus() {
    this.#text.focus();
  }

  /** To whom one may write. @param {"all" | "hosts" | "nobody"} reach @param {readonly import("../../sdk/reconvene.js").ParticipantView[]} others */
  update(reach, others) {
    this.#form.hidden = reach === "nobody";
    // A program that has written to one is answered, too.
    const people = others.filter(({ id, bot, role }) => (!bot || id === this.#to.value) && (reach === "all" || role !== "participant"));
    /** @type {[string, string][]} */
    const options = [
      ...(reach === "all" ? [/** @type {[string, string]} */ (["", "Everyone"])] : []),
      ["hosts", "Host and co-hosts"],
      ...people.map(({ id, name }) => /** @type {[string, string]} */ ([id, `${name} only`])),
    ];
    const { value } = this.#to;
    // What was meant for one is never sent to all because that one has left.
    if (value && !options.some(([id]) => id === value)) options.push([value, `${this.#to.selectedOptions[0]?.text.replace(ABSENT, "")}${ABSENT}`]);
    if (options.map(String).join() === [...this.#to.options].map((each) => String([each.value, each.text])).join()) return;
    this.#to.replaceChildren(...options.map(([id, text]) => new Option(text, id)));
    if (options.some(([id]) => id === value)) this.#to.value = value;
    this.#look();
  }

  /** @param {ChatMessage} message @param {boolean} own */
  reply(message, own) {
    this.cancel();
    this.#concern(message, false);
    // An answer goes to those who can read what it answers.
    const isPrivate = message.to !== null && message.to !== "hosts";
    const to = !isPrivate ? (message.to ?? "") : (own ? message.to : message.from) || NOBODY;
    this.#former = this.#to.value;
    // Whoever is gone, or may not be written to now, is still the one that is meant.
    if (![...this.#to.options].some(({ value }) => value === to)) this.#to.append(new Option(`${to && !own ? message.name : "They"}${ABSENT}`, to));
    this.#to.value = to;
    this.#look();
  }

  /** @param {ChatMessage} message */
  edit(message) {
    this.cancel();
    this.#draft = this.#text.value;
    this.#concern(message, true);
    this.#text.value = message.text;
    this.#look();
  }

  /** No answer and no edit any more. Returns whether there was one. */
  cancel() {
    if (!this.#subject) return false;
    if (this.#subject.edit) this.#text.value = this.#draft;
    else if ([...this.#to.options].some(({ value }) => value === this.#former)) this.#to.value = this.#former;
    this.#subject = null;
    this.#look();
    this.focus();
    return true;
  }

  /** @param {ChatMessage} message @param {boolean} edit */
  #concern(message, edit) {
    this.#subject = { edit, message };
    write(part(this.#about, "chat-about-text"), edit ? "Editing your message" : `Replying to ${isolated(message.name)}: ${short(message.text, 60)}`);
    this.focus();
  }

  /** @param {(wish: Wish) => void} send */
  #send(send) {
    const text = this.#text.value;
    if (this.#submit.disabled || !text.trim()) return this.focus();
    const { message, edit = false } = this.#subject ?? {};
    if (message && edit) send({ what: "edit", text, id: message.id });
    else send({ what: "write", text, to: this.#to.value || null, replyTo: message?.id ?? null });
    this.#text.value = edit ? this.#draft : "";
    this.#subject = null;
    this.#look();
    this.focus();
  }

  #look() {
    const left = MOST - lengthOf(this.#text.value);
    write(this.#count, left < 0 ? `${-left} too many` : left < NEAR ? `${left} left` : "");
    this.#count.classList.toggle("error", left < 0);
    this.#text.setAttribute("aria-invalid", String(left < 0));
    const edits = this.#subject?.edit ?? false;
    this.#submit.disabled = left < 0 || left === MOST || (!edits && (this.#to.selectedOptions[0]?.text.endsWith(ABSENT) ?? false));
    write(this.#submit, edits ? "Save" : "Send");
    this.#about.hidden = !this.#subject;
    this.#to.disabled = edits;
    this.#form.toggleAttribute("data-private", !edits && this.#to.value !== "");
    this.#text.rows = Math.min(6, this.#text.value.split("\n").length + Math.floor(this.#text.value.length / 60));
  }
}
