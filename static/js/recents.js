/** The meetings this browser was in lately, newest first. */
const KEY = "reconvene.recents";
const MOST = 5;

/** @typedef {{id: string, title: string, at: number}} Recent  `at` in milliseconds since the epoch */

/** @param {Storage} storage  localStorage @returns {Recent[]} */
export function recentMeetings(storage) {
  try {
    return JSON.parse(storage.getItem(KEY) ?? "[]");
  } catch {
    return [];
  }
}

/** @param {Storage} storage @param {Recent} meeting */
export function rememberMeeting(storage, meeting) {
  const others = recentMeetings(storage).filter(({ id }) => id !== meeting.id);
  storage.setItem(KEY, JSON.stringify([meeting, ...others].slice(0, MOST)));
}

/** @param {Storage} storage @param {string} id */
export function forgetMeeting(storage, id) {
  storage.setItem(KEY, JSON.stringify(recentMeetings(storage).filter((meeting) => meeting.id !== id)));
}
