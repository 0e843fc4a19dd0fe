/** Why somebody is not in a meeting, and what they can do about it. Where that may pass by itself, it is looked again. */
import { RECORDS, attendancePage } from "../../sdk/addresses.js";
import { ApiError, PASSING } from "../../sdk/http-api.js";
import { NoticeView } from "../ui/notice-page.js";
import { noticeOf } from "../ui/notices.js";

/** @typedef {"home" | "rejoin" | "retry" | "create" | "use-here"} VisitAction  What the visit does when it is pressed. */

/** How long to wait before looking again whether a problem has passed, if the server does not say. Milliseconds. */
const LOOK_AGAIN = 3_000;

export class MeetingNotice {
  #id;
  #show;
  #actions;
  #timer = 0;
  /** The code of the notice that is shown. */
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
      attendance: () => location.assign(attendancePage(id)),
    };
  }

  /** @param {string} code @param {{host?: boolean, error?: unknown}} [about]  `host`: who may see the attendance */
  show(code, { host = false, error } = {}) {
    const pause = error instanceof ApiError ? Math.max(LOOK_AGAIN, error.retryAfter) : LOOK_AGAIN;
    if (PASSING.has(code)) this.#timer = window.setTimeout(this.#actions.retry, pause);
    // Shown once more, it would take the focus and be read out once more.
    if (code === this.#shown) return;
    this.#shown = code;
    this.#show(new NoticeView(noticeOf(code, this.#id, host), (action) => this.#actions[action]()));
  }

  /** It is not looked again by itself. */
  stop() {
    clearTimeout(this.#timer);
  }

  /** Something else is shown now. */
  clear() {
    this.#shown = "";
  }
}
