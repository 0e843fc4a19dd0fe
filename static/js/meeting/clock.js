/** How long the meeting has been going, beside its title: the same for everyone, whatever the clock of this computer says. */
import { write } from "../ui/dom.js";

export class MeetingClock {
  #element;
  #meeting;

  /** @param {HTMLElement} element @param {import("../../sdk/reconvene.js").Meeting} meeting */
  constructor(element, meeting) {
    this.#element = element;
    this.#meeting = meeting;
  }

  /** Call it several times a second. */
  update() {
    const { began } = this.#meeting.getSnapshot();
    this.#element.hidden = began === null;
    if (began !== null) write(this.#element, lasting((performance.now() - began) / 1000));
  }
}

/** "02:07", "1:02:07". @param {number} seconds */
export function lasting(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = `${two(minutes)}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");
