/** What test_sdk.py has the client library do in a page of another site. Each answers what came of it. */

const options = { name: "Ann", create: true, media: false };

/** Waits until that holds of a snapshot. */
export const until = (meeting, holds) =>
  new Promise((resolve) => {
    const look = () => holds(meeting.getSnapshot()) && (end(), resolve(meeting.getSnapshot()));
    const end = meeting.subscribe(look);
    look();
  });

/** The code of the error that comes, or its name. */
const failed = (promise) =>
  promise.then(
    () => "nothing",
    (error) => (typeof error.code === "string" ? error.code : error.name),
  );

const next = (meeting, event) => new Promise((resolve) => meeting.on(event, resolve));

export async function joining({ Reconvene }, server) {
  const client = new Reconvene();
  const [one, two] = await Promise.all([client.join("TWICE", options), client.join(" twice", options)]);
  const cancelled = failed(client.join("CANCEL", options));
  client.open("CANCEL").leave();
  const controller = new AbortController();
  const aborted = failed(client.join("ABORT", { ...options, signal: controller.signal }));
  controller.abort();
  const before = failed(client.join("BEFORE", { ...options, signal: AbortSignal.abort() }));
  const reasons = [await cancelled, await aborted, await before];
  const again = await client.join("CANCEL", options);
  one.leave();
  one.leave();
  const three = await client.join("TWICE", options);
  return {
    same: one === two,
    other: three !== one,
    server: client.server === server,
    reasons,
    states: [one.state, again.state, three.state],
    left: one.getSnapshot().left,
    unknown: await failed(client.join("NOBODY", { name: "Ann" })),
    id: await failed(client.join()),
    // Nothing of it can be seen: the server refuses it.
    name: await failed(client.join("TWICE-2", { ...options, name: " " })),
  };
}

/** `unaware`: a server that knows nothing of this page's origin. */
export async function wrong({ Reconvene, ReconveneError }, server, unaware) {
  const address = (text) => {
    try {
      return new Reconvene({ server: text }).server;
    } catch (error) {
      return error.name;
    }
  };
  const join = (client) => failed(new Reconvene(client).join("TOKENS", { create: true }));
  const hanging = new Reconvene({ getToken: () => new Promise(() => {}) });
  const hung = failed(hanging.join("HANGING", options));
  hanging.open("HANGING").leave();
  const thrown = () => {
    throw new Error("no!");
  };
  return {
    addresses: [address("ftp://x"), address("no address"), address(`${server}/`) === server],
    tokens: [
      await join({ getToken: thrown }),
      await join({ getToken: async () => null }),
      await join({ getToken: async () => 7 }),
      await join({ getToken: async () => "gibberish" }),
      await join({ getToken: () => Promise.reject(new ReconveneError("by_us", "We say so.")) }),
      await hung,
    ],
    servers: [await join({ server: unaware }), await join({ server: location.origin }), await join({ server: "http://127.0.0.1:9" })],
  };
}

export const limited = ({ Reconvene }) =>
  new Reconvene().join("LIMITED", options).catch(({ code, message, retryAfter }) => [code, message, retryAfter]);

export async function orders({ Reconvene }) {
  const host = await new Reconvene().join("ORDERS", options);
  await host.moderate.settings({ lobby: "everyone", message: "A moment." });
  const told = [];
  host.on("knock", ({ name }) => told.push(`${name} knocks`));
  host.on("participantJoined", ({ name, sends }) => told.push(`${name} joins ${sends.audio}`));
  host.on("participantChanged", ({ name, sends }) => told.push(`${name} changes ${sends.audio}`));
  host.on("participantLeft", ({ participant, reason }) => told.push(`${participant.name} ${reason}`));
  const guest = await new Reconvene().join("ORDERS", { ...options, name: "Bob" });
  const waits = guest.getSnapshot();
  const early = await failed(guest.moderate.end());
  const { knocks } = await until(host, ({ knocks }) => knocks.length);
  await host.moderate.admit(knocks[0].id);
  await until(guest, ({ state }) => state === "joined");
  const seen = await until(host, ({ participants }) => participants.length);

  const asking = next(guest, "asked");
  await host.moderate.ask(guest.me.id);
  const asked = await asking;
  guest.me.setAudio(true);
  const after = await until(host, ({ participants: [{ sends }] }) => sends.audio);
  const hearing = next(host, "signal");
  guest.signal(host.me.id, { any: ["thing"] });
  const { from, data } = await hearing;
  const refused = [
    await failed(guest.moderate.mute("others")),
    await failed(host.moderate.remove("p_nobody")),
    await failed(host.moderate.settings({ locked: true }, { revision: 0 })),
  ];

  const other = await new Reconvene().join("ORDERS-2", options);
  const unanswered = failed(other.moderate.settings({ locked: true }));
  other.leave();

  const ending = next(guest, "left");
  await host.moderate.remove(guest.me.id);
  const left = await ending;
  await until(host, ({ participants }) => !participants.length);
  await host.moderate.end();
  const { left: end } = await until(host, ({ state }) => state === "left");
  return {
    waits: [waits.state, waits.waiting.message, waits.participants.length],
    early,
    told,
    asked: asked.media,
    from: [from === seen.participants[0].id, asked.from === host.me.id],
    data,
    refused,
    unanswered: await unanswered,
    left: [left.code, left.final],
    end: end.code,
    me: [seen.me.inCharge, seen.me.role],
    frozen: [seen, seen.participants, seen.participants[0], seen.me].every(Object.isFrozen),
    // What has not changed is the same object, what has is another.
    same: [seen.settings === after.settings, seen.me === after.me, seen.participants === after.participants],
    stale: seen.participants[0].sends.audio,
    late: await failed(host.moderate.end()),
  };
}

