/** The question before a record is deleted. */
import { all, t, tn } from "../words/words.js";

/** @param {import("./record.js").Attendance} attendance @returns {{title: string, text: string}} */
export function deletion({ meeting, totals, source }) {
  const name = meeting.title || meeting.id;
  if (source) {
    const { approved, pending, denied } = source.registrants;
    const registered = approved + pending + denied;
    const kept = all([
      ...(totals.participants ? [tn(totals.participants, "the names, e-mail addresses and times of {count} person", "the names, e-mail addresses and times of {count} people")] : []),
      ...(registered ? [tn(registered, "{count} registration", "{count} registrations")] : []),
    ]);
    const removed = kept
      ? t("Everything that was read from Zoom of {name} is removed here: {kept}.", { name, kept })
      : t("Everything that was read from Zoom of {name} is removed here.", { name });
    return { title: t("Delete this import?"), text: `${removed} ${t("Zoom keeps what it has, so it can be imported again while Zoom does.")}` };
  }
  const removed = totals.participants
    ? tn(totals.participants, "Everything kept of {name} is removed for good, with the names and times of {count} person.", "Everything kept of {name} is removed for good, with the names and times of {count} people.", { name })
    : t("Everything kept of {name} is removed for good.", { name });
  const sent = totals.present
    ? [tn(totals.present, "{count} person is in it now: the meeting ends, and they are sent away.", "{count} people are in it now: the meeting ends, and they are sent away.")]
    : [];
  return { title: t("Delete this record?"), text: [removed, t("Its link no longer leads anywhere."), ...sent].join(" ") };
}
