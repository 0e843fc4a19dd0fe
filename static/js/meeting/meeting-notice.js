/** Says why the user is not in the meeting, and what to do. If the problem may pass, it checks again by itself. */
import { RECORDS, meetingLink } from "../here/addresses.js";
import { loginAddress } from "../here/login-address.js";
import { ReconveneError } from "../../sdk/reconvene.js";
import { PASSING } from "../here/http-api.js";
import { NoticeView } from "../ui/notice-page.js";
import { noticeOf } from "../ui/notices.js";

/** @typedef {"home" | "rejoin" | "retry" | "create" | "use-here" | "attendance"} VisitAction  What the visit does when it is pressed. */

/** Milliseconds before checking again whether a problem has passed, if the server names no time. */
const LOOK_AGAIN = 3_000;

export class MeetingNotice {
  #id;
  #show;
  #actions;
  #timer = 0;
  #telling = new AbortController();
  /** The code of the current notice. */
  #shown = "";

  /**
   * @param {string} id  of the meeting @param {(view: import("../ui/page.js").View) => void} show
   * @param {Record<VisitAction, () => void>} actions
   */
  constructor(id, show, actions) {
    this.#id = id;
    this.#show = show;
    this.#actions = {
      ...actions,
      records: () => location.assign(RECORDS),
      login: () => location.assign(loginAddress(meetingLink(id))),
    };
  }

  /**
   * @param {string} code
   * @param {{host?: boolean, seated?: boolean, error?: unknown, record?: import("./own-record.js").TellRecord | undefined}} [about]
   *   `host`: the user may see the attendance; `seated`: they have been in; `record`: tells what is recorded of the user
   */
  show(code, { host = false, seated = false, error, record } = {}) {
    // No place is kept for whoever had none.
    if (code === "token_expired" && !seated) code = "expired_here";
    const pause = error instanceof ReconveneError ? Math.max(LOOK_AGAIN, error.retryAfter) : LOOK_AGAIN;
    if (PASSING.has(code)) this.#timer = window.setTimeout(this.#actions.retry, pause);
    // Showing it again would take the focus and announce it again.
    if (code === this.#shown) return;
    this.#shown = code;
    const view = new NoticeView(noticeOf(code, this.#id, { host, login: loginAddress("") !== "" }), (action) => this.#actions[action]());
    this.#show(view);
    this.#telling = new AbortController();
    void record?.((text) => view.tell(text), this.#telling.signal);
  }

  /** Stops checking again, and telling what is recorded. */
  stop() {
    this.#telling.abort();
    clearTimeout(this.#timer);
  }

  /** Another view is shown now. */
  clear() {
    this.#shown = "";
  }
}
