/** Short sounds, made here: no files. They play by the chosen loudspeaker. */

/** @typedef {{frequency: number, at: number, lasts: number}} Note  Hertz and seconds. */

/** @type {Record<"test" | "joined" | "hand" | "knock", readonly Note[]>} */
const TUNES = {
  test: [
    { frequency: 440, at: 0, lasts: 0.35 },
    { frequency: 554, at: 0.3, lasts: 0.35 },
    { frequency: 659, at: 0.6, lasts: 0.6 },
  ],
  joined: [
    { frequency: 523, at: 0, lasts: 0.14 },
    { frequency: 784, at: 0.12, lasts: 0.25 },
  ],
  knock: [
    { frequency: 660, at: 0, lasts: 0.15 },
    { frequency: 520, at: 0.16, lasts: 0.15 },
  ],
  hand: [
    { frequency: 880, at: 0, lasts: 0.12 },
    { frequency: 880, at: 0.18, lasts: 0.2 },
  ],
};

/** @param {keyof typeof TUNES} name */
const lengthOf = (name) => Math.max(...TUNES[name].map(({ at, lasts }) => at + lasts));

/** Milliseconds. */
const PATIENCE = 1_000;

/** @param {number} milliseconds */
const after = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class Tones {
  #speaker;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {MediaStreamAudioDestinationNode | null} */
  #out = null;
  #element = new Audio();

  /** @param {import("../../sdk/reconvene.js").Speaker} speaker */
  constructor(speaker) {
    this.#speaker = speaker;
  }

  /** Settles when it is over. @param {keyof typeof TUNES} name @returns {Promise<boolean>} false if nothing can be played */
  async play(name) {
    try {
      const context = (this.#context ??= new AudioContext());
      // Without any device that plays, Firefox never answers.
      await Promise.race([context.resume(), after(PATIENCE)]);
      if (context.state !== "running") return false;
      this.#out ??= this.#begin(context);
      await this.#element.play();
      for (const note of TUNES[name]) play(context, this.#out, note);
      await after(lengthOf(name) * 1000);
      return true;
    } catch {
      // There is no loudspeaker, or nobody has clicked yet.
      return false;
    }
  }

  stop() {
    this.#element.srcObject = null;
    this.#context?.close().catch(() => {});
    this.#context = this.#out = null;
  }

  /** Only elements play by a chosen loudspeaker in every browser. @param {AudioContext} context */
  #begin(context) {
    const out = context.createMediaStreamDestination();
    this.#element.srcObject = out.stream;
    this.#speaker.follow(this.#element);
    return out;
  }
}

/** @param {AudioContext} context @param {AudioNode} out @param {Note} note */
function play(context, out, { frequency, at, lasts }) {
  const start = context.currentTime + at;
  const tone = new OscillatorNode(context, { frequency, type: "sine" });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(0.16, start + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0005, start + lasts);
  tone.connect(gain).connect(out);
  tone.start(start);
  tone.stop(start + lasts);
}
