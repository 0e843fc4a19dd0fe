/** The settings of a meeting, for those in charge. Each is in effect as soon as it is changed. */
import { modal } from "../ui/dialogs.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { InviteLinks } from "./invite-links.js";
import { RemovedPeople } from "./removed-people.js";

/** @typedef {import("../../sdk/call.js").Call} Call */

const CHOICES = /** @type {const} */ (["lobby", "without_host"]);
const RIGHTS = /** @type {const} */ (["audio", "video", "screen", "hand"]);

/** @param {Call} call @param {import("./bearer.js").Bearer} bearer */
export async function showHostPanel(call, bearer) {
  const panel = new HostPanel(call, bearer);
  panel.start();
  await modal(panel.element);
  panel.stop();
}

class HostPanel {
  element = fromTemplate("host-panel");
  #call;
  #sections;
  /** The last one that was set. */
  #message = "";
  #watch = new AbortController();

  /** @param {Call} call @param {import("./bearer.js").Bearer} bearer */
  constructor(call, bearer) {
    this.#call = call;
    this.#sections = [
      new InviteLinks(part(this.element, "invites"), call, bearer),
      new RemovedPeople(part(this.element, "removed"), call, bearer),
    ];
  }

  start() {
    const { signal } = this.#watch;
    const { element } = this;
    /** @param {string} name @param {() => void} run @param {string} [type] */
    const on = (name, run, type = "change") => part(element, name).addEventListener(type, run, { signal });
    on("locked", () => this.#set({ locked: this.#checked("locked") }));
    for (const name of CHOICES) on(name, () => this.#set({ [name]: part(element, name, HTMLSelectElement).value }));
    on("join-late", () => this.#set({ join_before_host: !this.#checked("join-late") }));
    on("password_skips_lobby", () => this.#set({ password_skips_lobby: this.#checked("password_skips_lobby") }));
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
    on("mute-all", () => this.#call.order({ type: "mute", participants: "others", media: { audio: false } }), "click");
    on("lower-hands", () => this.#lowerHands(), "click");
    this.#call.on("change", () => this.#show(), { signal });
    this.#call.on("answered", ({ error }) => write(part(element, "error"), error?.message ?? ""), { signal });
    this.#input("message").value = this.#message = this.#call.meeting.settings?.message ?? "";
    for (const section of this.#sections) section.start();
    this.#show();
  }

  stop() {
    this.#watch.abort();
    for (const section of this.#sections) section.stop();
  }

  /** @param {Record<string, unknown>} settings */
  #set(settings) {
    this.#call.order({ type: "settings", settings });
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
    const up = this.#raised;
    if (up.length) this.#call.order({ type: "lower_hands", participants: up });
  }

  get #raised() {
    return this.#call.participants.filter(({ hand }) => hand).map(({ id }) => id);
  }

  /** Also while it is open somebody else may change something, or take the person's role away. */
  #show() {
    const { element } = this;
    if (!this.#call.inCharge) return /** @type {HTMLDialogElement} */ (element).close();
    const { settings = {} } = this.#call.meeting;
    this.#input("locked").checked = Boolean(settings.locked);
    part(element, "lobby", HTMLSelectElement).value = settings.lobby ?? "off";
    part(element, "without_host", HTMLSelectElement).value = settings.without_host ?? "continue";
    this.#input("join-late").checked = settings.join_before_host === false;
    this.#input("password_skips_lobby").checked = Boolean(settings.password_skips_lobby);
    for (const right of RIGHTS) this.#input(`may-${right}`).checked = settings.may?.[right] ?? true;
    part(element, "remove-password").hidden = !settings.password;
    write(part(element, "password-state"), settings.password ? "There is one. Setting another replaces it." : "There is none.");
    part(element, "lower-hands", HTMLButtonElement).disabled = !this.#raised.length;
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
