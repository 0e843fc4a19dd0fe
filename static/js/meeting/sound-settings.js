/** Below the lists of devices: which loudspeaker, whether it is heard, and what is done to the sound of the microphone. */
import { fromTemplate, part, write } from "../ui/dom.js";
import { Tones } from "./tones.js";
import { t } from "../words/words.js";

const SWITCHES = /** @type {const} */ (["echoCancellation", "noiseSuppression", "autoGainControl"]);

export class SoundSettings {
  element = fromTemplate("sound-settings");
  #media;
  #memory;
  #tones;
  #watch = new AbortController();
  #shown = "";
  #people;

  /**
   * @param {import("../../sdk/reconvene.js").LocalMedia} media @param {import("./device-memory.js").DeviceMemory} memory
   * @param {number} people  in the meeting
   */
  constructor(media, memory, people) {
    this.#media = media;
    this.#people = people;
    this.#memory = memory;
    this.#tones = new Tones(memory.speaker);
  }

  start() {
    const { signal } = this.#watch;
    const { speaker } = this.#memory;
    const select = part(this.element, "speaker", HTMLSelectElement);
    part(this.element, "speaker-field").hidden = !speaker.possible;
    part(this.element, "ask").hidden = !speaker.asks;
    select.addEventListener("change", () => void this.#choose(select.value), { signal });
    part(this.element, "test").addEventListener("click", () => void this.#test(), { signal });
    part(this.element, "ask").addEventListener("click", () => void this.#memory.ask().then(() => this.#list()), { signal });
    for (const name of SWITCHES) {
      const box = part(this.element, name, HTMLInputElement);
      box.addEventListener("change", () => this.#memory.process(this.#media, { [name]: box.checked }), { signal });
    }
    const sounds = part(this.element, "sounds", HTMLInputElement);
    sounds.checked = this.#memory.sounds(this.#people);
    sounds.addEventListener("change", () => (this.#memory.wantsSounds = sounds.checked), { signal });
    this.#media.on("change", () => this.#show(), { signal });
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.#list(), { signal });
    this.#show();
  }

  stop() {
    this.#watch.abort();
    this.#tones.stop();
  }

  #show() {
    for (const name of SWITCHES) part(this.element, name, HTMLInputElement).checked = this.#media.processing[name];
    void this.#list();
  }

  async #list() {
    const { speaker } = this.#memory;
    const listed = (await speaker.list()).filter(({ id }) => id !== "default");
    const select = part(this.element, "speaker", HTMLSelectElement);
    const choices = [["", t("The system’s choice")], ...listed.map(({ id, label }, index) => [id, label || t("Speaker {number}", { number: index + 1 })])];
    const all = JSON.stringify(choices);
    // Rewriting an open list would close it.
    if (all !== this.#shown) select.replaceChildren(...choices.map(([id, text]) => new Option(text, id)));
    this.#shown = all;
    select.value = speaker.chosen;
    if (select.selectedIndex < 0) select.selectedIndex = 0;
  }

  /** @param {string} id */
  async #choose(id) {
    const failed = await this.#memory.choose(id).then(() => false, () => true);
    write(part(this.element, "speaker-error"), failed ? t("This speaker cannot be used. Another one plays.") : "");
    void this.#list();
  }

  async #test() {
    const note = part(this.element, "heard");
    write(note, t("Playing…"));
    write(note, (await this.#tones.play("test")) ? t("Did you hear three tones?") : t("Nothing can be played here."));
  }
}