/** What is announced and ruled is told, with who has done it; hands are known in their order. */
export async function rules({ Reconvene }) {
  const host = await new Reconvene().join("RULES", options);
  const more = [];
  const say = (...words) => more.push(words.join(" "));
  host.on("happening", ({ what, participant: { name, hand } }) => say(name, what, hand));
  host.on("knockEnded", ({ name, reason, by }) => say(name, reason, by === host.me.id));
  host.on("meetingChanged", ({ before, settings, by }) => say(before.locked, settings.locked, by === host.me.id));
  host.on("ruled", ({ name, by, before, now }) => {
    const told = ({ role, may, sends, hand }) => `${role} ${[may.audio, sends.audio, hand].map(Number).join("")}`;
    say(name, told(before), "→", told(now), by === host.me.id);
  });
  await host.moderate.settings({ lobby: "everyone" });
  const guest = await new Reconvene().join("RULES", { ...options, name: "Bob" });
  const { knocks } = await until(host, ({ knocks }) => knocks.length);
  await host.moderate.admit(knocks[0].id);
  await until(guest, ({ state }) => state === "joined");
  guest.me.setHand(true);
  await until(host, ({ hands }) => hands[0] === guest.me.id);
  host.me.setHand(true);
  await until(guest, ({ hands }) => hands.length === 2 && hands[1] === host.me.id);
  guest.me.setAudio(true);
  await until(host, ({ participants: [{ sends }] }) => sends.audio);
  await host.moderate.allow(guest.me.id, { audio: false });
  const forbidden = await until(guest, ({ me }) => !me.may.audio && !me.sends.audio);
  const refusing = next(guest, "error");
  guest.me.setAudio(true);
  const { code, right } = await refusing;
  await host.moderate.setRole(guest.me.id, "cohost");
  await host.moderate.lowerHands([guest.me.id, host.me.id]);
  await until(guest, ({ hands }) => !hands.length);
  await host.moderate.settings({ locked: true });
  guest.leave();
  await until(host, ({ participants }) => !participants.length);
  return { more, refused: [code, right], may: [forbidden.me.may.audio, forbidden.me.may.video, Object.isFrozen(forbidden.me.may)] };
}

/** What a `session` event says gets the place back, with nothing else that says who the user is. */
export async function held({ Reconvene }) {
  const meeting = new Reconvene().open("HELD", options);
  const kept = [];
  const here = new Promise((resolve) => meeting.on("session", (held) => (kept.push(held), resolve())));
  await Promise.all([here, meeting.answered]);
  const { id } = meeting.me;
  const ids = [];
  for (const client of [new Reconvene(), new Reconvene({ getToken: () => null })]) {
    const again = client.open("HELD", { ...options, session: kept.at(-1).session });
    again.on("session", (held) => kept.push(held));
    await again.answered;
    ids.push(again.me.id === id, again.participants.size);
  }
  const { left } = await until(meeting, ({ state }) => state === "left");
  return { ids, grace: kept.every(({ grace }) => grace > 0), left: left.code };
}

/** Keeps the meeting in `window`, for what comes. */
export async function stay({ Reconvene }, server, { id = "RESTART", ...more } = {}) {
  const client = new Reconvene({ server, storage: localStorage });
  const meeting = await client.join(id, { ...options, ...more });
  const states = [];
  meeting.on("state", (state) => states.push(state));
  const told = [];
  for (const event of ["participantJoined", "participantLeft"]) {
    meeting.on(event, ({ name, participant }) => told.push(`${event} ${(participant ?? { name }).name}`));
  }
  Object.assign(window, { client, meeting, states, told, until });
  show(meeting);
  return { id: meeting.me.id, role: meeting.me.role, keys: Object.keys(localStorage) };
}

