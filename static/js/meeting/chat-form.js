/** Where messages are written: to whom, as an answer to which, or in place of which. */
import { part, write } from "../ui/dom.js";
import { t } from "../words/words.js";
import { MOST, isolated, lengthOf, short, tidy } from "./chat-text.js";

/**
 * @typedef {import("../../sdk/reconvene.js").ChatMessage} ChatMessage
 * @typedef {import("./chat-draft.js").Draft} Draft
 * @typedef {{what: "write", text: string, to: string | null, replyTo: string | null} | {what: "edit", text: string, id: string}} Wish
 */

/** From so many characters left it is said how many. */
const NEAR = 200;
/** In place of the id of somebody whom nobody knows any more. */
const NOBODY = "nobody";

/**
 * @typedef {object} Around  What the form depends on.
 * @property {"all" | "hosts" | "nobody"} reach  to whom one may write
 * @property {readonly import("../../sdk/reconvene.js").ParticipantView[]} others
 * @property {(id: string) => string} nameOf  a participant, also one who has left; "" if unknown
 * @property {(id: string) => ChatMessage | undefined} find  a message
 */

export class ChatForm {
  #heading;
  #form;
  #text;
  #to;
  #about;
  #count;
  #submit;
  /** @type {{edit: boolean, message: Pick<ChatMessage, "id" | "name" | "text">} | null} */
  #subject = null;
  /** What was written before a message was answered or edited. */
  #draft = "";
  /** To whom, before a message was answered. */
  #former = "";
  /** Whether whoever is chosen can be written to. */
  #reaches = true;
  /** Of those who were offered. @type {Map<string, string>} */
  #names = new Map();
  /** An edit is on its way. */
  #saves = false;
  /** @type {Around} */
  #around = { reach: "all", others: [], nameOf: () => "", find: () => undefined };
  #send;
  #typed;

