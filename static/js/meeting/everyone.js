/**
 * Everyone in a meeting alike, oneself too.
 *
 * @typedef {import("../../sdk/reconvene.js").ParticipantView} ParticipantView
 * @typedef {import("../../sdk/reconvene.js").MeView} MeView
 * @typedef {Pick<ParticipantView, "id" | "name" | "role" | "state" | "sends" | "hand" | "bot" | "recording" | "guest" | "picture">} Person
 */

/** @type {WeakMap<MeView, Person>} */
const known = new WeakMap();

/** The same object for the same view. @param {MeView} me @returns {Person} */
export function oneself(me) {
  const { id, name, role, sends, hand, guest, picture } = me;
  const person = known.get(me) ?? { id, name, role, sends, hand, guest, picture, state: "connected", bot: false, recording: false };
  known.set(me, person);
  return person;
}

/** Oneself first, then in the order of coming; nobody before one is in. @param {import("../../sdk/reconvene.js").Snapshot} snapshot @returns {Person[]} */
export const everyone = ({ me, participants }) => (me.id ? [oneself(me), ...participants] : []);
