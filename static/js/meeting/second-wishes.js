/** How the user wishes to join after a refusal: each asks, and answers null if the user does not join after all. */
import { askPassword } from "./moderation-questions.js";
import { askWhichTab } from "./questions.js";

/**
 * @typedef {object} Wish  How to join.
 * @property {string} name
 * @property {{audio: boolean, video: boolean}} [open]  devices to open on the way; default: those already open
 * @property {string | undefined} [session]
 * @property {"replace" | "reject" | undefined} [onDuplicate]
 * @property {string} [password]
 */

/** @param {Wish} wish @param {boolean} wrong  whether a password was given @returns {Promise<Wish | null>} */
export async function withPassword(wish, wrong) {
  const password = await askPassword(wrong);
  return password ? { ...wish, password } : null;
}

/**
 * For somebody who is in the meeting already.
 * @param {string} name @param {import("../here/identity.js").Identity} identity @param {boolean} loggedIn
 * @returns {Promise<Wish | null>}
 */
export async function fromThisTab(name, identity, loggedIn) {
  const choice = await askWhichTab(loggedIn);
  if (choice === "replace") return { name, onDuplicate: "replace" };
  if (choice !== "another") return null;
  await identity.another(name);
  return { name };
}
