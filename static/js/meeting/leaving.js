/** The host leaves: the meeting needs somebody in charge, or an end. */
import { askHowToLeave } from "./moderation-questions.js";

/**
 * Asks the host, if anybody else is there. Others just leave.
 * @param {import("../../sdk/reconvene.js").Meeting} meeting @param {import("./order-news.js").TellOrder} tell @returns {Promise<"stay" | "leave" | "end">}
 */
export async function howToLeave(meeting, tell) {
  const { me, participants } = meeting.getSnapshot();
  const people = participants.filter(({ bot }) => !bot);
  if (!me.inCharge || me.role !== "host" || !people.length) return "leave";
  const choice = await askHowToLeave(people);
  if (choice?.how !== "hand-over") return choice?.how ?? "stay";
  return (await tell(meeting.moderate.setRole(choice.to, "host"))) ? "stay" : "leave";
}
