/** The view of one meeting's attendance: the meeting, totals, people over time, and each person's stays. */
import { HERE_SHOWN, meetingPage } from "../here/addresses.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { Emitter } from "../../sdk/events.js";
import { AbsentList } from "./absent.js";
import { showAudit } from "./audit.js";
import { Axis } from "./axis.js";
import { PresenceChart } from "./chart.js";
import { DateTable } from "./date-table.js";
import { StayTooltip } from "./tooltip.js";
import { PeopleFilters } from "./filters.js";
import { clock, exactClock, longDay, sameDay, zone } from "../ui/times.js";
import { PeopleTable } from "./people-table.js";
import { stretches } from "./record.js";
import { SeriesChoice } from "./series.js";
import { ImportCard } from "./import-card.js";
import { isRegistered, kindName, stateOf } from "./import-texts.js";
import { showTotals } from "./totals.js";
import { t, tn } from "../words/words.js";

/** @typedef {import("./record.js").Attendance} Attendance */

/** @extends {Emitter<{download: {rows: import("../here/http-api.js").Rows}, delete: null, copy: null, "forget-key": null, choose: {instance: string}}>} */
export class AttendanceView extends Emitter {
  name = "attendance";
  element = fromTemplate("attendance");
  #table = new PeopleTable(part(this.element, "table"));
  #chart = new PresenceChart(part(this.element, "over-time"));
  #tooltip = new StayTooltip(part(this.element, "rows"), part(this.element, "hint"), this.#table);
  #import = new ImportCard(part(this.element, "source"));
  #series = new SeriesChoice(part(this.element, "series"));
  #dates = new DateTable(part(this.element, "by-date"));
  #filters;
  /** @type {Attendance | null} */
  #shown = null;
  #watch = new AbortController();

