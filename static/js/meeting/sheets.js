/** The meeting's modal sheets: its keyboard shortcuts, its devices. */
import { DevicePicker } from "./device-picker.js";
import { modal } from "../ui/dialogs.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { showNextLanguage } from "../ui/language-choice.js";
import { LevelBar } from "./level-bar.js";
import { SHORTCUTS } from "./shortcuts.js";
import { t } from "../words/words.js";

/** @param {import("./shortcuts.js").Shortcuts} shortcuts @param {import("./push-to-talk.js").PushToTalk} pushToTalk */
export async function showHelp(shortcuts, pushToTalk) {
  const element = fromTemplate("help");
  const list = part(element, "list");
  for (const { key, shift, label } of SHORTCUTS) {
    const term = document.createElement("dt");
    for (const name of [...(shift ? [t("Shift")] : []), key.toUpperCase()]) {
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
  const talk = part(element, "talk", HTMLInputElement);
  talk.checked = pushToTalk.enabled;
  talk.addEventListener("change", () => (pushToTalk.enabled = talk.checked));
  await modal(element);
}

/** Shows what one sends, by which devices. @param {import("../../sdk/reconvene.js").LocalMedia} media @param {import("./device-memory.js").DeviceMemory} memory @param {number} people  in the meeting */
export async function showDevices(media, memory, people) {
  const element = fromTemplate("devices-dialog");
  const picker = new DevicePicker(media, memory, people);
  const level = new LevelBar(part(element, "level"));
  const watch = new AbortController();
  part(element, "devices").append(picker.element);
  const preview = part(element, "video", HTMLVideoElement);
  preview.srcObject = media.stream;
  const show = () => {
    const { audio, video } = media.states;
    part(element, "preview").dataset.video = video === "on" ? "on" : "off";
    write(part(element, "camera-note"), video === "on" ? "" : t("Your camera is off"));
    write(part(element, "audio-note"), audio === "on" ? "" : t("Your microphone is off."));
    level.listen(media.microphone);
  };
  showNextLanguage(element);
  media.on("change", show, { signal: watch.signal });
  show();
  level.start();
  picker.start();
  await modal(element);
  // A video that has a stream is kept, with all around it.
  preview.srcObject = null;
  picker.stop();
  level.stop();
  watch.abort();
}
