// An application that is written against the package's types, as strictly as TypeScript can be.
import {
  LocalMedia,
  Reconvene,
  REACTIONS,
  ReconveneError,
  canCall,
  request,
  type ChatMessage,
  type ChatSnapshot,
  type ClientOptions,
  type JoinOptions,
  type Meeting,
  type MeetingState,
  type ParticipantView,
  type Snapshot,
} from "@reconvene/client";

const options: ClientOptions = { server: "https://meet.example.org", getToken: async () => "token" };
const client = new Reconvene(options);
const wish: JoinOptions = { name: "Ann", create: true, media: { audio: true }, signal: AbortSignal.timeout(1000) };

export async function join(): Promise<Meeting | null> {
  try {
    const meeting = await client.join("ABC123", wish);
    const state: MeetingState = meeting.state;
    const end: () => void = meeting.on("participantJoined", (participant: ParticipantView) => show(participant));
    meeting.on("left", ({ code, final }) => console.log(code.length, final === true, state), { signal: AbortSignal.abort() });
    meeting.on("participantLeft", ({ participant, reason }) => console.log(participant.name, reason));
    meeting.on("track", ({ track, source }) => console.log(track.kind, source === "screen"));
    meeting.me.setAudio(meeting.getSnapshot().me.audio === "off");
    meeting.on("ruled", ({ name, by, before, now }) => console.log(name, by?.length, before.may.audio, now.sends.video));
    meeting.on("happening", ({ what, participant }) => console.log(what === "lost", participant.obeys));
    meeting.on("session", ({ session, grace }) => sessionStorage.setItem(session, String(grace + 1)));
    meeting.on("error", ({ right }) => console.log(right === "screen"));
    console.log(meeting.getSnapshot().hands[0]?.length, (await meeting.stats("p_1"))?.size);
    await meeting.moderate.remove("p_1", { back: "never" });
    await meeting.moderate.mute("others", { audio: false });
    const written: ChatSnapshot = meeting.chat.getSnapshot();
    meeting.on("chat", ({ name, text }: ChatMessage) => console.log(name, text, written.unread + 1));
    await meeting.chat.send("Hi", { to: "hosts" });
    meeting.on("reaction", ({ from, emoji }) => console.log(from, REACTIONS.includes(emoji)));
    end();
    return meeting;
  } catch (error) {
    if (error instanceof ReconveneError) console.log(error.code, error.retryAfter + 1);
    return null;
  }
}

function show({ camera, sends, name }: ParticipantView): void {
  const video = document.createElement("video");
  video.srcObject = camera;
  video.title = sends.video ? name : "";
}

export function read(meeting: Meeting): Snapshot {
  const snapshot = meeting.getSnapshot();
  const first: ParticipantView | undefined = snapshot.participants[0];
  const same: ParticipantView | undefined = first && meeting.participants.get(first.id);
  console.log(same?.instance, snapshot.waiting?.position, snapshot.left?.message);
  return snapshot;
}

/** A view before the join. */
export async function before(): Promise<Meeting> {
  const media = new LocalMedia();
  media.on("change", () => console.log(media.states.audio === "asking", media.errors.video, media.inUse("audio")));
  media.open({ audio: true, video: canCall() });
  const { title } = await request(client.server, "GET", "/api/meetings/ABC123");
  return client.open("ABC123", { name: title, media, session: "of before", others: 3 });
}

// What is wrong is seen.
// @ts-expect-error: there is no such event
client.open("A").on("none", () => {});
// @ts-expect-error: what is optional is left out, not undefined
const undefinedName: JoinOptions = { name: undefined };
// @ts-expect-error: a snapshot never changes
client.open("B").getSnapshot().state = "left";
// @ts-expect-error: neither do those who are in it
client.open("B").getSnapshot().participants.push();
// @ts-expect-error: nor does what was written
client.open("B").chat.getSnapshot().messages.pop();
// @ts-expect-error: it is no public name
client.call;
// @ts-expect-error: neither is this
client.open("C").call;
// @ts-expect-error: what somebody may is read
client.open("D").getSnapshot().me.may.audio = true;
// @ts-expect-error: an order needs to know whom
void client.open("B").moderate.remove();
console.log(undefinedName);
