/** The list of meetings on record, read again while any of them can change. */
import { attendancePage } from "../here/addresses.js";
import { ReconveneError } from "../../sdk/errors.js";
import { hostedMeetings } from "../here/http-api.js";
import { LOOKS, OVER, STATES, kindName, remark, spaced } from "../attendance/import-texts.js";
import { dateTime } from "../ui/times.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { Emitter } from "../../sdk/events.js";
import { number, t, tn } from "../words/words.js";
import { problemText } from "../ui/problems.js";

/** @typedef {import("../here/http-api.js").HostedMeeting} HostedMeeting */

/** Milliseconds. */
const AGAIN = 10_000;
/** The most that the server lists. */
const MOST = 100;

/** @extends {Emitter<{refused: {error: ReconveneError}}>} */
export class RecordList extends Emitter {
  #element;
  #token;
  #timer = 0;
  #asked = 0;
  #read = false;
  #watch = new AbortController();

  /** @param {HTMLElement} element @param {string | undefined} token  the admin key, or an identity's */
  constructor(element, token) {
    super();
    this.#element = element;
    this.#token = token;
  }

  start() {
    const { signal } = this.#watch;
    document.addEventListener("visibilitychange", () => !document.hidden && this.ask(), { signal });
    window.addEventListener("online", () => this.ask(), { signal });
    part(this.#element, "again").addEventListener("click", () => this.ask(), { signal });
    this.#element.hidden = !this.#token;
    part(this.#element, "table").hidden = true;
    this.#say(this.#token ? t("Reading…") : "");
    this.ask();
  }

  stop() {
    this.#watch.abort();
    clearTimeout(this.#timer);
  }

  /** Reads now. */
  ask() {
    clearTimeout(this.#timer);
    if (this.#token && !this.#watch.signal.aborted) void this.#ask(this.#token);
  }

  /** @param {string} token */
  async #ask(token) {
    const asked = (this.#asked += 1);
    try {
      const meetings = await hostedMeetings(token);
      if (this.#watch.signal.aborted || asked !== this.#asked) return;
      this.#read = true;
      this.#show(meetings);
      if (meetings.some(isUnderWay)) this.#later();
    } catch (error) {
      if (this.#watch.signal.aborted || asked !== this.#asked) return;
      if (!(error instanceof ReconveneError)) throw error;
      if (error.code === "bad_token") return this.emit("refused", { error });
      this.#say(this.#read ? t("Cannot refresh at the moment; trying again.") : `${problemText(error)} ${t("Trying again.")}`, true);
      this.#later(error.retryAfter);
    }
  }

  /** @param {number} [least]  milliseconds that the server asks to wait */
  #later(least = 0) {
    this.#timer = window.setTimeout(() => document.hidden || this.ask(), Math.max(AGAIN, least));
  }

  /** @param {HostedMeeting[]} meetings */
  #show(meetings) {
    this.#say(meetings.length ? "" : t("There is no meeting on record."));
    part(this.#element, "table").hidden = !meetings.length;
    write(part(this.#element, "most"), meetings.length === MOST ? t("These are the latest {count}.", { count: MOST }) : "");
    const rows = part(this.#element, "rows");
    while (rows.children.length > meetings.length) rows.lastElementChild?.remove();
    // Rows are updated in place, so that the focus is kept.
    meetings.forEach((meeting, index) => showRow(/** @type {HTMLElement} */ (rows.children[index] ?? rows.appendChild(fromTemplate("record-row"))), meeting));
  }

  /** @param {string} text @param {boolean} [failed] */
  #say(text, failed = false) {
    write(part(this.#element, "said"), text);
    part(this.#element, "again").hidden = !failed;
  }
}

/** @param {HostedMeeting} meeting */
const isUnderWay = ({ present, source }) => present > 0 || source?.state === "live" || source?.state === "unread";

/** @param {HTMLElement} row @param {HostedMeeting} meeting */
function showRow(row, meeting) {
  const { id, title, created_at, attended, imported, source } = meeting;
  part(row, "link", HTMLAnchorElement).href = attendancePage(id);
  write(part(row, "link"), title || id);
  part(row, "badge").hidden = !imported;
  write(part(row, "badge"), imported ? kindName(imported) : "");
  write(part(row, "id"), source ? spaced(source.external_id) : title ? id : "");
  write(part(row, "date"), dateTime(Date.parse(created_at)));
  write(part(row, "people"), attended === null ? t("not known") : number(attended));
  write(part(row, "people-unit"), attended === null ? "" : ` ${tn(attended, "person", "people")}`);
  const { label, look, why } = stateOf(meeting);
  write(part(row, "state"), label);
  part(row, "state").dataset.state = look;
  write(part(row, "why"), why);
}

/** @param {HostedMeeting} meeting @returns {{label: string, look: string, why: string}} */
function stateOf({ source, attended, present, ended_at }) {
  const inIt = present ? tn(present, "{count} person in it now", "{count} people in it now") : "";
  if (!source) {
    if (ended_at !== null) return { label: t("Ended"), look: "ended", why: "" };
    return present ? { label: t("Live"), look: "live", why: inIt } : { label: t("Open"), look: "quiet", why: t("nobody is in it now") };
  }
  const { state, reason } = source;
  if (state === "live") return ended_at !== null ? { ...OVER, why: "" } : { label: t("Live"), look: "live", why: inIt };
  const label = state !== "unknown" ? STATES[state] : attended === null ? t("Attendance unknown") : t("Partly unknown");
  return { label, look: LOOKS[state], why: remark(state, reason) };
}
