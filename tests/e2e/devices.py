"""Scripts that stand between a page and its devices, for what no machine of a test has: a prompt that nobody answers,
a microphone that is pulled out. What they give out in the end are the browser's own fake devices."""

from __future__ import annotations

from tests.e2e.onlooker import Onlooker
from tests.e2e.person import Person

PROMPTS = """(() => {
  if (!navigator.mediaDevices) return; // The blank page from before.
  const { mediaDevices } = navigator;
  const ask = mediaDevices.getUserMedia.bind(mediaDevices);
  globalThis.prompts = {
    open: [],
    granted: [],
    asked: 0,
    // Over reloads, until it is answered.
    get held() { return sessionStorage.getItem("prompts") !== null; },
    hold() { sessionStorage.setItem("prompts", ""); },
    async allow() {
      sessionStorage.removeItem("prompts");
      await Promise.all(this.open.splice(0).map(({ constraints, resolve }) => give(constraints).then(resolve)));
    },
    refuse() {
      sessionStorage.removeItem("prompts");
      for (const { reject } of this.open.splice(0)) reject(new DOMException("Permission denied", "NotAllowedError"));
    },
    running(kind) { return this.granted.filter((track) => track.kind === kind && track.readyState === "live").length; },
  };
  const give = async (constraints) => {
    const stream = await ask(constraints);
    prompts.granted.push(...stream.getTracks());
    return stream;
  };
  mediaDevices.getUserMedia = (constraints) => {
    prompts.asked += 1;
    if (!prompts.held) return give(constraints);
    return new Promise((resolve, reject) => prompts.open.push({ constraints, resolve, reject }));
  };
})();"""
"""`prompts.hold()`: from now on the browser asks, and nobody answers before `allow()` or `refuse()`."""

PLUGS = """(() => {
  if (!navigator.mediaDevices) return; // The blank page from before.
  const { mediaDevices } = navigator;
  const ask = mediaDevices.getUserMedia.bind(mediaDevices);
  const device = (kind, deviceId) => ({ kind: `${kind}input`, deviceId, groupId: deviceId, label: deviceId });
  const ofKind = (kind) => plugs.list.filter((each) => each.kind === `${kind}input`);
  const running = new Map();
  globalThis.plugs = {
    list: Object.entries({ audio: ["Headset", "Built-in"], video: ["Webcam", "Lid"] }).flatMap(([kind, labels]) =>
      labels.map((label) => device(kind, label))),
    asked: 0,
    permission: "granted",
    plugIn(kind, label) {
      this.list.unshift(device(kind, label));
      mediaDevices.dispatchEvent(new Event("devicechange"));
    },
    // As browsers do: the device leaves the list, its track ends, and the change is told.
    pullOut(kind, label) {
      this.list = this.list.filter(({ deviceId }) => deviceId !== label);
      for (const [track, its] of running) if (its === label && track.readyState === "live") end(track);
      mediaDevices.dispatchEvent(new Event("devicechange"));
    },
    takeAway(label) {
      for (const [track, its] of running) if (its === label && track.readyState === "live") end(track);
    },
    mute(label, muted) {
      for (const [track, its] of running) {
        if (its !== label || track.readyState !== "live") continue;
        Object.defineProperty(track, "muted", { value: muted, configurable: true });
        track.dispatchEvent(new Event(muted ? "mute" : "unmute"));
      }
    },
  };
  const end = (track) => {
    track.stop();
    track.dispatchEvent(new Event("ended"));
  };
  const find = (kind, { deviceId } = {}) => {
    const found = ofKind(kind);
    if (!found.length) throw new DOMException("Requested device not found", "NotFoundError");
    const exact = deviceId?.exact;
    const chosen = exact ? found.find((each) => each.deviceId === exact) : found[0];
    if (!chosen) throw new DOMException("", "OverconstrainedError");
    return chosen.deviceId;
  };
  mediaDevices.enumerateDevices = async () => [...plugs.list];
  navigator.permissions.query = async () => ({ state: plugs.permission });
  mediaDevices.getUserMedia = async (constraints) => {
    plugs.asked += 1;
    const wanted = Object.entries(constraints).filter(([, each]) => each);
    const chosen = new Map(wanted.map(([kind, each]) => [kind, find(kind, each)]));
    const stream = await ask(Object.fromEntries(wanted.map(([kind]) => [kind, true])));
    for (const track of stream.getTracks()) {
      const label = chosen.get(track.kind);
      running.set(track, label);
      Object.defineProperty(track, "label", { value: label });
      track.getSettings = () => ({ deviceId: label });
    }
    return stream;
  };
})();"""
"""Two microphones and two cameras that can be pulled out: `plugs.pullOut("audio", "Headset")`, `plugs.plugIn(…)`."""


def told_of(watcher: Person | Onlooker, other: str, kind: str) -> list[bool]:
    """What the watcher was told of the other's microphone (`audio`) or camera (`video`), in order."""
    return [
        message["participant"]["media"][kind]
        for message in watcher.heard
        if message.get("participant", {}).get("id") == other and "media" in message["participant"]
    ]
