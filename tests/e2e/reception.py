"""What of somebody else's picture and sound arrives at a page: statistics, and how steadily it is shown."""

from __future__ import annotations

from dataclasses import dataclass

# From now on: how often somebody's tile went away or lost its picture.
WATCH_TILE = """(id) => {
  globalThis.flickers = [];
  const tile = document.querySelector(`.tile[data-kind="person"][data-participant-id="${id}"]`);
  const note = (what) => flickers.push(what);
  new MutationObserver((changes) => {
    for (const { attributeName, oldValue } of changes)
      if (oldValue !== tile.getAttribute(attributeName)) note(`${attributeName}: ${oldValue}`);
  }).observe(tile, { attributeFilter: ["data-video", "data-picture", "data-connection"], attributeOldValue: true });
  new MutationObserver(() => tile.isConnected || note("gone")).observe(tile.parentElement, { childList: true });
  tile.querySelector("video").addEventListener("emptied", () => note("emptied"));
}"""

RECEIVED = """async (id) => {
  const stats = await window.reconvene.meeting?.stats(id);
  const video = document.querySelector(`.tile[data-kind="person"][data-participant-id="${id}"] video`);
  const received = { frames: 0, packets: 0, energy: 0, time: video?.currentTime ?? 0 };
  for (const report of stats?.values() ?? []) {
    if (report.type !== "inbound-rtp") continue;
    if (report.kind === "video") received.frames += report.framesDecoded;
    if (report.kind === "audio") {
      received.packets += report.packetsReceived;
      received.energy += report.totalAudioEnergy ?? 0;
    }
  }
  return received;
}"""


@dataclass(frozen=True, slots=True)
class Received:
    """What came from somebody so far, and how long their picture has been playing."""

    frames: int
    packets: int
    energy: float
    time: float
