/** The meeting's invite links, for those in charge: make one, copy it, see how often each was used, revoke it. */
import { getInvites, makeInvite, revokeInvite } from "../here/http-api.js";
import { serverClock } from "../here/server-clock.js";
import { CopyField } from "../ui/copy-field.js";
import { enable, fromTemplate, part, write } from "../ui/dom.js";
import { dateTime } from "../ui/times.js";
import { showHostLink } from "./host-link.js";
import { t } from "../words/words.js";
import { problemText } from "../ui/problems.js";

/** @typedef {import("../here/http-api.js").InviteLink} InviteLink */

const FOR = { host: t("Host link"), cohost: t("For co-hosts"), participant: t("For participants") };

export class InviteLinks {
  #element;
  #meeting;
  #bearer;
  #made;
  #watch = new AbortController();

  /** @param {Element} element  a <details> @param {import("../../sdk/reconvene.js").Meeting} meeting @param {import("./bearer.js").Bearer} bearer */
  constructor(element, meeting, bearer) {
    this.#element = element;
    this.#meeting = meeting;
    this.#bearer = bearer;
    this.#made = new CopyField(part(element, "made"));
  }

  start() {
    const { signal } = this.#watch;
    const element = this.#element;
    this.#made.start(signal);
    signal.addEventListener("abort", this.#meeting.subscribe(() => this.#show()));
    this.#show();
    element.addEventListener("toggle", () => element.hasAttribute("open") && this.#with((token, id) => this.#list(token, id)), { signal });
    part(element, "make-invite").addEventListener("click", () => this.#make(), { signal });
    part(element, "host-link").addEventListener("click", () => this.#showHostLink(), { signal });
  }

  stop() {
    this.#watch.abort();
  }

  /** Nobody gives the own role to others, and who is host may change meanwhile. */
  #show() {
    part(this.#element, "invite-role-field").hidden = part(this.#element, "host-link").hidden = !this.#isHost;
    if (!this.#isHost) part(this.#element, "invite-role", HTMLSelectElement).value = "participant";
  }

  get #isHost() {
    return this.#meeting.me.role === "host";
  }

  async #showHostLink() {
    await showHostLink(this.#meeting, this.#bearer);
    await this.#with((token, id) => this.#list(token, id));
  }

  /** @param {string} name */
  #chosen(name) {
    return Number(part(this.#element, name, HTMLSelectElement).value);
  }

  async #make() {
    const button = part(this.#element, "make-invite", HTMLButtonElement);
    const role = part(this.#element, "invite-role", HTMLSelectElement).value;
    const lasts = this.#chosen("invite-lasts");
    const uses = this.#chosen("invite-uses") || null;
    enable(button, false);
    const now = await serverClock();
    /** @type {import("../here/http-api.js").InviteWish} */
    const wish = {
      role: role === "cohost" ? "cohost" : "participant",
      uses,
      expires_at: lasts ? new Date(now() + lasts * 3_600_000).toISOString() : null,
    };
    await this.#with(async (token, id) => {
      const { url } = await makeInvite(token, id, wish);
      this.#made.show(url);
      await this.#list(token, id);
    });
    enable(button, true);
  }

  /** @param {string} token @param {string} meeting */
  async #list(token, meeting) {
    const list = part(this.#element, "invite-list");
    const [invites, now] = await Promise.all([getInvites(token, meeting), serverClock()]);
    const links = invites.filter(({ revoked_at }) => revoked_at === null);
    list.replaceChildren(...links.reverse().map((link) => this.#item(link, now())));
    part(this.#element, "no-invites").hidden = links.length > 0;
  }

  /** @param {InviteLink} link @param {number} now */
  #item(link, now) {
    const item = fromTemplate("invite-item");
    const { role, used, expires_at } = link;
    const what = FOR[role];
    const until = expires_at === null ? t("no end") : lasting(expires_at, now);
    write(part(item, "role"), what);
    write(part(item, "state"), `${link.uses === null ? t("{used} used", { used }) : t("{used} of {uses} used", { used, uses: link.uses })}, ${until}`);
    const revoke = part(item, "revoke", HTMLButtonElement);
    // Co-hosts revoke what they could have made.
    revoke.hidden = role !== "participant" && !this.#isHost;
    revoke.setAttribute("aria-label", t("Revoke: {what}", { what: `${what}, ${item.querySelector("small")?.textContent}` }));
    revoke.addEventListener("click", () => this.#revoke(link.id));
    return item;
  }

  /** @param {string} invite */
  async #revoke(invite) {
    await this.#with(async (token, id) => {
      await revokeInvite(token, id, invite);
      this.#made.show("");
      await this.#list(token, id);
      write(part(this.#element, "invite-state"), t("The link is void now."));
      this.#element.querySelector("summary")?.focus();
    });
  }

  /** Says what is wrong. @param {(token: string, meeting: string) => Promise<void>} run */
  async #with(run) {
    const error = part(this.#element, "invites-error");
    write(error, "");
    write(part(this.#element, "invite-state"), "");
    try {
      await this.#bearer.with((token) => run(token, this.#meeting.id));
    } catch (problem) {
      write(error, problemText(problem));
    }
  }
}

/** @param {string} at @param {number} now */
function lasting(at, now) {
  const date = dateTime(Date.parse(at));
  return Date.parse(at) <= now ? t("expired {date}", { date }) : t("until {date}", { date });
}
