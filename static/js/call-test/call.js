/**
 * A test before the call: a short stay in a meeting of its own, with an echo that the server starts there. It uses the
 * devices that are already open, and neither opens nor stops any. No other meeting is affected. What the browser measures of
 * the connection says what comes back.
 */
import { HERE } from "../here/addresses.js";
import { Emitter, LevelMeter, Reconvene, ReconveneError } from "../../sdk/reconvene.js";
import { startEcho } from "../here/http-api.js";
import { perfect, stepsOf } from "./steps.js";
import { t } from "../words/words.js";

/** All in milliseconds. */
const LOOK_EVERY = 100;
const LONGEST = 30_000;
const SLOW = 8_000;
/** Media normally comes back sooner than this. */
const BRIEF = 5_000;
/** Time after success to look at the returned picture. */
const LINGER = 5_000;

/** Some 170 ms, longer than LOOK_EVERY, so no sound is missed. */
const SAMPLES = 8192;
/** Statistics are read at every third look. */
const MEASURE_EVERY = 3;
/** Root mean square of samples: speech is far above LOUD, silence far below AUDIBLE. */
const LOUD = 0.015;
const AUDIBLE = 0.005;
/** Pictures; more than the one that may be left from before. */
const FRAMES = 5;
/** The server re-encodes everything it returns, so this page sends as in a meeting with so many others. */
const OTHERS = 4;

/** @extends {Emitter<{change: null}>} */
export class TestCall extends Emitter {
  /** @type {import("./steps.js").Step[]} */
  steps = [];
  /** The test has ended or was stopped. */
  over = false;
  /** The returned media. @type {MediaStream | null} */
  returned = null;

  #identity;
  #media;
  /** @type {import("./steps.js").Observed} */
  #observed;
  /** @type {import("../../sdk/reconvene.js").Meeting | null} */
  #meeting = null;
  #sent = new LevelMeter(SAMPLES);
  #back = new LevelMeter(SAMPLES);
  #began = 0;
  #wellSince = Infinity;
  #connectedAt = Infinity;
  #timer = 0;
  #looks = 0;
  /** Pictures that came back before the camera was turned on. */
  #framesBefore = 0;
  #watch = new AbortController();

