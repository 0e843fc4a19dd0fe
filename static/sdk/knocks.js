/**
 * Who waits to be let in, as those in charge know it: a pure function from a list and an event to the next list.
 * signalling/client/knocks.py is its twin.
 *
 * @typedef {import("./protocol.js").Knock} Knock
 * @typedef {ReadonlyMap<string, Knock>} Knocks  By id, in the order in which they came.
 */
import { inCharge } from "./rights.js";

/** @param {Knock[]} [knocks] @returns {Knocks} */
export const knocksOf = (knocks = []) => new Map(knocks.map((knock) => [knock.id, knock]));

/**
 * @param {Knocks} knocks @param {import("./protocol.js").RoomEvent} event
 * @param {import("./protocol.js").Participant} [me]  the own entry after it
 * @returns {Knocks}
 */
export function knocked(knocks, event, me) {
  if (!inCharge(me)) return knocksOf();
  if (event.type === "knock") return new Map(knocks).set(event.knock.id, event.knock);
  if (event.type !== "knock_ended") return knocks;
  const next = new Map(knocks);
  next.delete(event.id);
  return next;
}
