/** The view of somebody who waits to be let in. */
import { Emitter } from "../../sdk/reconvene.js";
import { fromTemplate, part, write } from "../ui/dom.js";

/** @extends {Emitter<{leave: null}>} */
export class WaitingRoom extends Emitter {
  name = "waiting";
  title = "Waiting to be let in · Reconvene";
  element = fromTemplate("waiting-room");
  #watch = new AbortController();

  start() {
    part(this.element, "leave").addEventListener("click", () => this.emit("leave", null), { signal: this.#watch.signal });
  }

  stop() {
    this.#watch.abort();
  }

  /** @param {Pick<import("../../sdk/reconvene.js").Waiting, "position" | "message">} told */
  update({ position, message }) {
    const before = position - 1;
    const others = before === 1 ? "One person waits before you." : `${before} people wait before you.`;
    write(part(this.element, "position"), before > 0 ? others : "You are next.");
    write(part(this.element, "message"), message);
    part(this.element, "said").hidden = !message;
  }

  /** The connection is lost, and restored by itself. */
  away() {
    write(part(this.element, "position"), "Reconnecting…");
  }
}
