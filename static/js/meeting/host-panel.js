/** The settings of a meeting, for those in charge. Each is in effect as soon as it is changed. */
import { modal } from "../ui/dialogs.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { InviteLinks } from "./invite-links.js";
import { RemovedPeople } from "./removed-people.js";
import { t } from "../words/words.js";

/** @typedef {import("../../sdk/reconvene.js").Meeting} Meeting */

const CHOICES = /** @type {const} */ (["lobby", "without_host", "chat"]);
const RIGHTS = /** @type {const} */ (["audio", "video", "screen", "hand"]);

/** @param {Meeting} meeting @param {import("./bearer.js").Bearer} bearer @param {import("./order-news.js").TellOrder} tell */
export async function showHostPanel(meeting, bearer, tell) {
  const panel = new HostPanel(meeting, bearer, tell);
  panel.start();
  await modal(panel.element);
  panel.stop();
}

class HostPanel {
  element = fromTemplate("host-panel");
  #meeting;
  #tell;
  #sections;
  /** The last one that was set. */
  #message = "";
  #watch = new AbortController();

  /** @param {Meeting} meeting @param {import("./bearer.js").Bearer} bearer @param {import("./order-news.js").TellOrder} tell */
  constructor(meeting, bearer, tell) {
    this.#meeting = meeting;
    this.#tell = tell;
    this.#sections = [
      new InviteLinks(part(this.element, "invites"), meeting, bearer),
      new RemovedPeople(part(this.element, "removed"), meeting, bearer, (order) => this.#give(order)),
    ];
  }

  start() {
    const { signal } = this.#watch;
    const { element } = this;
    const meeting = this.#meeting;
    /** @param {string} name @param {() => void} run @param {string} [type] */
    const on = (name, run, type = "change") => part(element, name).addEventListener(type, run, { signal });
    on("locked", () => this.#set({ locked: this.#checked("locked") }));
    for (const name of CHOICES) on(name, () => this.#set({ [name]: part(element, name, HTMLSelectElement).value }));
    on("join-late", () => this.#set({ join_before_host: !this.#checked("join-late") }));
    on("password_skips_lobby", () => this.#set({ password_skips_lobby: this.#checked("password_skips_lobby") }));
    on("chat-history", () => this.#set({ chat_history: this.#checked("chat-history") ? "all" : "joined" }));
    on("message", () => this.#sayToThoseWhoWait());
    // Whoever is done means what is written there.
    element.querySelector("form")?.addEventListener("submit", () => {
      this.#sayToThoseWhoWait();
      if (this.#input("password").value) this.#setPassword();
    }, { signal });
    for (const right of RIGHTS) on(`may-${right}`, () => this.#set({ may: { [right]: this.#checked(`may-${right}`) ? null : false } }));
    on("set-password", () => this.#setPassword(), "click");
    on("remove-password", () => this.#set({ password: null }), "click");
    this.#input("password").addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), this.#setPassword()), { signal });
    on("mute-all", () => void this.#give(meeting.moderate.mute("others")), "click");
    on("lower-hands", () => this.#lowerHands(), "click");
    signal.addEventListener("abort", meeting.subscribe(() => this.#show()));
    this.#input("message").value = this.#message = meeting.getSnapshot().settings.message ?? "";
    for (const section of this.#sections) section.start();
    this.#show();
  }

  stop() {
    this.#watch.abort();
    for (const section of this.#sections) section.stop();
  }

  /** @param {Record<string, unknown>} settings */
  #set(settings) {
    void this.#give(this.#meeting.moderate.settings(settings));
  }

  /** What went wrong with the last order is said here, too. @param {Promise<void>} order */
  async #give(order) {
    const wrong = await this.#tell(order);
    write(part(this.element, "error"), wrong);
    return wrong;
  }

  #sayToThoseWhoWait() {
    const message = this.#input("message").value.trim();
    if (message !== this.#message) this.#set({ message });
    this.#message = message;
  }

  #setPassword() {
    const field = this.#input("password");
    if (!field.value) return field.focus();
    this.#set({ password: field.value });
    field.value = "";
  }

  #lowerHands() {
    const { hands } = this.#meeting.getSnapshot();
    if (hands.length) void this.#give(this.#meeting.moderate.lowerHands(hands));
  }

  /** Also while it is open somebody else may change something, or take the person's role away. */
  #show() {
    const { element } = this;
    const { me, settings, hands } = this.#meeting.getSnapshot();
    if (!me.inCharge) return /** @type {HTMLDialogElement} */ (element).close();
    this.#input("locked").checked = Boolean(settings.locked);
    part(element, "lobby", HTMLSelectElement).value = settings.lobby ?? "off";
    part(element, "without_host", HTMLSelectElement).value = settings.without_host ?? "continue";
    part(element, "chat", HTMLSelectElement).value = settings.chat ?? "all";
    this.#input("chat-history").checked = settings.chat_history !== "joined";
    this.#input("join-late").checked = settings.join_before_host === false;
    this.#input("password_skips_lobby").checked = Boolean(settings.password_skips_lobby);
    for (const right of RIGHTS) this.#input(`may-${right}`).checked = settings.may?.[right] ?? true;
    part(element, "remove-password").hidden = !settings.password;
    write(part(element, "password-state"), settings.password ? t("There is one. Setting another replaces it.") : t("There is none."));
    part(element, "lower-hands", HTMLButtonElement).disabled = !hands.length;
  }

  /** @param {string} name */
  #checked(name) {
    return this.#input(name).checked;
  }

  /** @param {string} name */
  #input(name) {
    return part(this.element, name, HTMLInputElement);
  }
}
