/**
 * Two peers (static/sdk/peer-connection.js) over modelled connections and a line that holds signals back and loses them,
 * while both turn screens, cameras and microphones on and off. Whatever happened, it ends right and quiet.
 */
import { Chromium, Firefox } from "./browsers.js";
import { Clock, chanceOf } from "./clock.js";
import { ModelConnection } from "./connection.js";
import { ModelStream, ModelTrack } from "./media.js";
import { wrongs } from "./verdict.js";

const BROWSERS = { Chromium, Firefox };
/** Milliseconds of virtual time. Two peers that are stuck are helped on after 10 s, then 20, then 40. */
const TO_SETTLE = 150_000;
const QUIET = 60_000;
const SOON = 8_000;
/** Of one peer, in one second and altogether. Two pages that loop make dozens, without end. */
const MOST_OFFERS = { second: 12, altogether: 250 };

const realTimers = { setTimeout: window.setTimeout, clearTimeout: window.clearTimeout };

/** What one side captures. */
class Media {
  microphone = null;
  camera = null;
  screen = null;
  stream = new ModelStream();

  toggle(what, chance) {
    if (what === "screen") {
      const sound = chance() < 0.5 ? [new ModelTrack("audio")] : [];
      this.screen?.getTracks().forEach((track) => track.stop());
      this.screen = this.screen ? null : new ModelStream([new ModelTrack("video"), ...sound]);
    } else if (what === "camera") {
      this.camera?.stop();
      this.camera = this.camera ? null : new ModelTrack("video");
    } else {
      this.microphone ??= new ModelTrack("audio");
      this.microphone.enabled = !this.microphone.enabled;
    }
  }
}

/** Signals one way: in order, some time later. What is written while the server is away waits here. */
class Line {
  #waiting = [];
  #due = 0;
  away = false;

  constructor(world, deliver) {
    this.world = world;
    this.deliver = deliver;
  }

  send(data) {
    this.#waiting.push(JSON.parse(JSON.stringify(data)));
    this.#flow();
  }

  hold() {
    this.away = true;
  }

  /** @param {number} lost  how many of the oldest are gone */
  open(lost = 0) {
    this.#waiting.splice(0, lost);
    this.away = false;
    this.#flow();
  }

  get length() {
    return this.#waiting.length;
  }

  #flow() {
    if (this.away || this.#due || !this.#waiting.length) return;
    const { clock, chance } = this.world;
    this.#due = clock.after(
      () => {
        this.#due = 0;
        if (this.away || !this.#waiting.length) return;
        this.deliver(this.#waiting.shift());
        this.#flow();
      },
      1 + chance() * this.world.latency,
    );
  }
}

class World {
  clock = new Clock();
  connections = [];
  cutAt = -1;
  #names = 0;
  #mending = 0;
  #failing = 0;

  constructor(seed) {
    this.chance = chanceOf(seed);
    this.effort = [1, 15, 120][Math.floor(this.chance() * 3)];
    this.latency = [2, 40, 400][Math.floor(this.chance() * 3)];
  }

  name() {
    return `u${(this.#names += 1)}`;
  }

  /** Connected are two that know each other's user fragments of the moment, made since the path was last cut. */
  look() {
    const [one, other] = this.connections;
    if (!one || !other || this.#mending || !this.#reach(one, other) || !this.#reach(other, one)) return;
    this.#mending = this.clock.after(() => {
      this.#mending = 0;
      if (!this.#reach(one, other) || !this.#reach(other, one)) return;
      this.clock.cancel(this.#failing);
      one.connect("connected");
      other.connect("connected");
    }, 30);
  }

  #reach(from, to) {
    const ufrag = to.current.local?.ufrag;
    if (!ufrag || from.current.remote?.ufrag !== ufrag || to.madeAt.get(ufrag) <= this.cutAt) return false;
    return [...from.reach].some((known) => known.startsWith(`${ufrag} `));
  }

