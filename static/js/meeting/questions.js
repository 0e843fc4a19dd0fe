/** The questions of a meeting, as dialogs. */
import { ask } from "../ui/dialogs.js";
import { problemText } from "../ui/problems.js";
import { t } from "../words/words.js";

/**
 * Asks a user who is already in the meeting in another tab. Resolves to "" when neither is chosen.
 * @param {boolean} loggedIn  with an application: then they are nobody else
 */
export const askWhichTab = (loggedIn) =>
  ask({
    title: t("You are in this meeting already"),
    text: loggedIn
      ? t("It is open in another tab or browser of yours. Move it here?")
      : t("It is open in another tab of this browser. Move it here, or join once more as somebody else?"),
    choices: [
      { value: "replace", label: t("Switch here"), look: "primary" },
      loggedIn ? { value: "", label: t("Cancel") } : { value: "another", label: t("Join as another person") },
    ],
  });

/** Asks the host. @returns {Promise<"end" | "stay">} */
export async function askWhetherToEnd() {
  const choice = await ask({
    title: t("End the meeting for everyone?"),
    text: t("All participants are disconnected, and nobody can join again."),
    choices: [
      { value: "end", label: t("End for all"), look: "danger" },
      { value: "", label: t("Cancel") },
    ],
  });
  return choice === "end" ? "end" : "stay";
}

/** @param {unknown} error */
export const couldNotEnd = (error) => t("The meeting could not be ended: {why}", { why: problemText(error) });
