/** Who waits to be let in, for those in charge: at the top of the list of people, and above the stage while that is closed. */
import { fromTemplate, isSame, part, write } from "../ui/dom.js";
import { clock } from "../ui/times.js";
import { askWhetherToDenyForGood } from "./moderation-questions.js";
import { t } from "../words/words.js";

/** @typedef {import("../../sdk/reconvene.js").Meeting} Meeting */

export class KnockList {
  #view;
  #meeting;
  #tell;
  /** What it was written from. @type {readonly unknown[]} */
  #seen = [];
  /** @type {Map<string, HTMLElement>} */
  #items = new Map();
  /** Knocks that were denied while this page was there. Whoever knocks again does so by the same id. @type {Set<string>} */
  #denied = new Set();

  /** @param {HTMLElement} view  the meeting's @param {Meeting} meeting @param {import("./order-news.js").TellOrder} tell */
  constructor(view, meeting, tell) {
    this.#view = view;
    this.#meeting = meeting;
    this.#tell = tell;
  }

  /** @param {() => void} showPeople @param {AbortSignal} signal */
  start(showPeople, signal) {
    this.#meeting.on("knockEnded", ({ id, reason }) => reason === "denied" && this.#denied.add(id), { signal });
    const everyone = () => this.#admit(this.#meeting.getSnapshot().knocks.map(({ id }) => id));
    part(this.#view, "admit-all").addEventListener("click", everyone, { signal });
    part(this.#view, "door-admit").addEventListener("click", everyone, { signal });
    part(this.#view, "door-show").addEventListener("click", showPeople, { signal });
  }

  /** @returns {boolean} whether somebody new is there */
  update() {
    const { knocks, me } = this.#meeting.getSnapshot();
    const seen = [knocks, me.inCharge, part(this.#view, "panel").hidden];
    if (isSame(seen, this.#seen)) return false;
    this.#seen = seen;
    const shown = me.inCharge ? knocks : [];
    const others = shown.filter(({ id }) => !this.#items.has(id));
    const list = part(this.#view, "knock-list");
    const gone = new Set(this.#items.keys());
    for (const { id } of shown) gone.delete(id);
    list.append(...others.map((knock) => this.#newItem(knock)));
    for (const id of gone) this.#remove(id);
    part(this.#view, "knocks").hidden = !shown.length;
    part(this.#view, "admit-all").hidden = shown.length < 2;
    part(this.#view, "door").hidden = !shown.length || !part(this.#view, "panel").hidden;
    part(this.#view, "knocking").hidden = !shown.length;
    write(part(this.#view, "knocking"), String(shown.length));
    write(part(this.#view, "knocks-title"), t("Waiting to be let in ({count})", { count: shown.length }));
    write(part(this.#view, "door-text"), shown.length === 1 ? t("At the door: {name}", { name: shown[0].name }) : t("At the door: {count} people", { count: shown.length }));
    write(part(this.#view, "door-admit"), shown.length === 1 ? t("Admit") : t("Admit all"));
    return others.length > 0;
  }

  /** @param {import("../../sdk/reconvene.js").Snapshot["knocks"][number]} knock */
  #newItem({ id, name, at, anonymous }) {
    const item = fromTemplate("knock");
    this.#items.set(id, item);
    item.dataset.knock = id;
    write(part(item, "name"), name);
    const time = clock(Date.parse(at));
    write(part(item, "since"), anonymous ? t("Guest, since {time}", { time }) : t("Since {time}", { time }));
    const [admit, deny] = [part(item, "admit"), part(item, "deny")];
    admit.setAttribute("aria-label", t("Admit {name}", { name }));
    deny.setAttribute("aria-label", t("Deny {name}", { name }));
    admit.addEventListener("click", () => this.#admit([id]));
    deny.addEventListener("click", () => void this.#deny(id, name));
    return item;
  }

  /** @param {string} id @param {string} name */
  async #deny(id, name) {
    if (this.#denied.has(id) && !(await askWhetherToDenyForGood(name))) return;
    // Meanwhile somebody else may have answered.
    if (this.#meeting.getSnapshot().knocks.some((knock) => knock.id === id)) void this.#tell(this.#meeting.moderate.deny(id));
  }

  /** @param {string[]} knocks  each by its id, so that nobody is let in who comes later */
  #admit(knocks) {
    if (knocks.length) void this.#tell(this.#meeting.moderate.admit(knocks));
  }

  /** The focus goes on to the next one. @param {string} id */
  #remove(id) {
    const item = this.#items.get(id);
    this.#items.delete(id);
    if (!item) return;
    const focused = item.contains(document.activeElement);
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    if (!focused) return;
    if (next instanceof HTMLElement) part(next, "admit").focus();
    else part(this.#view, "panel").querySelector("h2")?.focus();
  }
}
