/** What in a call is heard, or noticed, by sound: somebody comes or raises a hand, one speaks while muted, Space is held. */
import { part, write } from "../ui/dom.js";
import { MutedSpeech } from "./muted-speech.js";
import { PushToTalk } from "./push-to-talk.js";
import { Tones } from "./tones.js";
import { t } from "../words/words.js";

const SOUNDING = new Set(["joined", "hand"]);

export class Sounding {
  talk;
  tones;
  #shortcuts;
  #element;
  #meeting;
  #media;
  #memory;
  #toasts;
  #muted;

  /**
   * @param {HTMLElement} element  of the view @param {import("../../sdk/reconvene.js").Meeting} meeting
   * @param {import("../../sdk/reconvene.js").LocalMedia} media @param {import("./device-memory.js").DeviceMemory} memory
   * @param {import("../ui/toasts.js").Toasts} toasts @param {import("../here/storage.js").PageStorage} storage
   * @param {import("./shortcuts.js").Shortcuts} shortcuts
   */
  constructor(element, meeting, media, memory, toasts, storage, shortcuts) {
    this.#shortcuts = shortcuts;
    this.#element = element;
    this.#meeting = meeting;
    this.#media = media;
    this.#memory = memory;
    this.#toasts = toasts;
    this.tones = new Tones(memory.speaker);
    this.#muted = new MutedSpeech(media, () => this.#say());
    this.talk = new PushToTalk(storage);
  }

  /** @param {AbortSignal} signal */
  start(signal) {
    const { me } = this.#meeting;
    this.#muted.start();
    this.talk.start(
      () => this.#media.states.audio === "off" && me.may("audio"),
      (on) => {
        me.setAudio(on);
        write(part(this.#element, "talking"), on ? t("Microphone on while you hold Space") : t("Microphone off"));
      },
    );
    this.#meeting.on(
      "happening",
      ({ what }) => {
        if (SOUNDING.has(what) && this.#memory.sounds(this.#meeting.participants.size + 1)) void this.tones.play(what === "hand" ? "hand" : "joined");
      },
      { signal },
    );
  }

  stop() {
    this.talk.stop();
    this.#muted.stop();
    this.tones.stop();
  }

  #say() {
    if (!this.#meeting.me.may("audio")) return;
    this.#toasts.show(`${t("You are speaking, but your microphone is off.")} ${this.#how}`);
  }

  /** What can be pressed here. */
  get #how() {
    if (!matchMedia("(hover: hover), (pointer: fine)").matches) return t("Turn it on to be heard.");
    if (!this.#shortcuts.enabled) return this.talk.enabled ? t("Hold Space to talk.") : t("Turn it on to be heard.");
    return this.talk.enabled ? t("Press M to turn it on, or hold Space to talk.") : t("Press M to turn it on.");
  }
}
