/** How loud the microphone is, and who is speaking. */

/** Root mean square of the samples, 0 to 1. Normal speech is around 0.05 to 0.2. */
export class LevelMeter {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {AnalyserNode | null} */
  #analyser = null;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #samples;

  /** @param {number} [samples]  how many the level is of, a power of two; 1024 are some 20 ms */
  constructor(samples = 1024) {
    this.#samples = new Float32Array(samples);
  }

  /** Listens to another track, or to none. @param {MediaStreamTrack | null} track */
  listen(track) {
    if (track === this.#track) return;
    this.#track = track;
    this.#source?.disconnect();
    this.#source = null;
    if (!track) return;
    this.#context ??= startedContext();
    this.#analyser ??= new AnalyserNode(this.#context, { fftSize: this.#samples.length });
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
  }

  get level() {
    if (!this.#source || !this.#analyser || !this.#track?.enabled) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return Math.sqrt(this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length);
  }

  stop() {
    this.listen(null);
    void this.#context?.close();
    this.#context = this.#analyser = null;
  }
}

/** After a reload nothing was clicked yet, and browsers may keep audio back until something is. */
function startedContext() {
  const context = new AudioContext();
  for (const gesture of ["pointerdown", "keydown"]) {
    document.addEventListener(gesture, () => context.state === "suspended" && void context.resume(), { once: true });
  }
  return context;
}

const LOUD = 0.015;
/** A pause between words does not end speaking. Milliseconds. */
const PAUSE = 600;

export class SpeakingDetector {
  #loudAt = -Infinity;

  /** @param {number} level  0 to 1 @param {number} now  milliseconds @returns {boolean} */
  speaking(level, now) {
    if (level > LOUD) this.#loudAt = now;
    return now - this.#loudAt < PAUSE;
  }
}
