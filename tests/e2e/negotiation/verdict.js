/** What two peers have to agree on in the end. */

/** Of a camera, for how many it is shown to. */
const SCALES = { 1: 1, 3: 1.5, 8: 3 };

/** @returns {string[]} what is wrong between the two now */
export function wrongs(sides) {
  const wrong = [];
  for (const { peer, media, facing, shows } of sides) {
    const { pc, other } = peer;
    const note = (text) => wrong.push(`${pc.constructor.name} facing ${other.id}: ${text}`);
    if (pc.signalingState !== "stable") note(pc.signalingState);
    if (pc.connectionState !== "connected") note(pc.connectionState);
    // What a shown track carries is what the sender of the same section is given.
    const arriving = (/** @type {ModelStream | null} */ stream) =>
      (stream?.getTracks() ?? [])
        .map((track) => pc.getTransceivers().find(({ receiver }) => receiver.track === track))
        .map((here) => here && !here.receiver.track.muted && facing.peer.pc.getTransceivers().find(({ mid }) => mid === here.mid))
        .map((there) => (there ? there.sender.track : null))
        .filter(Boolean);
    const shown = arriving(peer.screen);
    const theirs = facing.media.screen?.getTracks() ?? [];
    if (shown.length !== theirs.length || theirs.some((track) => !shown.includes(track))) note(`screen ${shown.length} of ${theirs.length} tracks`);
    if (peer.screen && !facing.media.screen) note("a screen that ended still shows");
    const seen = arriving(peer.camera);
    const captured = [facing.media.microphone, facing.media.camera].filter(Boolean);
    if (seen.length !== captured.length || captured.some((track) => !seen.includes(track))) note(`camera ${seen.length} of ${captured.length} tracks`);
    for (const source of ["camera", "screen"]) {
      const encoding = encodingOf(facing, source);
      if (encoding && !suits(encoding, source === "camera" ? SCALES[facing.size] : 1, shows[source])) note(`${source} is shown ${shows[source]} and encoded as ${JSON.stringify(encoding)}`);
    }
    if (media.screen && peer.camera.getTracks().length > 2) note("more than a camera and a microphone");
  }
  return wrong;
}

/** How somebody's camera or screen is encoded for the other. @param {"camera" | "screen"} source */
function encodingOf({ peer, media }, source) {
  const track = source === "camera" ? media.camera : media.screen?.getVideoTracks()[0];
  const sender = peer.pc.getTransceivers().find((transceiver) => transceiver.sender.track === track)?.sender;
  return track ? sender?.encoding : undefined;
}

/** @param {number} scale  of what is shown large @param {"none" | "small" | "large"} size */
function suits({ active, scaleResolutionDownBy = 1 }, scale, size) {
  if (size === "none") return !active;
  return active && (size === "small" ? scaleResolutionDownBy >= 3 : scaleResolutionDownBy === scale);
}
