/** Reads all pages of a meeting's attendance, repeatedly while the record can change and the page is visible. */
import { ReconveneError } from "../../sdk/errors.js";
import { getAttendance, getMeeting } from "../here/http-api.js";
import { Emitter } from "../../sdk/events.js";
import { readAttendance, readPerson } from "./record.js";
import { isUnderWay } from "./import-texts.js";

/** Milliseconds between readings: during a meeting, and while an import is incomplete. */
const AGAIN = 5_000;
const LATER = 20_000;

/** Errors that asking again would not change. */
const FINAL = new Set(["forbidden", "bad_token", "unknown_meeting", "token_expired", "login_required", "revoked"]);

/**
 * `record`: what is known now; `complete` is false while more pages follow, and only on the first reading.
 * `unreadable`: could not be read; the poller goes on trying. `refused`: cannot be read at all; the poller has stopped.
 * @extends {Emitter<{record: {attendance: import("./record.js").Attendance, complete: boolean}, unreadable: {code: string}, refused: {code: string}}>}
 */
export class AttendancePoller extends Emitter {
  #id;
  #token;
  #instance;
  #timer = 0;
  #reading = false;
  #read = false;
  #over = false;
  #pause = AGAIN;
  #watch = new AbortController();

  /** @param {string} id  of the meeting @param {string | undefined} token  the admin key or the identity's, if the browser has one @param {string} instance  of a series; "": all */
  constructor(id, token, instance) {
    super();
    this.#instance = instance;
    this.#id = id;
    this.#token = token;
  }

  start() {
    const { signal } = this.#watch;
    document.addEventListener("visibilitychange", () => !document.hidden && this.ask(), { signal });
    window.addEventListener("online", () => this.ask(), { signal });
    this.ask();
  }

  stop() {
    this.#watch.abort();
    clearTimeout(this.#timer);
  }

  /** Reads now, unless it is reading already or nothing can have changed. */
  ask() {
    clearTimeout(this.#timer);
    if (this.#reading || this.#over || this.#watch.signal.aborted) return;
    void this.#readAll();
  }

  async #readAll() {
    const { signal } = this.#watch;
    const began = performance.now();
    this.#reading = true;
    try {
      const complete = await this.#pages((attendance) => {
        if (!this.#read && !signal.aborted) this.emit("record", { attendance, complete: false });
      });
      if (signal.aborted) return;
      this.#read = true;
      // An ended meeting with nobody present no longer changes.
      const ended = complete.meeting.endedAt !== null && complete.totals.present === 0;
      this.#over = ended && !(complete.source && isUnderWay(complete.source));
      this.#pause = ended ? LATER : AGAIN;
      this.emit("record", { attendance: complete, complete: true });
    } catch (error) {
      if (signal.aborted) return;
      const code = error instanceof ReconveneError ? error.code : "interrupted";
      if (FINAL.has(code)) {
        this.stop();
        return this.emit("refused", { code });
      }
      this.emit("unreadable", { code });
      if (error instanceof ReconveneError) this.#pause = Math.max(AGAIN, error.retryAfter);
      if (!(error instanceof ReconveneError)) console.error(error);
    } finally {
      this.#reading = false;
    }
    // Slow readings are repeated less often.
    if (!this.#over && !document.hidden) this.#timer = window.setTimeout(() => document.hidden || this.ask(), Math.max(this.#pause, 4 * (performance.now() - began)));
  }

  /** @param {(attendance: import("./record.js").Attendance) => void} partly  called after each page but the last */
  async #pages(partly) {
    if (!this.#token) {
      // Without a token no record can be read, but this throws if there is no such meeting.
      await getMeeting(this.#id);
      throw new ReconveneError("forbidden", "Only the host can see this.");
    }
    const instance = this.#instance;
    let page = await getAttendance(this.#token, this.#id, { instance });
    const attendance = readAttendance(page);
    while (page.next && !this.#watch.signal.aborted) {
      partly(attendance);
      page = await getAttendance(this.#token, this.#id, { instance, after: page.next });
      attendance.people.push(...page.participants.map(readPerson));
    }
    return attendance;
  }
}
