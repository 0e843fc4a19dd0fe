/**
 * Everyone in a meeting alike, oneself too.
 *
 * @typedef {import("../../sdk/reconvene.js").ParticipantView} ParticipantView
 * @typedef {import("../../sdk/reconvene.js").MeView} MeView
 * @typedef {Pick<ParticipantView, "id" | "name" | "role" | "state" | "sends" | "hand" | "bot" | "recording" | "guest" | "picture">} Person
 */

/** @param {MeView} me @returns {Person} */
export const oneself = ({ id, name, role, sends, hand, guest, picture }) => ({
  ...{ id, name, role, sends, hand, guest, picture },
  state: "connected",
  bot: false,
  recording: false,
});

/** Oneself first, then in the order of coming; nobody before one is in. @param {import("../../sdk/reconvene.js").Snapshot} snapshot @returns {Person[]} */
export const everyone = ({ me, participants }) => (me.id ? [oneself(me), ...participants] : []);
