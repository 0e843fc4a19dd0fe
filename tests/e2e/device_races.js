// Each run that went wrong answers with its seed, with what was wrong, and with its story.
async ([from, to, steps]) => {
  const { LocalMedia } = await import("/static/sdk/devices.js");
  const KINDS = ["audio", "video"];
  const REFUSALS = ["NotAllowedError", "NotFoundError", "NotReadableError", "OverconstrainedError", "AbortError"];

  globalThis.MediaStream = class {
    tracks = [];
    addTrack(track) { this.tracks.push(track); }
    removeTrack(track) { this.tracks = this.tracks.filter((each) => each !== track); }
    getTracks() { return this.tracks; }
  };
  class Track {
    readyState = "live";
    enabled = true;
    muted = false;
    constructor(kind, label, asked) {
      Object.assign(this, { kind, label, asked });
    }
    getSettings() { return { deviceId: this.label }; }
    stop() { this.readyState = "ended"; }
    end() {
      this.stop();
      this.onended?.();
    }
    mute(muted) {
      this.muted = muted;
      this[muted ? "onmute" : "onunmute"]?.();
    }
  }

  const generator = (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  /** All microtasks are over then. */
  const turn = () =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = resolve;
      port2.postMessage(null);
    });

  const run = async (seed) => {
    const random = generator(seed);
    const pick = (list) => list[Math.floor(random() * list.length)];
    const story = [];
    const wrong = [];
    const all = { audio: ["a1", "a2", "a3"], video: ["v1", "v2"] };
    let plugged = { audio: [...all.audio], video: [...all.video] };
    /** Questions to the browser that have no answer yet. */
    let open = [];
    const tracks = [];
    const later = (what, answer, kinds = []) =>
      new Promise((resolve, reject) => open.push({ what, answer, kinds, resolve, reject }));
    const grant = (constraints, number) => {
      const given = [];
      for (const kind of KINDS) {
        if (!constraints[kind]) continue;
        const exact = constraints[kind].deviceId?.exact;
        const label = exact ? plugged[kind].find((each) => each === exact) : plugged[kind][0];
        if (!label) throw new DOMException("", exact ? "OverconstrainedError" : "NotFoundError");
        given.push(new Track(kind, label, number));
      }
      tracks.push(...given);
      const stream = new MediaStream();
      stream.tracks = given;
      return stream;
    };
    const fake = new EventTarget();
    let asked = 0;
    const listed = (kind) => plugged[kind].map((id) => ({ kind: `${kind}input`, deviceId: id, label: id }));
    fake.getUserMedia = (constraints) => {
      const number = (asked += 1);
      return later("capture", () => grant(constraints, number), KINDS.filter((kind) => constraints[kind]));
    };
    fake.enumerateDevices = () => later("list", () => KINDS.flatMap(listed));
    Object.defineProperty(navigator, "mediaDevices", { value: fake, configurable: true });
    navigator.permissions.query = () => later("permission", () => ({ state: pick(["granted", "prompt", "denied"]) }));

    const media = new LocalMedia();
    const wish = { audio: false, video: false };
    /** Whether nothing but presses decided since the last press. */
    const sure = { audio: true, video: true };
    /** What was chosen from the list, while nothing but that decided. */
    const chosen = { audio: "", video: "" };
    const doubt = (kind) => {
      sure[kind] = false;
      chosen[kind] = "";
    };
    /** By which request the last track came. */
    const latest = { audio: 0, video: 0 };
    let stopped = false;
    let told = { ...media.state };
    media.on("change", () => (told = { ...media.state }));
    const press = (kind) => {
      wish[kind] = !media.wanted[kind];
      sure[kind] = true;
      media.toggle(kind);
      if (!wish[kind] && media.state[kind]) wrong.push(`${kind} is on right after it was turned off`);
    };
    const settle = (question, refusal) => {
      open = open.filter((each) => each !== question);
      if (refusal && question.what === "capture") {
        for (const kind of question.kinds) doubt(kind);
        return question.reject(new DOMException(refusal, refusal));
      }
      try {
        question.resolve(question.answer());
      } catch (error) {
        for (const kind of question.kinds) doubt(kind);
        question.reject(error);
      }
    };
    const alive = () => tracks.filter((track) => track.readyState === "live");
    const live = (kind) => alive().filter((track) => track.kind === kind);
    const check = () => {
      for (const kind of KINDS) {
        const running = live(kind);
        const known = media.stream.getTracks().filter((track) => track.kind === kind);
        const captured = known.some((track) => track.readyState === "live" && track.enabled && !track.muted);
        if (running.length !== known.length || running.some((track) => !known.includes(track)))
          wrong.push(`${kind}: ${running.length} run, ${known.length} are known`);
        for (const { asked } of known) {
          if (asked < latest[kind]) wrong.push(`${kind}: goes back to what came of an older request`);
          latest[kind] = asked;
        }
        if (told[kind] !== captured) wrong.push(`${kind}: told ${told[kind]}, captured ${captured}`);
        if (captured && !wish[kind]) wrong.push(`${kind}: captured, and not wanted`);
        if (kind === "video" && known.length && !wish[kind]) wrong.push("video: its light is on");
      }
    };
    const end = (track) => {
      doubt(track.kind);
      track.end();
    };
    const doings = {
      press: () => press(pick(KINDS)),
      twice: () => {
        const kind = pick(KINDS);
        press(kind);
        press(kind);
      },
      choose: () => {
        const kind = pick(KINDS);
        chosen[kind] = pick(all[kind]);
        media.choose(kind, chosen[kind]);
      },
      allow: () => open.length && settle(pick(open)),
      refuse: () => open.length && settle(pick(open), pick(REFUSALS)),
      pull: () => {
        const kind = pick(KINDS);
        const id = pick(plugged[kind]);
        if (!id) return;
        plugged[kind] = plugged[kind].filter((each) => each !== id);
        for (const track of live(kind)) if (track.label === id) end(track);
        fake.dispatchEvent(new Event("devicechange"));
      },
      plug: () => {
        const kind = pick(KINDS);
        const missing = all[kind].filter((id) => !plugged[kind].includes(id));
        if (missing.length) plugged[kind].push(pick(missing));
        chosen[kind] = ""; // It may be one that was in use before.
        fake.dispatchEvent(new Event("devicechange"));
      },
      end: () => alive().length && end(pick(alive())),
      mute: () => {
        const track = pick(alive());
        if (track) track.mute(!track.muted);
      },
    };
    const often = [...Object.keys(doings), "press", "allow", "allow", "allow"];

    if (random() < 0.7) {
      wish.audio = wish.video = true;
      media.open({ audio: true, video: true });
    }
    for (let step = 0; step < steps && !wrong.length; step += 1) {
      const name = pick(often);
      story.push(name);
      doings[name]();
      await turn();
      check();
    }
    // In the end everything is plugged in and answered.
    if (random() < 0.3) {
      stopped = true;
      wish.audio = wish.video = false;
      media.stop();
    }
    plugged = { audio: [...all.audio], video: [...all.video] };
    for (const track of alive()) if (track.muted) track.mute(false);
    for (let rounds = 0; open.length && rounds < 200; rounds += 1) {
      settle(open[0]);
      await turn();
      check();
    }
    if (open.length) wrong.push("it never stops asking");
    for (const kind of KINDS) {
      if (media.states[kind] === "asking") wrong.push(`${kind} waits for ever`);
      if (stopped ? live(kind).length : sure[kind] && media.state[kind] !== wish[kind])
        wrong.push(`${kind} ends as ${media.state[kind]}, wanted ${wish[kind]}`);
    }
    for (const { kind, label } of media.stream.getTracks())
      if (sure[kind] && chosen[kind] && label !== chosen[kind]) wrong.push(`${kind} is ${label}, chosen ${chosen[kind]}`);
    media.stop();
    return wrong.length ? { seed, wrong: [...new Set(wrong)], story: story.join(" ") } : null;
  };

  const failures = [];
  for (let seed = from; seed < to; seed += 1) {
    const failure = await run(seed);
    if (failure) failures.push(failure);
  }
  return failures;
}
