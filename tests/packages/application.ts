// An application that is written against the package's types, as strictly as TypeScript can be.
import {
  Reconvene,
  REACTIONS,
  ReconveneError,
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
// @ts-expect-error: an order needs to know whom
void client.open("B").moderate.remove();
console.log(undefinedName);