  /**
   * @param {HTMLElement} panel
   * @param {(wish: Wish) => Promise<boolean>} send  whether that was done
   * @param {() => void} typed  the draft is another one
   */
  constructor(panel, send, typed) {
    this.#send = send;
    this.#typed = typed;
    this.#heading = panel.querySelector("h2");
    this.#form = part(panel, "chat-form", HTMLFormElement);
    this.#text = part(panel, "chat-text", HTMLTextAreaElement);
    this.#to = part(panel, "chat-to", HTMLSelectElement);
    this.#about = part(panel, "chat-about");
    this.#count = part(panel, "chat-count");
    this.#submit = part(panel, "chat-send", HTMLButtonElement);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submitted();
    });
    this.#text.addEventListener("keydown", (event) => {
      // 229: the key belongs to what composes a character, also where that has just ended.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      void this.#submitted();
    });
    this.#text.addEventListener("input", () => this.#look());
    this.#to.addEventListener("change", () => this.#choose());
    this.#form.addEventListener("focusout", ({ relatedTarget }) => {
      // The focus of a window that is left comes back.
      if (document.hasFocus() && !(relatedTarget instanceof Node && this.#form.contains(relatedTarget))) this.#form.hidden = this.#isClosed;
    });
    part(panel, "chat-cancel").addEventListener("click", () => this.cancel());
    this.#look();
  }

  /** The focus is never lost to the page, where letters are shortcuts. */
  focus() {
    if (this.#form.hidden) this.#heading?.focus();
    else this.#text.focus();
  }

  get #isClosed() {
    return this.#around.reach === "nobody";
  }

  /** What is written and not sent, and to whom: not what a message is to be instead. */
  get draft() {
    return { text: this.#subject?.edit ? this.#draft : this.#text.value, to: this.#to.value };
  }

  /** All that would be lost: the draft, and what a message is answered with, or to be instead. @returns {Draft} */
  get unsent() {
    const { edit, message } = this.#subject ?? {};
    return { ...this.draft, about: message ? { edit: edit === true, id: message.id, name: message.name, written: this.#text.value } : null };
  }

  /**
   * Something that was not sent, in front of what is written here. Where the two are for others neither gets the
   * addressee of the other, and nobody who was chosen becomes everyone: it is not taken.
   * @param {{text: string, to: string | null}} refused @returns {boolean} whether it was taken
   */
  take({ text, to }) {
    const { text: draft, to: chosen } = this.draft;
    const meant = to ?? (this.#around.reach === "all" ? "" : chosen);
    if (chosen !== meant && (draft || !meant)) return false;
    this.cancel();
    this.restore({ text: [text, draft].filter(Boolean).join("\n"), to: meant });
    return true;
  }

  /** @param {Draft} draft */
  restore({ text, to, about = null }) {
    this.#text.value = text;
    this.#choose(to);
    if (!about) return;
    // What it says is known when it has come.
    this.#concern({ ...about, text: "…" }, about.edit);
    this.#draft = about.edit ? text : "";
    this.#text.value = about.written;
    this.#look();
  }

  /** @param {Around} around */
  update(around) {
    this.#around = around;
    for (const { id, name } of around.others) this.#names.set(id, name);
    // Whoever is typing stays in the field, which takes nothing any more: anywhere else their next letters would be shortcuts.
    const held = this.#form.contains(document.activeElement);
    if (this.#isClosed && held) this.#text.focus();
    this.#form.hidden = this.#isClosed && !held;
    // Whoever was chosen still is when the chat is open again.
    if (this.#isClosed) this.#look();
    else this.#choose();
    const about = this.#subject && around.find(this.#subject.message.id);
    if (about && this.#subject) this.#subject.message = about;
    this.#lookAbout(about?.deleted);
  }

  /** Offers those who can be written to. What was meant for one is never sent to all because that one has left. @param {string} [value]  whom to choose */
  #choose(value = this.#to.value) {
    const { reach, others, nameOf } = this.#around;
    // A program that has written to one is answered, too.
    const people = others.filter(({ id, bot, role }) => (!bot || id === value) && (reach === "all" || role !== "participant"));
    /** @type {[string, string][]} */
    const options = [
      ...(reach === "all" ? [/** @type {[string, string]} */ (["", t("Everyone")])] : []),
      ["hosts", t("Host and co-hosts")],
      ...people.map(({ id, name }) => /** @type {[string, string]} */ ([id, t("{name} only", { name })])),
    ];
    this.#reaches = !value || options.some(([id]) => id === value);
    if (!this.#reaches) {
      const name = this.#names.get(value) || nameOf(value) || t("Somebody");
      const isHere = others.some(({ id }) => id === value);
      options.push([value, isHere ? t("{name} (cannot be written to now)", { name }) : t("{name} (has left)", { name })]);
    }
    if (options.map(String).join() !== [...this.#to.options].map((each) => String([each.value, each.text])).join()) {
      this.#to.replaceChildren(...options.map(([id, text]) => new Option(text, id)));
    }
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
    this.#draft = this.#text.value;
    this.#former = this.#to.value;
    // Whoever is gone, or may not be written to now, is still the one that is meant. What was written for one is never for all.
    this.#choose(to || (this.#draft ? this.#former : ""));
    this.focus();
  }

  /** @param {ChatMessage} message */
  edit(message) {
    this.cancel();
    this.#draft = this.#text.value;
    this.#concern(message, true);
    this.#text.value = message.text;
    this.#look();
    this.focus();
  }

  /** No answer and no edit any more. Returns whether there was one. */
  cancel() {
    if (!this.#subject) return false;
    if (this.#subject.edit) this.#text.value = this.#draft;
    // What was written as an answer to one is never for all.
    const stays = this.#subject.edit || (!this.#former && this.#text.value && this.#text.value !== this.#draft);
    const former = stays ? this.#to.value : this.#former;
    this.#done();
    this.#choose(former);
    this.focus();
    return true;
  }

  /** @param {Pick<ChatMessage, "id" | "name" | "text">} message @param {boolean} edit */
  #concern(message, edit) {
    this.#subject = { edit, message };
    this.#lookAbout();
  }

  /** @param {boolean} [isDeleted] */
  #lookAbout(isDeleted = false) {
    if (!this.#subject) return;
    const { edit, message } = this.#subject;
    const reply = () => (isDeleted ? t("Replying to a message that was deleted") : t("Replying to {name}: {text}", { name: isolated(message.name), text: short(message.text, 60) }));
    write(part(this.#about, "chat-about-text"), edit ? t("Editing your message") : reply());
  }

  #done() {
    this.#subject = null;
    this.#saves = false;
  }

  async #submitted() {
    const text = tidy(this.#text.value);
    if (this.#submit.disabled || !text.trim()) return this.focus();
    const subject = this.#subject;
    if (subject?.edit) {
      // It is seen until it is done, and stays where it is refused.
      this.#saves = true;
      this.#look();
      const done = await this.#send({ what: "edit", text, id: subject.message.id });
      if (this.#subject !== subject) return;
      this.#saves = false;
      if (!done) return this.#look();
      this.#text.value = this.#draft;
    } else {
      void this.#send({ what: "write", text, to: this.#to.value || null, replyTo: subject?.message.id ?? null });
      this.#text.value = "";
    }
    this.#done();
    this.#look();
    this.focus();
  }

  #look() {
    const left = MOST - lengthOf(this.#text.value);
    write(this.#count, left < 0 ? t("{count} too many", { count: -left }) : left < NEAR ? t("{count} left", { count: left }) : "");
    this.#count.classList.toggle("error", left < 0);
    this.#text.setAttribute("aria-invalid", String(left < 0));
    const edits = this.#subject?.edit ?? false;
    this.#submit.disabled = this.#isClosed || left < 0 || left === MOST || this.#saves || !(edits || this.#reaches);
    write(this.#submit, this.#saves ? t("Saving…") : edits ? t("Save") : t("Send"));
    this.#about.hidden = !this.#subject;
    this.#to.disabled = edits || this.#isClosed;
    this.#text.readOnly = this.#saves || this.#isClosed;
    this.#form.toggleAttribute("data-private", !edits && this.#to.value !== "");
    this.#text.rows = Math.min(6, this.#text.value.split("\n").length + Math.floor(this.#text.value.length / 60));
    this.#typed();
  }
}