  cut() {
    this.cutAt = this.clock.now;
    this.clock.cancel(this.#failing);
    const all = (state) => this.connections.forEach((pc) => pc.connectionState !== "new" && pc.connect(state));
    this.#failing = this.clock.after(() => {
      all("disconnected");
      this.#failing = this.clock.after(() => all("failed"), 15_000);
    }, 5_000);
  }
}

class Side {
  media = new Media();
  /** When each offer was sent, and each word of what is shown. */
  offers = [];
  words = [];
  /** What it shows of the other. */
  shows = { camera: "large", screen: "large" };
  size = 1;

  constructor(world, browser, PeerConnection, me, other) {
    this.world = world;
    globalThis.RTCPeerConnection = BROWSERS[browser];
    this.line = new Line(world, (data) => this.facing.peer.receive(data));
    this.peer = new PeerConnection(me, other, [], this.media, (data) => {
      if (data.description?.type === "offer") this.offers.push(world.clock.now);
      if (data.show) this.words.push(world.clock.now);
      if (this.offers.length > MOST_OFFERS.altogether) world.clock.halt();
      this.line.send(data);
    });
  }

  /** @param {string} what @param {number} [times]  in one moment */
  toggle(what, times = 1) {
    for (let count = 0; count < times; count += 1) {
      this.media.toggle(what, this.world.chance);
      this.peer.update();
    }
  }

  show() {
    const size = () => ["none", "small", "large"][Math.floor(this.world.chance() * 3)];
    this.shows = { camera: size(), screen: size() };
    this.peer.show(this.shows);
  }

  /** Others come and go, who are shown its camera. */
  gather() {
    this.size = [1, 3, 8][Math.floor(this.world.chance() * 3)];
    this.peer.adapt(this.size);
  }

  get burst() {
    return Math.max(0, ...this.offers.map((at) => this.offers.filter((other) => other >= at && other < at + 1000).length));
  }
}

/** What happens, each with how often. */
const EVENTS = [
  [6, ({ any }) => any().toggle("screen")],
  [3, ({ sides }) => sides.forEach((side) => side.toggle("screen"))],
  [2, ({ any }) => any().toggle("camera")],
  [1, ({ sides }) => sides.forEach((side) => side.toggle("camera"))],
  [1, ({ any }) => any().toggle("microphone")],
  [1, ({ any }) => any().toggle("screen", 2)],
  [1, ({ any }) => any().toggle("camera", 2)],
  [3, holdBack],
  [1, snapshot],
  [1, restart],
  [0.5, ({ any }) => any().peer.pc.restartIce()],
  [0.5, ({ world }) => world.cut()],
  [1, ({ any }) => any().peer.renew([])],
  [2, ({ any }) => any().show()],
  [1, ({ sides }) => sides.forEach((side) => [1, 2, 3].forEach(() => side.gather()))],
  [1, ({ sides }) => sides.forEach((side) => [1, 2, 3, 4].forEach(() => side.show()))],
];

/** A network is away for a while, for one or both directions; nothing is lost. */
function holdBack({ world, any }) {
  const { line } = any();
  line.hold();
  world.clock.after(() => line.open(), 100 + world.chance() * 6_000);
}

/** One side comes back after a while and could not be told all it had missed. */
function snapshot({ world, any }) {
  const side = any();
  side.facing.line.hold();
  world.clock.after(
    () => {
      side.facing.line.open(Math.floor(world.chance() * (side.facing.line.length + 1)));
      side.peer.recover();
    },
    100 + world.chance() * 6_000,
  );
}

/** The server is killed, with all that was on its way; what is written meanwhile is sent to the next. */
function restart({ world, sides }) {
  const lost = sides.map(({ line }) => {
    line.hold();
    return line.length;
  });
  sides.forEach(({ line, peer }, index) => {
    world.clock.after(
      () => {
        line.open(lost[index]);
        peer.recover();
      },
      500 + world.chance() * 4_000,
    );
  });
}

