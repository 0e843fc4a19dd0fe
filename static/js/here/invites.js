/**
 * The invitation that this tab has come with, by a link or pasted. It is shown with each join of its meeting.
 *
 * It says nothing of who one is, so it may outlive a reload. A tab's storage ends with the tab.
 */
const KEY = "reconvene.invite";
/** What the server takes for one; anything else would spoil the join. */
const INVITE = /^[A-Za-z0-9_-]{1,1024}$/;

export class Invites {
  #storage;

  /** @param {import("./storage.js").PageStorage} storage  the tab's */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @param {string} meeting @param {string} invite */
  keep(meeting, invite) {
    if (INVITE.test(invite)) this.#storage.setItem(KEY, JSON.stringify({ meeting, invite }));
  }

  /** @param {string} meeting @returns {string | undefined} */
  of(meeting) {
    try {
      const kept = JSON.parse(this.#storage.getItem(KEY) ?? "");
      return kept?.meeting === meeting && INVITE.test(kept.invite) ? kept.invite : undefined;
    } catch {
      return undefined;
    }
  }
}
