/** The view of somebody who waits to be let in. */
import { Emitter } from "../../sdk/reconvene.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { LONG, TAKES_TIME, hindranceText } from "../ui/hindrances.js";
import { plannedText } from "./planned.js";
import { t, tn } from "../words/words.js";

const THERE = t("Whoever is in charge has been told that you are here.");
const NOBODY = t("Nobody is there at the moment who could let you in. Whoever comes is told that you are here, so stay if you can.");

/** @extends {Emitter<{leave: null, retry: null}>}  `retry`: connect at once */
export class WaitingRoom extends Emitter {
  name = "waiting";
  title = `${t("Waiting to be let in")} · Reconvene`;
  element = fromTemplate("waiting-room");
  #slow = 0;
  #watch = new AbortController();

  start() {
    for (const action of /** @type {const} */ (["leave", "retry"]))
      part(this.element, action).addEventListener("click", () => this.emit(action, null), { signal: this.#watch.signal });
  }

  stop() {
    clearTimeout(this.#slow);
    this.#watch.abort();
  }

  /** @param {import("../../sdk/reconvene.js").Waiting} told */
  update({ position, message, hosted, opensAt }) {
    write(part(this.element, "who"), hosted ? THERE : NOBODY);
    write(part(this.element, "opens"), plannedText(opensAt));
    const before = position - 1;
    const others = tn(before, "One person waits before you.", "{count} people wait before you.");
    this.#connection(before > 0 ? others : t("You are next."));
    write(part(this.element, "message"), message);
    part(this.element, "said").hidden = !message;
  }

  /** The connection is lost, and restored by itself. */
  away() {
    this.#connection(t("Reconnecting…"));
    this.#slow = window.setTimeout(() => this.#connection(TAKES_TIME), LONG);
  }

  /** What prevents the connection; "": nothing any more. @param {import("../../sdk/reconvene.js").Snapshot["hindered"]} verdict */
  hindered(verdict) {
    if (!verdict) return this.away();
    this.#connection(hindranceText(verdict));
    part(this.element, "retry").hidden = verdict !== "blocked";
  }

  /** Where one stands, or why that is not known. @param {string} text */
  #connection(text) {
    clearTimeout(this.#slow);
    write(part(this.element, "position"), text);
    const retry = part(this.element, "retry");
    // Not to "Leave": whoever presses once more would give up the place.
    if (retry === document.activeElement) this.element.querySelector("h1")?.focus();
    retry.hidden = true;
  }
}
