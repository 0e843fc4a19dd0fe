/** The meeting's invite links, for those in charge: make one, copy it, see how often each was used, revoke it. */
import { getInvites, makeInvite, revokeInvite } from "../../sdk/http-api.js";
import { enable, fromTemplate, part, write } from "../ui/dom.js";
import { dateTime } from "../ui/times.js";

/** @typedef {import("../../sdk/http-api.js").InviteLink} InviteLink */

export class InviteLinks {
  #element;
  #call;
  #bearer;
  #watch = new AbortController();

  /** @param {Element} element  a <details> @param {import("../../sdk/call.js").Call} call @param {import("./bearer.js").Bearer} bearer */
  constructor(element, call, bearer) {
    this.#element = element;
    this.#call = call;
    this.#bearer = bearer;
  }

  start() {
    const { signal } = this.#watch;
    const element = this.#element;
    // Nobody gives the own role to others.
    part(element, "invite-role-field").hidden = this.#call.me?.role !== "host";
    element.addEventListener("toggle", () => element.hasAttribute("open") && this.#with((token, id) => this.#list(token, id)), { signal });
    part(element, "make-invite").addEventListener("click", () => this.#make(), { signal });
    part(element, "copy-invite").addEventListener("click", () => this.#copy(), { signal });
    // Enter does not close the dialog.
    this.#link.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault(), { signal });
    this.#link.addEventListener("focus", () => this.#link.select(), { signal });
  }

  stop() {
    this.#watch.abort();
  }

  get #link() {
    return part(this.#element, "invite-link", HTMLInputElement);
  }

  /** @param {string} name */
  #chosen(name) {
    return Number(part(this.#element, name, HTMLSelectElement).value);
  }

  async #make() {
    const button = part(this.#element, "make-invite", HTMLButtonElement);
    const role = part(this.#element, "invite-role", HTMLSelectElement).value;
    const lasts = this.#chosen("invite-lasts");
    /** @type {import("../../sdk/http-api.js").InviteWish} */
    const wish = {
      role: role === "cohost" ? "cohost" : "participant",
      uses: this.#chosen("invite-uses") || null,
      expires_at: lasts ? new Date(Date.now() + lasts * 3_600_000).toISOString() : null,
    };
    enable(button, false);
    await this.#with(async (token, id) => {
      const { url } = await makeInvite(token, id, wish);
      this.#link.value = url;
      part(this.#element, "new-invite").hidden = false;
      this.#link.focus();
      await this.#list(token, id);
    });
    enable(button, true);
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#link.value);
      write(part(this.#element, "invite-state"), "Copied");
    } catch {
      this.#link.focus();
      write(part(this.#element, "invite-state"), "Copying was not allowed. The link is selected: copy it by the keyboard.");
    }
  }

  /** @param {string} token @param {string} meeting */
  async #list(token, meeting) {
    const list = part(this.#element, "invite-list");
    const links = (await getInvites(token, meeting)).filter(({ revoked_at }) => revoked_at === null);
    list.replaceChildren(...links.reverse().map((link) => this.#item(link)));
    part(this.#element, "no-invites").hidden = links.length > 0;
  }

  /** @param {InviteLink} link */
  #item(link) {
    const item = fromTemplate("invite-item");
    const { role, used, expires_at } = link;
    const what = role === "cohost" ? "For co-hosts" : "For participants";
    const until = expires_at === null ? "no end" : `${isOver(expires_at) ? "expired" : "until"} ${dateTime(Date.parse(expires_at))}`;
    write(part(item, "role"), what);
    write(part(item, "state"), `${used}${link.uses === null ? "" : ` of ${link.uses}`} used, ${until}`);
    const revoke = part(item, "revoke", HTMLButtonElement);
    // Co-hosts revoke what they could have made.
    revoke.hidden = role === "cohost" && this.#call.me?.role !== "host";
    revoke.setAttribute("aria-label", `Revoke: ${what}, ${item.querySelector("small")?.textContent}`);
    revoke.addEventListener("click", () => this.#revoke(link.id));
    return item;
  }

  /** @param {string} invite */
  async #revoke(invite) {
    await this.#with(async (token, id) => {
      await revokeInvite(token, id, invite);
      part(this.#element, "new-invite").hidden = true;
      await this.#list(token, id);
      write(part(this.#element, "invite-state"), "The link is void now.");
      this.#element.querySelector("summary")?.focus();
    });
  }

  /** Says what is wrong. @param {(token: string, meeting: string) => Promise<void>} run */
  async #with(run) {
    const error = part(this.#element, "invites-error");
    write(error, "");
    write(part(this.#element, "invite-state"), "");
    try {
      await this.#bearer.with((token) => run(token, this.#call.meeting.id));
    } catch (problem) {
      write(error, problem instanceof Error ? problem.message : String(problem));
    }
  }
}

/** @param {string} at */
const isOver = (at) => Date.parse(at) <= Date.now();
