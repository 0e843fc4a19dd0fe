/** The question when the server does not know this browser's token. */
import { ask } from "../ui/dialogs.js";
import { t } from "../words/words.js";

/** @type {import("../here/identity.js").Question} */
export async function askWhoToBe() {
  const answer = await ask({
    title: t("This server does not know you any more"),
    text: t("Perhaps another server runs at this address at the moment, or it was set up anew. Try again when the right one is back, or go on as somebody new. Who you were is kept in this browser, and comes back with the server that knows you."),
    choices: [
      { value: "again", label: t("Try again"), look: "primary" },
      { value: "new", label: t("Be somebody new") },
    ],
  });
  return answer === "again" || answer === "new" ? answer : "";
}