  /** @param {import("../here/identity.js").Identity} identity @param {import("../../sdk/reconvene.js").LocalMedia} media */
  constructor(identity, media) {
    super();
    this.#identity = identity;
    this.#media = media;
    this.#observed = {
      over: false, slow: false, problem: null, answered: false, joined: false, path: null, brief: true, roundTrip: null,
      microphone: { on: false, asking: false, error: null, measured: true, heard: false, returned: false },
      camera: { on: false, asking: false, error: null, returned: false },
    };
  }

  async start() {
    const { signal } = this.#watch;
    this.#began = performance.now();
    this.#timer = window.setInterval(() => this.#look(), LOOK_EVERY);
    this.#media.on("change", () => this.#look(), { signal });
    this.#look();
    try {
      const place = await this.#identity.with(async (token) => ({ token, ...(await startEcho(token, signal)) }));
      if (!this.over) this.#join(place);
    } catch (error) {
      this.#fail(error instanceof ReconveneError ? error : { code: "interrupted", message: "" });
    }
  }

  /** Leaves, and closes whatever was opened for the test. */
  stop() {
    this.over = true;
    clearInterval(this.#timer);
    this.#watch.abort();
    this.#meeting?.leave();
    this.#meeting = null;
    this.#sent.stop();
    this.#back.stop();
  }

  /** @param {{meeting: string, token: string}} place */
  #join({ meeting: id, token }) {
    const { signal } = this.#watch;
    this.#observed.answered = true;
    const client = new Reconvene({ server: HERE, getToken: () => token });
    const meeting = client.open(id, { name: t("Test"), media: this.#media, others: OTHERS });
    this.#meeting = meeting;
    meeting.on("state", (state) => (this.#observed.joined ||= state === "joined"), { signal });
    meeting.on("left", (left) => this.#fail(left), { signal });
    meeting.on("participantLeft", () => this.#fail({ code: "ended", message: "" }), { signal });
    signal.addEventListener("abort", meeting.subscribe(() => this.#look()));
  }

  /** @param {{code: string, message: string}} problem */
  #fail({ code, message }) {
    if (this.over) return;
    this.#observed.problem = { code, message };
    this.#finish();
  }

  #finish() {
    this.#observed.over = this.over = true;
    this.#observed.microphone.measured &&= this.#sent.running;
    // Before stopping, so that the panel can freeze the last picture.
    this.#judge();
    this.stop();
  }

  #look() {
    if (this.over) return;
    const elapsed = performance.now() - this.#began;
    this.#observed.slow = elapsed > SLOW;
    if (this.#observed.path) this.#connectedAt = Math.min(this.#connectedAt, elapsed);
    this.#observed.brief = elapsed < this.#connectedAt + BRIEF;
    this.#looks += 1;
    this.returned = this.#echo?.camera ?? this.returned;
    this.#listen();
    if (this.#looks % MEASURE_EVERY === 0) void this.#measure();
    this.#judge();
    // End early only if all is well: otherwise there is time to turn devices on.
    this.#wellSince = perfect(this.steps) ? Math.min(this.#wellSince, elapsed) : Infinity;
    if (elapsed > LONGEST || elapsed > this.#wellSince + LINGER) this.#finish();
  }

  get #echo() {
    return this.#meeting?.getSnapshot().participants[0];
  }

  #listen() {
    const { microphone, camera } = this.#observed;
    const { state, states, errors } = this.#media;
    Object.assign(microphone, { on: state.audio, asking: states.audio === "asking", error: errors.audio });
    Object.assign(camera, { on: state.video, asking: states.video === "asking", error: errors.video });
    this.#sent.listen(this.#media.microphone);
    this.#back.listen(this.#echo?.camera?.getAudioTracks()[0] ?? null);
    microphone.measured = this.#sent.possible && this.#back.possible;
    if (!this.#observed.path) return;
    microphone.heard ||= this.#sent.level > LOUD;
    microphone.returned ||= microphone.heard && this.#back.level > AUDIBLE;
  }

  async #measure() {
    const stats = await this.#meeting?.stats(this.#echo?.id ?? "");
    if (this.over || !stats) return;
    const { path, roundTrip, frames } = measured(stats);
    const { camera } = this.#observed;
    if (this.#echo?.connection === "connected") this.#observed.path = path ?? this.#observed.path;
    this.#observed.roundTrip = roundTrip ?? this.#observed.roundTrip;
    // The echo's connection may be replaced, and counts anew then.
    if (!camera.on || frames < this.#framesBefore) this.#framesBefore = camera.on ? 0 : frames;
    camera.returned = camera.on && (camera.returned || frames >= this.#framesBefore + FRAMES);
  }

  #judge() {
    this.steps = stepsOf(this.#observed);
    this.emit("change", null);
  }
}

/**
 * @param {RTCStatsReport} report
 * @returns {{path: "direct" | "relayed" | null, roundTrip: number | null, frames: number}} seconds; pictures decoded
 */
function measured(report) {
  const stats = /** @type {Map<string, any>} */ (/** @type {unknown} */ (report));
  const all = [...stats.values()];
  const chosen = all.find(({ type, selectedCandidatePairId }) => type === "transport" && selectedCandidatePairId);
  // Not every browser reports transports.
  const inUse = all.find(({ type, selected, nominated, state }) => type === "candidate-pair" && (selected ?? (nominated && state === "succeeded")));
  const pair = stats.get(chosen?.selectedCandidatePairId) ?? inUse;
  const ends = pair ? [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)] : [];
  const relayed = ends.some((candidate) => candidate?.candidateType === "relay");
  const video = all.filter(({ type, kind }) => type === "inbound-rtp" && kind === "video");
  return {
    path: !pair ? null : relayed ? "relayed" : "direct",
    roundTrip: pair?.currentRoundTripTime ?? null,
    frames: video.reduce((sum, { framesDecoded = 0 }) => sum + framesDecoded, 0),
  };
}
