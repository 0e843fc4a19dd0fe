/** The chat's panel and its button: what was written, in order, and how much of it was not read. */
import { serverClock } from "../here/server-clock.js";
import { ask } from "../ui/dialogs.js";
import { part, write } from "../ui/dom.js";
import { t } from "../words/words.js";
import { ChatForm } from "./chat-form.js";
import { ChatItems } from "./chat-items.js";
import { ChatSaid } from "./chat-said.js";
import { isolated, short } from "./chat-text.js";
import { problemText } from "../ui/problems.js";

/** @typedef {import("../../sdk/reconvene.js").ChatMessage} ChatMessage */

const READ_UNTIL = "reconvene.chat-read";
/** Pixels from the end at which one still reads what is new. */
const NEAR_END = 40;

export class ChatPanel {
  #view;
  #meeting;
  #storage;
  #draft;
  /** Whether what was written before a reload is there again. */
  #isDrafted = false;
  #element;
  #button;
  #log;
  #list;
  #form;
  #items;
  #said;
  /** @type {readonly ChatMessage[]} */
  #messages = [];
  /** @type {Map<string, ChatMessage>} */
  #byId = new Map();
  /** Of those who have written. @type {Map<string, string>} */
  #names = new Map();
  #latest = "";
  #atEnd = true;
  #now = () => Date.now();

  /**
   * @param {HTMLElement} view  the meeting's @param {import("../../sdk/reconvene.js").Meeting} meeting
   * @param {import("../ui/toasts.js").Toasts} toasts @param {import("../here/storage.js").PageStorage} storage
   * @param {import("./chat-draft.js").ChatDraft} draft
   */
  constructor(view, meeting, toasts, storage, draft) {
    this.#view = view;
    this.#meeting = meeting;
    this.#storage = storage;
    this.#draft = draft;
    this.#element = part(view, "chat");
    this.#button = part(view, "chat-button");
    this.#log = part(view, "chat-log");
    this.#list = part(view, "chat-messages");
    this.#items = new ChatItems(this.#list);
    this.#said = new ChatSaid(toasts, part(this.#element, "chat-said"));
    this.#form = new ChatForm(this.#element, (wish) => this.#send(wish), () => this.#typed());
  }