  /**
   * @param {Attendance} attendance  the first one read
   * @param {ConstructorParameters<typeof AbsentList>[1]} readAbsent  reads one page of registrants who did not come
   * @param {boolean} byKey  The record was read with the admin key.
   */
  constructor(attendance, readAbsent, byKey) {
    super();
    this.#filters = new PeopleFilters(part(this.element, "table"), this.#table, new AbsentList(part(this.element, "absent"), readAbsent), this.#dates);
    for (const choice of [this.#series, this.#dates]) choice.on("choose", (chosen) => this.emit("choose", chosen));
    part(this.element, "key-note").hidden = !byKey;
    const { id, title } = attendance.meeting;
    this.title = `${t("Attendance of {name}", { name: title || id })} · Reconvene`;
  }

  start() {
    const { signal } = this.#watch;
    /** @type {Record<string, () => void>} */
    const buttons = {
      "csv-people": () => this.emit("download", { rows: "people" }),
      "csv-stays": () => this.emit("download", { rows: "stays" }),
      "csv-registrants": () => this.emit("download", { rows: "registrants" }),
      "csv-audit": () => this.emit("download", { rows: "audit" }),
      "csv-dates": () => this.emit("download", { rows: "dates" }),
      "forget-key": () => this.emit("forget-key", null),
      print: () => window.print(),
      copy: () => this.emit("copy", null),
      delete: () => this.emit("delete", null),
    };
    for (const [name, run] of Object.entries(buttons)) {
      part(this.element, name).addEventListener("click", () => (part(this.element, "csv-menu").hidePopover(), run()), { signal });
    }
    part(this.element, "csv-menu").addEventListener("beforetoggle", () => this.#placeMenu(), { signal });
    // The widths of chart and table decide how many times their axes show.
    window.addEventListener("resize", () => this.#shown && this.#draw(this.#shown), { signal });
    window.addEventListener("beforeprint", () => this.#shown && this.#draw(this.#shown, true), { signal });
    window.addEventListener("afterprint", () => this.#shown && this.#draw(this.#shown), { signal });
  }

  stop() {
    this.#watch.abort();
    this.#tooltip.stop();
  }

  /** @param {Attendance} attendance @param {boolean} complete  false: more people follow @param {string} instance  of a series; "": all of it */
  update(attendance, complete, instance) {
    this.#shown = attendance;
    this.element.ariaBusy = null;
    const { meeting, totals, people, asOf, source } = attendance;
    const ended = meeting.endedAt !== null;
    write(part(this.element, "title"), meeting.title || meeting.id);
    write(part(this.element, "id"), meeting.title ? meeting.id : "");
    write(part(this.element, "when"), when(attendance));
    write(part(this.element, "zone"), t("Times are in {zone}", { zone: zone(...spanOf(attendance)) }));
    this.#series.update(source?.series ?? [], instance);
    // Deleting would delete all instances.
    part(this.element, "delete").hidden = instance !== "";
    part(this.element, "csv-dates").hidden = !source?.attended || source.series.length < 2;
    const state = ended ? "ended" : totals.present ? "live" : "quiet";
    part(this.element, "state").dataset.state = source && state !== "live" ? stateOf(source, ended).look : state;
    write(part(this.element, "state"), source && state !== "live" ? stateOf(source, ended).label : { live: t("Live"), quiet: t("Nobody is in it now"), ended: t("Ended") }[state]);
    part(this.element, "meeting-link", HTMLAnchorElement).href = meetingPage(meeting.id);
    part(this.element, "meeting-link").hidden = ended;
    write(part(this.element, "refreshed"), ended && !totals.present ? "" : t("As of {time}", { time: exactClock(asOf) }));
    write(part(this.element, "trouble"), "");
    write(part(this.element, "progress"), complete ? "" : tn(totals.participants, "Reading: {found} of {count} person so far", "Reading: {found} of {count} people so far", { found: people.filter(({ bot }) => !bot).length }));
    const registered = source !== null && isRegistered(source);
    const nothing = people.length === 0 && !registered;
    // Unknown attendance is mentioned above.
    part(this.element, "empty").hidden = !nothing || (source !== null && !source.attended);
    part(this.element, "table").hidden = part(this.element, "summary").hidden = part(this.element, "take").hidden = nothing;
    part(this.element, "over-time").hidden = totals.participants === 0;
    part(this.element, "csv-registrants").hidden = !registered;
    part(this.element, "invite").hidden = ended || source !== null;
    write(part(this.element, "empty-title"), source && ended ? t("Nobody came") : t("Nobody has come yet"));
    write(part(this.element, "empty-text"), source ? t("Nobody is in what Zoom tells of it.") : ended ? t("The meeting was ended before anybody joined.") : t("Everyone who joins is listed here, while they are in the meeting."));
    write(part(this.element, "link"), `${HERE_SHOWN}/m/${meeting.id}`);
    if (source) this.#showSource(source);
    this.#import.update(source);
    showTotals(part(this.element, "summary"), attendance, isDated(people, asOf));
    showAudit(part(this.element, "audit"), attendance.deeds);
    part(this.element, "csv-audit").hidden = attendance.deeds.length === 0;
    this.#draw(attendance);
    this.#filters.update(attendance, complete);
  }

  /** The chosen instance is being read; the previous one is still shown. */
  reading() {
    this.element.ariaBusy = "true";
    write(part(this.element, "progress"), t("Reading…"));
  }

  /** The figures shown may be out of date. */
  unreadable() {
    const since = this.#shown ? ` ${t("This is as of {time}.", { time: exactClock(this.#shown.asOf) })}` : "";
    write(part(this.element, "refreshed"), "");
    write(part(this.element, "trouble"), `${t("Cannot refresh at the moment; trying again.")}${since}`);
  }

  /** What is shown stays, though nothing newer can be read. */
  expired() {
    const time = this.#shown ? exactClock(this.#shown.asOf) : "";
    write(part(this.element, "refreshed"), "");
    if (this.#shown) this.#draw((this.#shown = { ...this.#shown, over: true }));
    part(this.element, "state").hidden = part(this.element, "total-present").hidden = true;
    write(part(this.element, "trouble"), t("Your login has expired: this is as of {time}. Open this page once more from where you logged in.", { time }));
  }

  /** @param {import("./record.js").Source} source */
  #showSource(source) {
    part(this.element, "badge").hidden = false;
    write(part(this.element, "badge"), kindName(source.kind));
    part(this.element, "meeting-link").hidden = true;
    write(part(this.element, "key-estimated-label"), t("Time is a guess"));
    write(part(this.element, "delete"), t("Delete this import"));
  }

  /** @param {Attendance} attendance @param {boolean} [printed] */
  #draw(attendance, printed = false) {
    const dated = isDated(attendance.people, attendance.asOf);
    const axis = new Axis(stretches(attendance));
    // Before the rows change: the chart measures its width, which would force another layout.
    if (attendance.totals.participants) this.#chart.update(attendance, axis, dated, printed);
    this.#table.update(attendance, axis, dated, printed);
    this.#tooltip.update(attendance.asOf, dated);
    const { estimated, reconnects } = attendance.totals;
    part(this.element, "key-estimated").hidden = !estimated;
    part(this.element, "key-reconnect").hidden = !reconnects;
  }

  /** Places the menu below its button; CSS cannot do so in every browser yet. */
  #placeMenu() {
    const { left, right, bottom } = part(this.element, "csv").getBoundingClientRect();
    const { style } = part(this.element, "csv-menu");
    const width = document.documentElement.clientWidth;
    // On a phone the button is on the left, with no room to its left.
    const atLeft = left + right < width;
    style.setProperty("--top", `${bottom + window.scrollY + 6}px`);
    style.setProperty("--right", atLeft ? "auto" : `${width - right}px`);
    style.setProperty("--left", atLeft ? `${left}px` : "auto");
    style.setProperty("--room", `${(atLeft ? width - left : right) - 8}px`);
  }
}

/** Whether there is more than one day. @param {import("./record.js").Person[]} people @param {number} asOf */
function isDated(people, asOf) {
  const first = Math.min(...people.map(({ arrived }) => arrived ?? Infinity));
  const last = Math.max(...people.map(({ present, left }) => (present ? asOf : (left ?? -Infinity))));
  return Number.isFinite(first) && !sameDay(first, last);
}

/** The span of all times shown. @param {Attendance} attendance @returns {[number, number]} */
function spanOf({ meeting, people, asOf }) {
  const first = Math.min(meeting.createdAt, ...people.map(({ arrived }) => arrived ?? Infinity));
  return [first, Math.max(first, ...people.map(({ present, left }) => (present ? asOf : (left ?? first))))];
}

/** "Saturday 21 November 2026, 10:00 to 11:02". @param {Attendance} attendance */
function when({ meeting, people: everyone, totals, source }) {
  const people = everyone.filter(({ bot }) => !bot);
  const first = Math.min(...people.map(({ arrived }) => arrived ?? Infinity));
  if (!Number.isFinite(first)) {
    const date = `${longDay(meeting.createdAt)}, ${clock(meeting.createdAt)}`;
    return source ? date : t("Created on {date}", { date });
  }
  const last = Math.max(...people.map(({ left }) => left ?? -Infinity));
  if (totals.present) return t("{day}, from {begin}", { day: longDay(first), begin: clock(first) });
  if (sameDay(first, last)) return `${longDay(first)}, ${t("{begin} to {end}", { begin: clock(first), end: clock(last) })}`;
  return t("{begin} to {end}", { begin: longDay(first), end: longDay(last) });
}
