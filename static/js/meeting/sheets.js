/** The meeting's modal sheets: its keyboard shortcuts, its devices. */
import { DevicePicker } from "./device-picker.js";
import { modal } from "../ui/dialogs.js";
import { fromTemplate, part } from "../ui/dom.js";
import { SHORTCUTS } from "./shortcuts.js";

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

/** @param {import("../../sdk/reconvene.js").LocalMedia} media */
export async function showDevices(media) {
  const element = fromTemplate("devices-dialog");
  const picker = new DevicePicker(media);
  part(element, "devices").append(picker.element);
  picker.start();
  await modal(element);
  picker.stop();
}