  /** @param {AbortSignal} signal */
  start(signal) {
    const { chat } = this.#meeting;
    const until = this.#readUntil;
    if (until) chat.read(until);
    const ends = [chat.subscribe(() => this.#show()), this.#meeting.subscribe(() => this.isOpen && this.#show())];
    signal.addEventListener("abort", () => ends.forEach((end) => end()));
    this.#meeting.on("chat", (message) => this.#heard(message), { signal });
    this.#meeting.on("state", (state) => state === "joined" && this.isOpen && this.#setClock(), { signal });
    this.#button.addEventListener("click", () => this.toggle(), { signal });
    part(this.#element, "close-chat").addEventListener("click", () => this.toggle(), { signal });
    part(this.#element, "chat-more").addEventListener("click", () => void this.#more(), { signal });
    part(this.#element, "chat-latest").addEventListener("click", () => this.#toEnd(), { signal });
    this.#log.addEventListener("scroll", () => this.#scrolled(), { signal });
    this.#list.addEventListener("click", (event) => void this.#clicked(event), { signal });
    // Where one was at the end one stays there, also when what is written below takes more room.
    const size = new ResizeObserver(() => this.isOpen && this.#atEnd && this.#toEnd());
    size.observe(this.#log);
    document.addEventListener("visibilitychange", () => this.#read(), { signal });
    document.addEventListener("keydown", (event) => this.#escaped(event), { signal });
    // There is room for one of the two.
    const people = part(this.#view, "panel");
    const watch = new MutationObserver(() => !people.hidden && this.isOpen && this.toggle());
    watch.observe(people, { attributeFilter: ["hidden"] });
    signal.addEventListener("abort", () => (watch.disconnect(), size.disconnect()));
    this.#show();
  }

  /** What was read here before, of this meeting. Whatever else is stored there is nothing. */
  get #readUntil() {
    const [meeting, until = ""] = this.#storage.getItem(READ_UNTIL)?.split(" ") ?? [];
    return meeting === this.#meeting.id && !Number.isNaN(Date.parse(until)) ? until : "";
  }

  get isOpen() {
    return !this.#element.hidden;
  }

  toggle() {
    const focused = this.#element.contains(document.activeElement);
    this.#element.hidden = this.isOpen;
    this.#button.setAttribute("aria-expanded", String(this.isOpen));
    if (!this.isOpen) return focused ? this.#button.focus() : undefined;
    if (!part(this.#view, "panel").hidden) part(this.#view, "close-panel").click();
    this.#setClock();
    this.#show();
    this.#toEnd();
    // A keyboard on the screen would hide what was written.
    if (matchMedia("(hover: hover)").matches) this.#form.focus();
    else this.#element.querySelector("h2")?.focus();
  }

  /** It stands still while the machine sleeps. */
  #setClock = () => void serverClock().then((now) => ((this.#now = now), this.#show()));

  /** @param {KeyboardEvent} event */
  #escaped({ key, isComposing }) {
    if (key !== "Escape" || isComposing || !this.isOpen || document.querySelector("dialog[open], :popover-open")) return;
    if (!this.#element.contains(document.activeElement) || !this.#form.cancel()) this.toggle();
  }

  /** @param {ChatMessage} message */
  #heard(message) {
    const { name, text, to } = message;
    const said = `${isolated(name)}${to === null ? "" : to === "hosts" ? ` ${t("(to the hosts)")}` : ` ${t("(to you)")}`}: ${short(text)}`;
    this.#said.say(message, said, this.isOpen);
  }

  /** @returns {import("./chat-message.js").Reader} */
  get #reader() {
    const { me } = this.#meeting.getSnapshot();
    const { reach } = this.#meeting.chat.getSnapshot();
    return {
      id: me.id,
      inCharge: me.inCharge,
      mayWrite: reach !== "nobody",
      nameOf: (id) => this.#nameOf(id),
      find: (id) => this.#byId.get(id),
      now: this.#now(),
    };
  }

  /** Also of whoever has left, if they have written. @param {string} id */
  #nameOf(id) {
    return this.#meeting.participants.get(id)?.name ?? this.#names.get(id) ?? "";
  }

  /** @param {readonly ChatMessage[]} messages */
  #learn(messages) {
    if (messages === this.#messages) return;
    this.#messages = messages;
    this.#byId = new Map(messages.map((message) => [message.id, message]));
    this.#names = new Map(messages.map(({ from, name }) => [from, name]));
    this.#said.look((id) => this.#byId.get(id));
  }

  #show() {
    const { unread, messages, outgoing, more, reach } = this.#meeting.chat.getSnapshot();
    const badge = part(this.#button, "chat-unread");
    badge.hidden = !unread;
    write(badge, unread > 99 ? "99+" : String(unread));
    this.#button.setAttribute("aria-label", unread ? t("Chat, {count} unread", { count: unread }) : t("Chat"));
    this.#learn(messages);
    if (!this.isOpen) return;
    const { me, participants, settings } = this.#meeting.getSnapshot();
    const reader = this.#reader;
    this.#form.update({ reach, others: participants, nameOf: reader.nameOf, find: reader.find });
    this.#takeUp(me.id);
    part(this.#element, "chat-closed").hidden = reach !== "nobody";
    const closed = settings.chat === "off" ? t("The chat of this meeting is off.") : t("You may not write in this meeting.");
    write(part(this.#element, "chat-closed"), me.id ? closed : "");
    part(this.#element, "chat-more").hidden = !more;
    part(this.#element, "chat-empty").hidden = messages.length + outgoing.length > 0;
    this.#items.show(messages, outgoing, reader);
    const last = messages.at(-1);
    const isNew = last && last.id !== this.#latest;
    this.#latest = last?.id ?? "";
    if (this.#atEnd || (isNew && last.from === me.id)) this.#toEnd();
    else if (isNew) part(this.#element, "chat-latest").hidden = false;
  }

  /** What was written before a reload. @param {string} me */
  #takeUp(me) {
    if (this.#isDrafted || !me) return;
    const draft = this.#draft.read(me);
    this.#isDrafted = true;
    if (draft) this.#form.restore(draft);
  }

  #typed() {
    if (this.#isDrafted) this.#draft.write(this.#meeting.getSnapshot().me.id, this.#form.unsent);
  }

  #toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#scrolled();
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    if (!clientHeight) return;
    this.#atEnd = scrollHeight - clientHeight - scrollTop < NEAR_END;
    if (this.#atEnd) part(this.#element, "chat-latest").hidden = true;
    this.#read();
  }

  /** What is seen is read. */
  #read() {
    if (!this.isOpen || document.hidden || !this.#atEnd) return;
    const { chat, id } = this.#meeting;
    const { unread } = chat.getSnapshot();
    chat.read();
    if (unread) this.#storage.setItem(READ_UNTIL, `${id} ${chat.getSnapshot().readUntil}`);
  }

  async #more() {
    const button = part(this.#element, "chat-more", HTMLButtonElement);
    const { scrollHeight, scrollTop } = this.#log;
    button.disabled = true;
    await this.#meeting.chat.more().catch((error) => this.#failed(error));
    button.disabled = false;
    this.#show();
    this.#log.scrollTop = scrollTop + this.#log.scrollHeight - scrollHeight;
    // It is gone when there are no older ones.
    if (button.hidden) this.#log.focus();
    else button.focus({ preventScroll: true });
  }

  /** @param {import("./chat-form.js").Wish} wish */
  #send(wish) {
    const { chat } = this.#meeting;
    this.#complain("");
    const sent = wish.what === "edit" ? chat.edit(wish.id, wish.text) : chat.send(wish.text, wish);
    return sent.then(
      () => true,
      (error) => {
        // What was refused of messages stays in the list, with the reason.
        if (wish.what === "edit") this.#failed(error);
        return false;
      },
    );
  }

  /** @param {string} text  "": nothing any more */
  #complain(text) {
    write(part(this.#element, "chat-error"), text);
  }

  /** @param {Error} error */
  #failed(error) {
    this.#complain(t("That did not work: {why}", { why: problemText(error) }));
  }

  /** What was refused, to be written otherwise. @param {string} key */
  #takeBack(key) {
    const { chat } = this.#meeting;
    const refused = chat.getSnapshot().outgoing.find((each) => each.key === key);
    if (!refused) return;
    const isTaken = this.#form.take(refused);
    this.#complain(isTaken ? "" : t("That message is not for those to whom you are writing now. Choose the same under “To”, or send yours first."));
    if (!isTaken) return;
    chat.discard(key);
    this.#form.focus();
  }

  /** Of whoever has left the server knows whether one may. @param {string} author */
  #mayErase(author) {
    const { me, participants } = this.#meeting.getSnapshot();
    const role = participants.find(({ id }) => id === author)?.role ?? "participant";
    return author !== "" && author !== me.id && (me.role === "host" || (me.role === "cohost" && role === "participant"));
  }

  /** @param {MouseEvent} event */
  async #clicked({ target }) {
    const button = target instanceof Element && target.closest("button");
    const item = button && button.closest("li");
    if (!button || !item) return;
    const { chat, me } = this.#meeting;
    const { key = "", message: id = "" } = item.dataset;
    const message = chat.getSnapshot().messages.find((each) => each.id === id);
    const what = button.dataset.part;
    if (what === "again") chat.retry(key).catch(() => {});
    if (what === "take-back") this.#takeBack(key);
    if (what === "discard") chat.discard(key);
    if (what === "again" || what === "discard") this.#form.focus();
    if (what === "reply" && message) this.#form.reply(message, message.from === me.id);
    if (what === "edit" && message) this.#form.edit(message);
    if (what !== "delete" || !message) return;
    const answer = await askToDelete(message, message.from === me.id, this.#mayErase(message.from));
    if (!answer || (answer === "erase" && !(await askToErase(message.name)))) return;
    this.#complain("");
    const order = answer === "erase" ? chat.erase(message.from) : chat.delete(id);
    order.catch((error) => this.#failed(error));
    this.#log.focus();
  }
}

/** @param {ChatMessage} message @param {boolean} own @param {boolean} mayErase  all that its author wrote @returns {Promise<string>} "delete", "erase", or "": neither */
const askToDelete = ({ name, text }, own, mayErase) =>
  ask({
    title: own ? t("Delete your message?") : t("Delete the message of {name}?", { name: isolated(name) }),
    text: t("“{text}” will be gone for everyone.", { text: short(text) }),
    choices: [
      { value: "delete", label: t("Delete"), look: "danger" },
      ...(mayErase ? [{ value: "erase", label: t("Delete all they wrote…") }] : []),
      { value: "", label: t("Keep") },
    ],
  });

/** @param {string} name */
const askToErase = async (name) =>
  (await ask({
    title: t("Delete all that {name} wrote?", { name: isolated(name) }),
    text: t("Every message of {name} in this meeting will be gone for everyone, also those to one person.", { name: isolated(name) }),
    choices: [
      { value: "erase", label: t("Delete all they wrote"), look: "danger" },
      { value: "", label: t("Keep") },
    ],
  })) === "erase";
