/** The meetings this browser was in lately, newest first. */
const KEY = "reconvene.recents";
const MOST = 5;

/**
 * @typedef {import("../here/storage.js").PageStorage} PageStorage
 * @typedef {{id: string, title: string, at: number}} Recent  `at` in milliseconds since the epoch
 */

/** @param {PageStorage} storage @returns {Recent[]} */
export function recentMeetings(storage) {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isRecent) : [];
  } catch {
    return [];
  }
}

/** @param {PageStorage} storage @param {Recent} meeting */
export function rememberMeeting(storage, meeting) {
  const others = recentMeetings(storage).filter(({ id }) => id !== meeting.id);
  storage.setItem(KEY, JSON.stringify([meeting, ...others].slice(0, MOST)));
}

/** @param {PageStorage} storage @param {string} id */
export function forgetMeeting(storage, id) {
  storage.setItem(KEY, JSON.stringify(recentMeetings(storage).filter((meeting) => meeting.id !== id)));
}

/** Checks an entry: another release, an extension or a user may have written it. @param {any} kept @returns {kept is Recent} */
const isRecent = (kept) => typeof kept?.id === "string" && typeof kept.title === "string" && Number.isFinite(kept.at);
