/** Registrants who did not come: read on request. */
import { ReconveneError } from "../../sdk/errors.js";
import { getAbsent } from "../here/http-api.js";
import { hueOf, paintAvatar } from "../ui/avatar.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { dateTime } from "../ui/times.js";
import { searchText } from "./search-text.js";
import { t, tn } from "../words/words.js";
import { problemText } from "../ui/problems.js";

/** @typedef {{id: string, name: string, email: string, status: "approved" | "pending" | "denied", registered_at: string | null}} Registrant */

export class AbsentList {
  #element;
  #read;
  /** @type {Registrant[] | null} */
  #people = null;
  #sought = "";
  #shown = false;
  #asked = 0;
  #sure = false;

  /** @param {HTMLElement} element @param {(after?: string) => ReturnType<typeof getAbsent>} read  one page */
  constructor(element, read) {
    this.#element = element;
    this.#read = read;
    part(element, "again").addEventListener("click", () => void this.#ask());
  }

  /** @param {boolean} shown */
  show(shown) {
    this.#element.hidden = !shown;
    if (shown && !this.#shown) void this.#ask();
    this.#shown = shown;
  }

  /** The record was read again. @param {boolean} sure  all registrants and all who came are known */
  refresh(sure) {
    this.#sure = sure;
    if (this.#shown) void this.#ask();
  }

  /** @param {string} text @returns {string} how many match, if a text is sought */
  seek(text) {
    this.#sought = searchText(text);
    this.#list();
    const found = this.#found().length;
    return this.#sought && this.#people ? tn(this.#people.length, "{found} of {count} person", "{found} of {count} people", { found }) : "";
  }

  async #ask() {
    const asked = (this.#asked += 1);
    part(this.#element, "again").hidden = true;
    if (!this.#people) write(part(this.#element, "said"), t("Reading…"));
    try {
      /** @type {Registrant[]} */
      const people = [];
      let after;
      do {
        const page = await this.#read(after);
        people.push(...page.registrants);
        after = page.next ?? undefined;
      } while (after && asked === this.#asked);
      if (asked !== this.#asked) return;
      // Approved registrants come first.
      this.#people = people.toSorted((one, other) => Number(one.status !== "approved") - Number(other.status !== "approved"));
      this.#list();
    } catch (error) {
      if (asked !== this.#asked) return;
      if (!(error instanceof ReconveneError)) throw error;
      write(part(this.#element, "said"), t("The list could not be read: {why}", { why: problemText(error) }));
      part(this.#element, "again").hidden = false;
    }
  }

  #found() {
    return (this.#people ?? []).filter(({ name, email }) => searchText(`${name}\n${email}`).includes(this.#sought));
  }

  #list() {
    if (!this.#people) return;
    const found = this.#found();
    const others = this.#people.filter(({ status }) => status !== "approved").length;
    const approved = this.#people.length - others;
    const expected = !others ? "" : approved
      ? `${tn(approved, "{count} person was expected", "{count} people were expected")}; ${tn(others, "{count} other registered and had no approval.", "{count} others registered and had no approval.")}`
      : tn(others, "{count} person registered and had no approval.", "{count} people registered and had no approval.");
    const none = this.#sure ? t("Everyone who registered came.") : t("Of those who are known to have registered, everyone came.");
    write(part(this.#element, "said"), found.length ? expected : this.#sought ? t("Nobody here is called that.") : none);
    part(this.#element, "list").hidden = !found.length;
    part(this.#element, "rows").replaceChildren(...found.map(row));
  }
}

/** @param {Registrant} person */
function row({ id, name, email, status, registered_at }) {
  const item = fromTemplate("absent-row");
  paintAvatar(part(item, "avatar"), name || email, hueOf(id));
  write(part(item, "name"), name || t("No name"));
  write(part(item, "email"), email);
  write(part(item, "status"), { approved: "", pending: t("Pending"), denied: t("Denied") }[status]);
  write(part(item, "registered"), registered_at ? dateTime(Date.parse(registered_at)) : "–");
  return item;
}
