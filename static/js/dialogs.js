/** Modal questions and sheets on <dialog>, which keeps the focus inside and gives it back. */
import { DevicePicker } from "./device-picker.js";
import { fromTemplate, part } from "./dom.js";
import { SHORTCUTS } from "./shortcuts.js";

/** @param {HTMLElement} element @returns {Promise<string>} the value of the button that closed it, "" for Escape */
function modal(element) {
  if (!(element instanceof HTMLDialogElement)) throw new Error("not a dialog");
  document.body.append(element);
  element.showModal();
  return new Promise((resolve) => {
    element.addEventListener("close", () => (resolve(element.returnValue), element.remove()), { once: true });
  });
}

/** What is asked about the view before does not concern the next. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
}

/**
 * @param {{title: string, text: string, choices: {value: string, label: string, look?: "primary" | "danger"}[]}} question
 * @returns {Promise<string>} the chosen value, "" when dismissed
 */
export function ask({ title, text, choices }) {
  const element = fromTemplate("ask");
  part(element, "title").textContent = title;
  part(element, "text").textContent = text;
  part(element, "actions").append(
    ...choices.map(({ value, label, look }) => {
      const button = document.createElement("button");
      button.className = `button ${look ?? ""}`;
      button.value = value;
      button.textContent = label;
      button.autofocus = !value; // Where one can cancel, Enter does nothing that cannot be undone.
      return button;
    }),
  );
  return modal(element);
}

/** @param {import("./shortcuts.js").Shortcuts} shortcuts */
export async function showHelp(shortcuts) {
  const element = fromTemplate("help");
  const list = part(element, "list");
  for (const { key, shift, label } of SHORTCUTS) {
    const term = document.createElement("dt");
    for (const name of [...(shift ? ["Shift"] : []), key.toUpperCase()]) {
      const cap = document.createElement("kbd");
      cap.textContent = name;
      term.append(cap);
    }
    const meaning = document.createElement("dd");
    meaning.textContent = label;
    list.append(term, meaning);
  }
  const enabled = part(element, "enabled", HTMLInputElement);
  enabled.checked = shortcuts.enabled;
  enabled.addEventListener("change", () => (shortcuts.enabled = enabled.checked));
  await modal(element);
}

/** @param {import("./devices.js").LocalMedia} media */
export async function showDevices(media) {
  const element = fromTemplate("devices-dialog");
  const picker = new DevicePicker(media);
  part(element, "devices").append(picker.element);
  picker.start();
  await modal(element);
  picker.stop();
}
