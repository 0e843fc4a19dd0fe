/** How loud the microphone is, and who is speaking. */

/** Root mean square of the samples, 0 to 1. Normal speech is around 0.05 to 0.2. */
export class LevelMeter {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {AnalyserNode | null} */
  #analyser = null;
  #watch = new AbortController();
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #samples;
  /** False if the browser cannot measure, as without any audio device; everything else works. */
  possible = true;

  /** @param {number} [samples]  how many to measure at once, a power of two; 1024 are some 20 ms */
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
    try {
      this.#context ??= startedContext(this.#watch.signal);
      this.#analyser ??= new AnalyserNode(this.#context, { fftSize: this.#samples.length });
      this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
      this.#source.connect(this.#analyser);
      this.possible = true;
    } catch {
      this.#source = null;
      this.possible = false;
    }
  }

  /** Whether it measures now. If nothing can be played, as without any audio device, Firefox never starts. */
  get running() {
    return this.possible && this.#context?.state === "running";
  }

  get level() {
    if (!this.#source || !this.#analyser || !this.#track?.enabled) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return Math.sqrt(this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length);
  }

  stop() {
    this.listen(null);
    this.#watch.abort();
    this.#watch = new AbortController();
    this.#context?.close().catch(() => {}); // It may be closed already.
    this.#context = this.#analyser = null;
  }
}

/** Browsers may block audio until a click, and after a reload there was none yet. @param {AbortSignal} signal */
function startedContext(signal) {
  const context = new AudioContext();
  // Safari interrupts it too, as for a phone call.
  const wake = () => context.state !== "running" && context.state !== "closed" && context.resume().catch(() => {});
  for (const gesture of ["pointerdown", "keydown"]) document.addEventListener(gesture, wake, { signal });
  return context;
}

const LOUD = 0.015;
/** Speaking goes on through a pause of this length. Milliseconds. */
const PAUSE = 600;

export class SpeakingDetector {
  #loudAt = -Infinity;

  /** @param {number} level  0 to 1 @param {number} now  milliseconds @returns {boolean} */
  speaking(level, now) {
    if (level > LOUD) this.#loudAt = now;
    return now - this.#loudAt < PAUSE;
  }
}
