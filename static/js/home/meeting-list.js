/** The lobby's lists: hosted meetings, from the server, and others that this browser was in lately. */
import { attendancePage, meetingPage } from "../here/addresses.js";
import { ReconveneError } from "../../sdk/reconvene.js";
import { hostedMeetings } from "../here/http-api.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { forgetMeeting, recentMeetings } from "../ui/recents.js";
import { locale, t, tn } from "../words/words.js";

/** @typedef {import("../here/http-api.js").HostedMeeting} HostedMeeting */

/** How many hosted meetings are shown at first. */
const FIRST = 4;
/** Milliseconds to wait for the server before anything is shown. */
const SOON = 400;

export class MeetingList {
  #element;
  #identity;
  #storage;
  /** @type {HostedMeeting[]} */
  #hosted = [];
  #all = false;
  #watch = new AbortController();

  /** @param {HTMLElement} element @param {import("../here/identity.js").Identity} identity @param {import("../here/storage.js").PageStorage} storage */
  constructor(element, identity, storage) {
    this.#element = element;
    this.#identity = identity;
    this.#storage = storage;
  }

  start() {
    const { signal } = this.#watch;
    part(this.#element, "more").addEventListener("click", () => this.#showAll(), { signal });
    document.addEventListener("visibilitychange", () => !document.hidden && void this.#ask(), { signal });
    // If shown at once, the recent meetings would jump when the hosted ones arrive.
    const asked = this.#ask();
    const shown = Promise.race([asked, new Promise((resolve) => setTimeout(resolve, this.#identity.token ? SOON : 0))]);
    void shown.then(() => this.#show());
  }

  stop() {
    this.#watch.abort();
  }

  /** Asks only with an existing identity: without one, nothing is hosted. @returns {Promise<void>} */
  async #ask() {
    const { token } = this.#identity;
    if (!token) return;
    try {
      this.#hosted = await hostedMeetings(token);
      this.#show();
    } catch (error) {
      if (error instanceof ReconveneError && error.code === "bad_token" && (await this.#identity.recall())) return this.#ask();
      // The lobby works without the list; the next action will report the problem.
    }
  }

  #showAll() {
    this.#all = true;
    this.#show();
    // The focused button is gone: focus the first new item.
    const item = part(this.#element, "hosted").children[FIRST];
    item?.querySelector("a")?.focus();
  }

  #show() {
    if (this.#watch.signal.aborted) return;
    const known = new Set(this.#hosted.map(({ id }) => id));
    const recents = recentMeetings(this.#storage).filter(({ id }) => !known.has(id));
    const hosted = this.#all ? this.#hosted : this.#hosted.slice(0, FIRST);
    this.#element.hidden = !recents.length && !hosted.length;
    part(this.#element, "yours").hidden = !hosted.length;
    part(this.#element, "recent").hidden = !recents.length;
    part(this.#element, "more").hidden = hosted.length === this.#hosted.length;
    write(part(this.#element, "more"), t("Show all {count}", { count: this.#hosted.length }));
    part(this.#element, "hosted").replaceChildren(...hosted.map(hostedItem));
    part(this.#element, "recents").replaceChildren(...recents.map((meeting) => this.#recentItem(meeting)));
  }

  /** @param {import("../ui/recents.js").Recent} meeting */
  #recentItem({ id, title, at }) {
    const item = fromTemplate("recent-item");
    part(item, "link", HTMLAnchorElement).href = meetingPage(id);
    write(part(item, "label"), title || id);
    write(part(item, "when"), title ? `${id} · ${ago(at)}` : ago(at));
    const forget = part(item, "forget");
    forget.setAttribute("aria-label", t("Forget {name}", { name: title || id }));
    forget.addEventListener("click", () => {
      forgetMeeting(this.#storage, id);
      this.#show();
    });
    return item;
  }
}

/** @param {HostedMeeting} meeting */
function hostedItem({ id, title, created_at, ended_at, attended, present, last_seen_at }) {
  const item = fromTemplate("hosted-item");
  const record = attendancePage(id);
  // An ended meeting cannot be joined.
  part(item, "link", HTMLAnchorElement).href = ended_at ? record : meetingPage(id);
  part(item, "attendance", HTMLAnchorElement).href = record;
  part(item, "attendance").setAttribute("aria-label", t("Attendance of {name}", { name: title || id }));
  write(part(item, "label"), title || id);
  write(part(item, "now"), present ? tn(present, "{count} in it now", "{count} in it now") : "");
  const when = ended_at ? t("ended {ago}", { ago: ago(Date.parse(ended_at)) }) : ago(Date.parse(last_seen_at ?? created_at));
  const came = attended ? tn(attended, "{count} came", "{count} came") : ended_at ? t("nobody came") : t("nobody came yet");
  write(part(item, "when"), present ? came : `${when} · ${came}`);
  return item;
}

/** @param {number} at  milliseconds since the epoch */
function ago(at) {
  const minutes = (at - Date.now()) / 60_000;
  if (minutes > -1) return t("just now");
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  if (minutes > -60) return format.format(Math.round(minutes), "minute");
  if (minutes > -1440) return format.format(Math.round(minutes / 60), "hour");
  return format.format(Math.round(minutes / 1440), "day");
}
