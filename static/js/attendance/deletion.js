/** The question before a record is deleted. */
import { counted } from "../ui/times.js";
import { number } from "../words/words.js";

/** @param {import("./record.js").Attendance} attendance @returns {{title: string, text: string}} */
export function deletion({ meeting, totals, source }) {
  const called = meeting.title || meeting.id;
  if (source) {
    const { approved, pending, denied } = source.registrants;
    const registered = approved + pending + denied;
    const kept = [
      ...(totals.participants ? [`the names, e-mail addresses and times of ${counted(totals.participants, "person", "people")}`] : []),
      ...(registered ? [`${number(registered)} ${registered === 1 ? "registration" : "registrations"}`] : []),
    ].join(" and ");
    return {
      title: "Delete this import?",
      text: `Everything that was read from Zoom of ${called} is removed here${kept ? `: ${kept}` : ""}. Zoom keeps what it has, so it can be imported again while Zoom does.`,
    };
  }
  const people = totals.participants ? `, with the names and times of ${counted(totals.participants, "person", "people")}` : "";
  const sent = totals.present ? ` ${counted(totals.present, "person is", "people are")} in it now: the meeting ends, and they are sent away.` : "";
  return {
    title: "Delete this record?",
    text: `Everything kept of ${called} is removed for good${people}. Its link no longer leads anywhere.${sent}`,
  };
}
