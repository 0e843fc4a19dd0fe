/** The view of somebody who waits to be let in. */
import { Emitter } from "../../sdk/reconvene.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { plannedText } from "./planned.js";
import { t, tn } from "../words/words.js";

const THERE = t("Whoever is in charge has been told that you are here.");
const NOBODY = t("Nobody is there at the moment who could let you in. Whoever comes is told that you are here, so stay if you can.");

/** @extends {Emitter<{leave: null}>} */
export class WaitingRoom extends Emitter {
  name = "waiting";
  title = `${t("Waiting to be let in")} · Reconvene`;
  element = fromTemplate("waiting-room");
  #watch = new AbortController();

  start() {
    part(this.element, "leave").addEventListener("click", () => this.emit("leave", null), { signal: this.#watch.signal });
  }

  stop() {
    this.#watch.abort();
  }

  /** @param {import("../../sdk/reconvene.js").Waiting} told */
  update({ position, message, hosted, opensAt }) {
    write(part(this.element, "who"), hosted ? THERE : NOBODY);
    write(part(this.element, "opens"), plannedText(opensAt));
    const before = position - 1;
    const others = tn(before, "One person waits before you.", "{count} people wait before you.");
    write(part(this.element, "position"), before > 0 ? others : t("You are next."));
    write(part(this.element, "message"), message);
    part(this.element, "said").hidden = !message;
  }

  /** The connection is lost, and restored by itself. */
  away() {
    write(part(this.element, "position"), t("Reconnecting…"));
  }
}
