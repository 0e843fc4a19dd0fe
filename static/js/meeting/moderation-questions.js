/** The questions of those in charge, and those that they put to others, as dialogs. */
import { ask, modal } from "../ui/dialogs.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { NAMES } from "./rights-texts.js";
import { all, t } from "../words/words.js";

/** @typedef {"never" | "knock" | "freely"} Back  How somebody who was removed may come back. */

/**
 * @param {string} name @returns {Promise<{back: Back, knock: boolean, erase: boolean} | null>} `knock`: newcomers have to
 *   knock, too; `erase`: what they wrote is deleted; null if nobody is to be removed
 */
export async function askHowToRemove(name) {
  const element = fromTemplate("remove");
  write(part(element, "title"), t("Remove {name}?", { name }));
  if ((await modal(element)) !== "remove") return null;
  const chosen = element.querySelector("input[name=back]:checked");
  const back = /** @type {Back} */ (chosen instanceof HTMLInputElement ? chosen.value : "never");
  return { back, knock: part(element, "knock", HTMLInputElement).checked, erase: part(element, "erase", HTMLInputElement).checked };
}

/** Whoever was denied once may knock again, and after the second time no more. @param {string} name */
export async function askWhetherToDenyForGood(name) {
  const choice = await ask({
    title: t("Turn {name} away for good?", { name }),
    text: t("{name} was turned away before. Whoever is turned away twice cannot ask again to be let into this meeting.", { name }),
    choices: [
      { value: "deny", label: t("Deny for good"), look: "danger" },
      { value: "", label: t("Cancel") },
    ],
  });
  return choice === "deny";
}

/** @param {string} name */
export async function askWhetherToHandOver(name) {
  const choice = await ask({
    title: t("Hand the meeting over to {name}?", { name }),
    text: t("{name} becomes the host, and you a co-host. Only {name} can give it back.", { name }),
    choices: [
      { value: "hand-over", label: t("Hand over"), look: "primary" },
      { value: "", label: t("Cancel") },
    ],
  });
  return choice === "hand-over";
}

/**
 * Somebody in charge asks the person to turn something on.
 * @param {string} name  of whoever asks @param {("audio" | "video" | "screen")[]} rights
 */
export async function askToTurnOn(name, rights) {
  const what = all(rights.map((right) => NAMES[right]));
  const choice = await ask({
    title: t("{name} asks you to turn on your {what}", { name, what }),
    text: t("It stays off until you turn it on."),
    choices: [
      { value: "on", label: t("Turn on"), look: "primary" },
      { value: "", label: t("Not now") },
    ],
  });
  return choice === "on";
}

/**
 * Asks the host who leaves.
 * @param {{id: string, name: string}[]} others  to whom the meeting can be handed over
 * @returns {Promise<{how: "end" | "leave"} | {how: "hand-over", to: string} | null>}
 */
export async function askHowToLeave(others) {
  const element = fromTemplate("leave");
  const select = part(element, "to", HTMLSelectElement);
  select.append(...others.map(({ id, name }) => new Option(name, id)));
  part(element, "successor").hidden = !others.length;
  switch (await modal(element)) {
    case "end":
      return { how: "end" };
    case "hand-over":
      return { how: "hand-over", to: select.value };
    case "leave":
      return { how: "leave" };
    default:
      return null;
  }
}

/** Asks for the meeting's password. @param {boolean} wrong  the last one was @returns {Promise<string>} "" if the person gives up */
export async function askPassword(wrong) {
  const element = fromTemplate("password");
  const field = part(element, "password", HTMLInputElement);
  write(part(element, "error"), wrong ? t("That is not the password. Check it, and try again.") : "");
  if (wrong) field.setAttribute("aria-invalid", "true");
  return (await modal(element)) === "join" ? field.value : "";
}
