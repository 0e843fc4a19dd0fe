/** The user ends the meeting for everyone. */
import { endMeeting } from "../here/http-api.js";
import { couldNotEnd } from "./questions.js";

export class Ending {
  /** Whether the meeting's end is the user's doing. */
  isMine = false;
  #bearer;
  #toasts;

  /** @param {import("./bearer.js").Bearer} bearer @param {import("../ui/toasts.js").Toasts} toasts */
  constructor(bearer, toasts) {
    this.#bearer = bearer;
    this.#toasts = toasts;
  }

  /** Says why, if it does not end. @param {import("../../sdk/reconvene.js").Meeting} meeting */
  async end(meeting) {
    this.isMine = true;
    try {
      if (this.#bearer.isLost) await meeting.moderate.end();
      else await this.#bearer.with((token) => endMeeting(token, meeting.id));
    } catch (error) {
      this.isMine = false;
      this.#toasts.show(couldNotEnd(error));
    }
  }
}
