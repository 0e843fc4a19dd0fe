/** Says when the meeting is planned to end: when one comes, when that is changed or taken away, and some minutes before. */
import { serverClock } from "../here/server-clock.js";
import { LONGEST, endText, quietFor } from "./planned.js";
import { t } from "../words/words.js";

export class EndNews {
  #meeting;
  #say;
  #endsAt = NaN;
  #timer = 0;
  #over = false;

  /** @param {import("../../sdk/reconvene.js").Meeting} meeting @param {(text: string) => void} say */
  constructor(meeting, say) {
    this.#meeting = meeting;
    this.#say = say;
  }

  /** @param {AbortSignal} signal */
  start(signal) {
    signal.addEventListener("abort", this.#meeting.subscribe(() => void this.#look()));
    signal.addEventListener("abort", () => ((this.#over = true), clearTimeout(this.#timer)));
    void this.#look();
  }

  async #look() {
    const endsAt = Date.parse(this.#meeting.getSnapshot().settings.ends_at ?? "");
    if (Object.is(endsAt, this.#endsAt)) return;
    this.#endsAt = endsAt;
    clearTimeout(this.#timer);
    if (Number.isNaN(endsAt)) return this.#say(t("The meeting is no longer planned to end at a certain time."));
    const now = await serverClock();
    const isCurrent = () => !this.#over && this.#endsAt === endsAt;
    if (!isCurrent()) return;
    // Whoever comes after the end has not come too late for anything.
    if (endsAt > now()) this.#say(endText(endsAt, endsAt - now()));
    const wait = () => {
      const quiet = quietFor(endsAt - now());
      if (quiet === null) return;
      this.#timer = window.setTimeout(() => {
        // A long wait has to be taken in pieces, and the machine may have slept.
        if (quiet < LONGEST && isCurrent()) this.#say(endText(endsAt, endsAt - now()));
        wait();
      }, quiet);
    };
    wait();
  }
}
