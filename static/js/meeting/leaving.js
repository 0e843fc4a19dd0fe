/** The host leaves: the meeting needs somebody in charge, or an end. */
import { askHowToLeave } from "./moderation-questions.js";

/** @typedef {import("../../sdk/call.js").Call} Call */

/** Asks the host, if anybody else is there. Others just leave. @param {Call} call @returns {Promise<"stay" | "leave" | "end">} */
export async function howToLeave(call) {
  const people = call.participants.filter(({ id, kind }) => id !== call.myId && kind !== "bot");
  if (!call.moderated || call.me?.role !== "host" || !people.length) return "leave";
  const choice = await askHowToLeave(people);
  if (choice?.how !== "hand-over") return choice?.how ?? "stay";
  return (await handedOver(call, choice.to)) ? "leave" : "stay";
}

/** @param {Call} call @param {string} participant @returns {Promise<boolean>} whether it was done */
function handedOver(call, participant) {
  const until = new AbortController();
  return new Promise((resolve) => {
    call.on("answered", ({ order, error }) => {
      if (order.type !== "set_role" || order.participant !== participant) return;
      until.abort();
      resolve(!error);
    }, { signal: until.signal });
    call.order({ type: "set_role", participant, role: "host" });
  });
}
