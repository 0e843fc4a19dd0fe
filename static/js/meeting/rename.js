/** The dialog by which one changes one's name in the meeting. */
import { modal } from "../ui/dialogs.js";
import { enable, fromTemplate, part, write } from "../ui/dom.js";
import { t } from "../words/words.js";
import { problemText } from "../ui/problems.js";

/** @param {import("../../sdk/reconvene.js").Meeting} meeting */
export async function changeName(meeting) {
  const element = fromTemplate("rename");
  const field = part(element, "name", HTMLInputElement);
  const save = part(element, "save", HTMLButtonElement);
  const complain = (/** @type {string} */ text) => {
    write(part(element, "error"), text);
    field.setAttribute("aria-invalid", String(text !== ""));
  };
  field.value = meeting.me.name;
  part(element, "form", HTMLFormElement).addEventListener("submit", async (event) => {
    if (/** @type {SubmitEvent} */ (event).submitter !== save) return;
    event.preventDefault();
    const name = field.value.trim();
    if (!name) return complain(t("A name has 1 to 80 characters."));
    complain("");
    enable(save, false);
    try {
      if (name !== meeting.me.name) await meeting.me.rename(name);
      if (element instanceof HTMLDialogElement) element.close("save");
    } catch (error) {
      complain(problemText(error));
    }
    enable(save, true);
  });
  const shown = modal(element);
  field.select();
  await shown;
}