/** @returns {Promise<string[]>} what is wrong at the end of the run */
async function run(PeerConnection, seed, browsers) {
  const world = new World(seed);
  ModelConnection.world = world;
  window.setTimeout = (act, delay) => world.clock.after(act, delay);
  window.clearTimeout = (id) => world.clock.cancel(id);
  const people = [{ id: "p_a", instance: "i_a" }, { id: "p_b", instance: "i_b" }];
  if (world.chance() < 0.5) people.reverse();
  const sides = people.map((me, index) => new Side(world, browsers[index], PeerConnection, me, people[1 - index]));
  const [one, other] = sides;
  one.facing = other;
  other.facing = one;
  const any = () => sides[Math.floor(world.chance() * 2)];

  for (const side of sides) if (world.chance() < 0.7) side.media.toggle("camera");
  for (const side of sides) if (world.chance() < 0.7) side.media.toggle("microphone");
  for (const side of sides) if (world.chance() < 0.3) side.show();
  for (const side of sides) world.clock.after(() => side.peer.start(), world.chance() * 300);
  if (world.chance() < 0.5) await world.clock.pass(2_000);
  const whole = EVENTS.reduce((sum, [weight]) => sum + weight, 0);
  const count = 5 + Math.floor(world.chance() * 25);
  for (let index = 0; index < count; index += 1) {
    let ticket = world.chance() * whole;
    const [, happen] = EVENTS.find(([weight]) => (ticket -= weight) < 0) ?? EVENTS[0];
    happen({ world, sides, any });
    await world.clock.pass(world.chance() < 0.1 ? world.chance() * 8_000 : world.chance() * 500);
  }

  await world.clock.pass(TO_SETTLE);
  if (world.clock.halted) return ["offers without end"];
  const settled = sides.map(({ offers }) => offers.length);
  await world.clock.pass(QUIET);
  if (world.clock.halted) return ["offers without end"];
  const wrong = [];
  sides.forEach(({ offers }, index) => offers.length > settled[index] && wrong.push(`${offers.length - settled[index]} offers in quiet`));
  wrong.push(...wrongs(sides));
  // What is asked for now is done at once, whatever was before.
  for (const side of sides) {
    side.toggle("screen");
    await world.clock.pass(SOON);
    wrong.push(...wrongs(sides).map((text) => `after a last toggle: ${text}`));
  }
  for (const { burst } of sides) if (burst > MOST_OFFERS.second) wrong.push(`${burst} offers in a second`);
  for (const { words } of sides) if (words.some((at, index) => at - words[index - 1] < 1_000)) wrong.push("says what it shows without end");
  for (const { peer } of sides) peer.stop();
  return wrong;
}

/**
 * Each seed with each pair of browsers.
 * @param {number} first @param {number} last @param {[string, string][]} pairs @param {number} most  failures, and it ends
 * @returns {Promise<{runs: number, failed: string[]}>}
 */
export async function simulate(first, last, pairs, most) {
  Object.assign(globalThis, { MediaStream: ModelStream });
  const { PeerConnection } = await import("/static/sdk/peer-connection.js");
  const warnings = [];
  const { warn } = console;
  console.warn = (...texts) => warnings.push(texts.map(String).join(" "));
  const failed = [];
  let runs = 0;
  for (let seed = first; seed < last && failed.length < most; seed += 1) {
    for (const pair of pairs) {
      warnings.length = 0;
      const wrong = await run(PeerConnection, seed, pair);
      wrong.push(...warnings);
      runs += 1;
      if (wrong.length) failed.push(`seed ${seed}, ${pair.join(" and ")}: ${[...new Set(wrong)].slice(0, 6).join("; ")}`);
    }
  }
  console.warn = warn;
  Object.assign(window, realTimers);
  return { runs, failed };
}