/** Plays everybody, in an element named for them. */
function show(meeting) {
  const look = () => {
    for (const { id, camera } of meeting.participants.values()) {
      const video = document.getElementById(id) ?? document.body.appendChild(Object.assign(document.createElement("video"), { id, autoplay: true }));
      if (video.srcObject !== camera) video.srcObject = camera;
    }
  };
  meeting.subscribe(look);
  look();
}

const BIDI = "a\u202eb\u200bc";
const said = ({ chat }) => chat.getSnapshot().messages.map(({ text, deleted }) => (deleted ? null : text));
const wrote = (meeting, ...texts) =>
  new Promise((resolve) => {
    const look = () => texts.join() === said(meeting).join() && (end(), resolve());
    const end = meeting.chat.subscribe(look);
    look();
  });

export async function chats({ Reconvene, REACTIONS }, server) {
  const join = (name) => new Reconvene({ server }).join("CHATS", { ...options, name });
  const [ann, ben, cleo] = [await join("Ann"), await join("Ben"), await join("Cleo")];
  const heard = [];
  ben.on("chat", ({ name, text, to }) => heard.push(`${name}: ${text}${to ? " (to one)" : ""}`));
  ann.on("chat", ({ text, to }) => heard.push(`${text} (to ${to})`));
  await Promise.all([wrote(ann), wrote(ben), wrote(cleo)]);
  const sending = ann.chat.send("<b>One</b>");
  const onItsWay = ann.chat.getSnapshot().outgoing.map(({ text, refused }) => [text, refused]);
  await sending;
  await ann.chat.send(BIDI, { to: ben.me.id, replyTo: ann.chat.getSnapshot().messages[0].id });
  await wrote(ben, "<b>One</b>", "abc");
  const before = ben.chat.getSnapshot();
  const [, own] = before.messages;
  ben.chat.read();
  const counts = [before.unread, ben.chat.getSnapshot().unread, ben.chat.getSnapshot() === ben.chat.getSnapshot()];
  // What is refused says why, and stays.
  const [one, two] = before.messages.map(({ id }) => id);
  const refusals = [
    await failed(ann.chat.send("x".repeat(2001))),
    await failed(ann.chat.send("\n".repeat(100_000))),
    await failed(ann.chat.send("\u200b")),
    await failed(ann.chat.send("to nobody", { to: "p_nobody" })),
    await failed(ben.chat.edit(one, "Not mine")),
    await failed(ben.chat.delete(one)),
    await failed(ben.chat.edit("m_none", "Nothing")),
  ];
  const refused = ann.chat.getSnapshot().outgoing.map(({ refused: why }) => why.code);
  const again = await failed(ann.chat.retry(ann.chat.getSnapshot().outgoing[0].key));
  for (const { key } of ann.chat.getSnapshot().outgoing) ann.chat.discard(key);
  await ann.chat.edit(one, "Uno");
  await ann.chat.delete(two);
  await ann.chat.delete(two);
  await wrote(ben, "Uno", null);
  await ann.moderate.settings({ chat: "hosts" });
  await until(ben, ({ settings }) => settings.chat === "hosts");
  const reach = [ann, ben].map(({ chat }) => chat.getSnapshot().reach);
  const tooMuch = await failed(ben.chat.send("To all"));
  await ben.chat.send("Please", { to: "hosts" });
  await wrote(ann, "Uno", null, "Please");
  const reacted = next(cleo, "reaction");
  const wrong = next(ben, "error");
  ben.react("no reaction");
  ben.react(REACTIONS[0]);
  const reaction = await reacted;
  const results = { onItsWay, counts, refusals, refused, again, reach, tooMuch, heard, cleo: said(cleo) };
  results.own = [own.to === ben.me.id, own.replyTo === one, own.name];
  results.reaction = [reaction.from === ben.me.id, reaction.emoji, (await wrong).code];
  results.empty = ann.chat.getSnapshot().outgoing.length;
  ben.leave();
  results.left = await failed(ben.chat.send("Gone"));
  return results;
}

/** Those in charge come in, and whoever else has to wait. The clients stay in `window`, for the next time. */
export async function comeBy({ Reconvene }, server) {
  window.clients ??= [new Reconvene({ server }), new Reconvene({ server })];
  const [host, guest] = window.clients;
  const theirs = await host.join("RENEWED", options);
  await theirs.moderate.settings({ lobby: "everyone" });
  const its = await guest.join("RENEWED", { ...options, name: "Bob" });
  const came = [theirs.me.id, theirs.me.role, its.state];
  its.leave();
  theirs.leave();
  return came;
}

export async function again({ Reconvene }, server, times) {
  const client = new Reconvene();
  for (let time = 0; time < times; time += 1) {
    const meeting = await client.join("AGAIN", { name: "Ann", create: true });
    meeting.on("state", () => {});
    meeting.leave();
  }
}
