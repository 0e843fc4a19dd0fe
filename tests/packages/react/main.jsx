import { Reconvene } from "@reconvene/client";
import { ReconveneProvider, useMeeting, useMeetingEvent, useSnapshot } from "@reconvene/react";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

const query = new URLSearchParams(location.search);
const client = new Reconvene({ server: query.get("server") });

function Call() {
  const meeting = useMeeting("REACT", { name: query.get("name"), create: true, media: false });
  const snapshot = useSnapshot(meeting);
  const [came, setCame] = useState([]);
  useMeetingEvent(meeting, "participantJoined", ({ name }) => setCame([...came, name]));
  if (!snapshot) return <p>nothing</p>;
  return (
    <>
      <p id="state">{snapshot.state}</p>
      <p id="others">{snapshot.participants.map(({ name, sends }) => `${name} ${sends.audio}`).join(", ")}</p>
      <p id="came">{came.join(", ")}</p>
      <button onClick={() => meeting.me.setAudio(snapshot.me.audio === "off")}>Microphone</button>
    </>
  );
}

function Application() {
  const [isOpen, setOpen] = useState(true);
  return (
    <ReconveneProvider client={client}>
      {isOpen ? <Call /> : <p id="closed">closed</p>}
      <button onClick={() => setOpen(!isOpen)}>Open or close</button>
    </ReconveneProvider>
  );
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <Application />
  </StrictMode>,
);
