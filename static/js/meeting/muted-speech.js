/** Notices that somebody speaks whose microphone is off. What is measured stays here: it is on a track that is not sent. */
import { LevelMeter } from "../../sdk/reconvene.js";

const INTERVAL = 150;
/** Louder than breath and keys. */
const LOUD = 0.03;
/** Milliseconds: so much of the last while is speech. */
const SPEECH = 750;
const WHILE = 2_000;
const AT_MOST_EVERY = 60_000;
/**
 * In Chromium, which alone has this, the light of a microphone is on as long as the page has it. Elsewhere it goes out when the
 * microphone is turned off, and is not to come on again for a hint.
 */
const LISTENS = "userAgentData" in navigator;

/** When to say it. Times are in milliseconds. */
export class SpeechNotice {
  /** @type {number[]} */
  #loud = [];
  #saidAt = -Infinity;

  /** @param {number} level  0 to 1 @param {number} now @param {number} [lasts]  since the last one @returns {boolean} whether to say it now */
  heard(level, now, lasts = INTERVAL) {
    this.#loud = this.#loud.filter((at) => now - at < WHILE);
    if (level > LOUD) this.#loud.push(now);
    if (this.#loud.length * lasts < SPEECH || now - this.#saidAt < AT_MOST_EVERY) return false;
    this.#saidAt = now;
    this.#loud = [];
    return true;
  }

  quiet() {
    this.#loud = [];
  }
}

export class MutedSpeech {
  #media;
  #say;
  #notice = new SpeechNotice();
  #meter = new LevelMeter();
  #timer = 0;
  #watch = new AbortController();
  /** @type {MediaStreamTrack | null} */
  #of = null;
  /** @type {MediaStreamTrack | null} */
  #copy = null;

  /** @param {import("../../sdk/reconvene.js").LocalMedia} media @param {() => void} say */
  constructor(media, say) {
    this.#media = media;
    this.#say = say;
  }

  start() {
    this.#media.on("change", () => this.#look(), { signal: this.#watch.signal });
    this.#look();
    this.#timer = window.setInterval(() => this.#listen(), INTERVAL);
  }

  stop() {
    this.#watch.abort();
    clearInterval(this.#timer);
    this.#drop();
    this.#meter.stop();
  }

  /** Only a microphone that was on, and is kept: nobody is asked for one. */
  #look() {
    const { microphone, states } = this.#media;
    const wanted = LISTENS && states.audio === "off" && microphone?.readyState === "live" ? microphone : null;
    if (wanted === this.#of) return;
    this.#drop();
    this.#of = wanted;
    if (!wanted) return;
    this.#copy = wanted.clone();
    this.#copy.enabled = true;
    this.#meter.listen(this.#copy);
  }

  #listen() {
    if (this.#copy && this.#notice.heard(this.#meter.level, performance.now())) this.#say();
  }

  #drop() {
    this.#meter.listen(null);
    this.#copy?.stop();
    this.#of = this.#copy = null;
    this.#notice.quiet();
  }
}
