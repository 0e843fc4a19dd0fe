/** The list of all participants, with the status of each: raised hands first, in their order, then oneself, then the others. */
import { paintAvatar } from "../ui/avatar.js";
import { fromTemplate, hide, isSame, part, set, write } from "../ui/dom.js";
import { t } from "../words/words.js";

/** @typedef {import("./everyone.js").Person} Person */

const ROLES = { host: t("Host"), cohost: t("Co-host"), participant: "" };
const GUESTS = { host: t("Host, guest"), cohost: t("Co-host, guest"), participant: t("Guest") };

export class PeopleList {
  #list;
  #menu;
  /** `seen`: what it was written from. @type {Map<string, {element: HTMLElement, seen: readonly unknown[]}>} */
  #items = new Map();

  /**
   * @param {HTMLElement} list
   * @param {{concerns: (person: Person) => boolean, open: (id: string, button: HTMLElement) => void, close: (id: string) => void}} menu
   *   of one person
   */
  constructor(list, menu) {
    this.#list = list;
    this.#menu = menu;
  }

  /**
   * @param {Person[]} people @param {readonly string[]} hands  the ids of those who raise one, in their order @param {string} myId
   * @param {import("../ui/avatar.js").Colours} colours
   */
  update(people, hands, myId, colours) {
    const present = new Set(people.map(({ id }) => id));
    const gone = [...this.#items.keys()].filter((id) => !present.has(id));
    // Its menu gives the focus back.
    for (const id of gone) this.#menu.close(id);
    const held = document.activeElement;
    const raised = hands.flatMap((id) => people.find((person) => person.id === id) ?? []);
    [...raised, ...people.filter(({ id }) => !hands.includes(id))].forEach((person, index) => {
      const known = this.#items.get(person.id);
      const element = known?.element ?? this.#newItem(person.id);
      if (this.#list.children[index] !== element) this.#list.insertBefore(element, this.#list.children[index] ?? null);
      hide(part(element, "more"), !this.#menu.concerns(person));
      /** @type {Parameters<typeof show>} */
      const seen = [element, person, person.id === myId, colours.of(person.id), raised.indexOf(person) + 1];
      if (!isSame(seen, known?.seen)) show(...seen);
      this.#items.set(person.id, { element, seen });
    });
    const isHeld = this.#list.contains(held);
    for (const id of gone) {
      this.#items.get(id)?.element.remove();
      this.#items.delete(id);
    }
    if (!isHeld || !(held instanceof HTMLElement)) return;
    // An item that is moved loses the focus, and one that is gone leaves it to the list.
    if (!this.#list.contains(held)) this.#list.closest("aside")?.querySelector("h2")?.focus();
    else if (document.activeElement !== held) held.focus();
  }

  /** @param {string} id */
  #newItem(id) {
    const item = fromTemplate("person");
    const more = part(item, "more");
    more.addEventListener("click", () => this.#menu.open(id, more));
    return item;
  }
}

/**
 * @param {HTMLElement} item @param {Person} person @param {boolean} own @param {number} hue  degrees
 * @param {number} turn  among those who raise a hand, from 1; 0: none is raised
 */
function show(item, { id, name, role, sends, state, bot, recording, guest, picture }, own, hue, turn) {
  item.dataset.participantId = id;
  item.dataset.state = state;
  paintAvatar(part(item, "avatar"), name, hue, picture);
  part(item, "more").setAttribute("aria-label", t("More about {name}", { name }));
  write(part(item, "name"), own ? t("{name} (you)", { name }) : name);
  write(part(item, "note"), state === "reconnecting" ? t("Reconnecting…") : (guest ? GUESTS : ROLES)[role]);
  hide(part(item, "bot"), !bot);
  hide(part(item, "recording"), !recording);
  const hand = part(item, "hand");
  hand.classList.toggle("absent", !turn);
  hand.setAttribute("aria-label", t("Hand raised, number {turn}", { turn }));
  write(part(item, "turn"), String(turn));
  part(item, "screen", SVGElement).classList.toggle("absent", !sends.screen);
  for (const { control, on, names } of [
    { control: "audio", on: sends.audio, names: ["mic", t("Microphone on"), t("Microphone off")] },
    { control: "video", on: sends.video, names: ["camera", t("Camera on"), t("Camera off")] },
  ]) {
    const mark = part(item, control, SVGElement);
    const use = mark.firstElementChild;
    if (use) set(use, "href", `#i-${names[0]}${on ? "" : "-off"}`);
    set(mark, "aria-label", on ? names[1] : names[2]);
    mark.classList.toggle("off", !on);
  }
}
