/** Reactions: the six to choose from, floating over the tile of whoever shows one, and read out now and then. */
import { REACTIONS } from "../../sdk/reconvene.js";
import { part, write } from "../ui/dom.js";
import { REACTION_NAMES, isolated, spoken } from "./chat-text.js";
import { t } from "../words/words.js";

/** Milliseconds that one is seen, and between two readings. */
const SEEN = 4_000;
const READ_EVERY = 5_000;
/** Most at once over one tile. */
const MOST = 4;

export class Reactions {
  #view;
  #meeting;
  #menu;
  #button;
  /** Of which nothing was read out yet. @type {{name: string, emoji: string}[]} */
  #unread = [];
  #timer = 0;

  /** @param {HTMLElement} view  the meeting's @param {import("../../sdk/reconvene.js").Meeting} meeting */
  constructor(view, meeting) {
    this.#view = view;
    this.#meeting = meeting;
    this.#menu = part(view, "reactions");
    this.#button = part(view, "react", HTMLButtonElement);
  }

  /** @param {AbortSignal} signal */
  start(signal) {
    this.#menu.replaceChildren(
      ...REACTIONS.map((emoji) => {
        const button = document.createElement("button");
        button.className = "reaction-choice";
        button.textContent = emoji;
        button.title = REACTION_NAMES.get(emoji) ?? "";
        button.setAttribute("aria-label", button.title);
        button.addEventListener("click", () => this.#meeting.react(emoji));
        return button;
      }),
    );
    this.#menu.addEventListener("beforetoggle", () => this.#place(), { signal });
    this.#meeting.on("reaction", (reaction) => this.#show(reaction), { signal });
    const end = this.#meeting.subscribe(() => this.#update());
    signal.addEventListener("abort", () => (end(), clearTimeout(this.#timer)));
    this.#update();
  }

  /** Whoever may raise a hand may react. */
  #update() {
    this.#button.disabled = !this.#meeting.me.may("hand");
  }

  /** Above its button. */
  #place() {
    const { left, width, top } = this.#button.getBoundingClientRect();
    this.#menu.style.setProperty("--middle", `${left + width / 2}px`);
    this.#menu.style.setProperty("--bottom", `${window.innerHeight - top + 8}px`);
  }

  /** @param {{from: string, emoji: string}} reaction */
  #show({ from, emoji }) {
    const what = REACTION_NAMES.get(emoji);
    if (what === undefined) return;
    const { me, participants } = this.#meeting;
    const own = from === me.id;
    const name = own ? me.name : (participants.get(from)?.name ?? t("Somebody"));
    const tile = [...this.#view.querySelectorAll('.tile[data-kind="person"]:not([hidden])')].find((each) => /** @type {HTMLElement} */ (each).dataset.participantId === from);
    const shown = document.createElement("span");
    shown.className = "reaction";
    shown.setAttribute("aria-hidden", "true");
    shown.style.setProperty("--at", String(Math.random()));
    shown.textContent = emoji;
    // Whose tile is not seen is named.
    if (!tile) shown.append(Object.assign(document.createElement("bdi"), { textContent: name }));
    const place = tile ?? part(this.#view, "reactions-of-others");
    place.append(shown);
    const all = place.querySelectorAll(".reaction");
    if (all.length > MOST) all[0]?.remove();
    setTimeout(() => shown.remove(), SEEN);
    if (!own) this.#say({ name: isolated(name), emoji });
  }

  /** @param {{name: string, emoji: string}} reaction */
  #say(reaction) {
    this.#unread.push(reaction);
    if (this.#timer) return;
    const read = () => {
      this.#timer = this.#unread.length ? window.setTimeout(read, READ_EVERY) : 0;
      write(part(this.#view, "reacted"), spoken(this.#unread));
      this.#unread = [];
    };
    // Those of the same moment come together.
    this.#timer = window.setTimeout(read, 500);
  }
}
