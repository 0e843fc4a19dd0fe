"""Who goes on sending although told not to is heard and seen by nobody: every receiver plays what the server says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.e2e.waiting import until

# What is turned off goes on all the same: no track is disabled or stopped, no sender loses its track.
CHEAT = """
  Object.defineProperty(MediaStreamTrack.prototype, "enabled", { get: () => true, set() {}, configurable: true });
  MediaStreamTrack.prototype.stop = () => {};
  const { replaceTrack } = RTCRtpSender.prototype;
  RTCRtpSender.prototype.replaceTrack = async function (track) { if (track) await replaceTrack.call(this, track); };
"""

# From now on: how loud somebody's tile is at most, and how many of the latest looks in a row found it quiet, and dark.
# A picture may stand for a moment after its track was disabled: the next frame is the first black one. Without a sound
# card Firefox starts no AudioContext: there, a tile is as loud as can be whose sound is not disabled.
ATTEND = """async ([id, QUIET, DARK]) => {
  const video = document.querySelector(`.tile[data-kind="person"][data-participant-id="${id}"] video`);
  clearInterval(globalThis.attending?.timer);
  const tracks = video.srcObject.getAudioTracks();
  const listen = async () => {
    if (navigator.userAgent.includes("Firefox")) return () => Number(tracks.some(({ enabled }) => enabled));
    const context = (globalThis.ear ??= new AudioContext());
    await context.resume();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(new MediaStream(tracks)).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    return () => (analyser.getFloatTimeDomainData(samples), Math.max(...samples.map(Math.abs)));
  };
  const loudness = await listen();
  const canvas = new OffscreenCanvas(8, 8).getContext("2d", { willReadFrequently: true });
  globalThis.attending = { loudest: 0, quiet: 0, dark: 0 };
  const look = () => {
    canvas.drawImage(video, 0, 0, 8, 8);
    const { data } = canvas.getImageData(0, 0, 8, 8);
    const now = { loud: loudness(), bright: Math.max(...data.filter((_, index) => index % 4 < 3)) };
    attending.loudest = Math.max(attending.loudest, now.loud);
    attending.quiet = now.loud < QUIET ? attending.quiet + 1 : 0;
    attending.dark = now.bright < DARK ? attending.dark + 1 : 0;
  };
  attending.timer = setInterval(look, 40);
}"""
ATTENDED = "({ loudest: attending.loudest, quiet: attending.quiet, dark: attending.dark })"

LOUD, QUIET = 0.01, 0.001
DARK = 20
"""Of 255: black, coded and decoded."""
LONG = 30
"""Looks, in more than a second: Chromium's microphone beeps twice in each."""


@dataclass(frozen=True, slots=True)
class Attended:
    loudest: float
    quiet: int
    dark: int


async def attends(person: Person, other: str) -> None:
    await person.page.evaluate(ATTEND, [other, QUIET, DARK])


async def attended(person: Person) -> Attended:
    return Attended(**await person.page.evaluate(ATTENDED))


async def hears(person: Person, other: str) -> None:
    await attends(person, other)
    await until(lambda: attended(person), lambda all_: all_.loudest > LOUD, f"{person.name} hears {other}")


async def hears_nothing(person: Person, other: str, *, sees: bool = False) -> None:
    """While packets go on coming."""
    before = await person.received(other)
    await attends(person, other)

    def nothing(came: Attended) -> bool:
        return came.quiet >= LONG and (sees or came.dark >= LONG)

    await until(lambda: attended(person), nothing, f"{person.name} hears nothing of {other}")
    after = await person.received(other)
    assert after.packets > before.packets


async def order(person: Person, order: str, *given: Any) -> None:
    """As `meeting.moderate` has it."""
    await person.page.evaluate(
        "([order, given]) => reconvene.meeting.moderate[order](...given)", [order, given]
    )


@pytest.mark.one_browser(also="firefox")
async def test_a_page_that_goes_on_sending_is_heard_and_seen_by_nobody(
    newcomer: Newcomer, meeting: str
) -> None:
    """Muted once, then not allowed to speak, and at last allowed again."""
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    await bob.before(CHEAT)
    _, b = await meet(meeting, ada, bob)
    await ada.hears_and_watches(b)
    await hears(ada, b)

    await order(ada, "mute", b, {"audio": False, "video": False})
    await ada.sees(b, audio="off", video="off")
    await hears_nothing(ada, b)

    await bob.press("Turn on microphone")
    await bob.press("Turn on camera")
    await ada.sees(b, audio="on", video="on")
    await hears(ada, b)

    await order(ada, "allow", b, {"audio": False})
    await ada.sees(b, audio="off", video="on")
    await hears_nothing(ada, b, sees=True)
    # Nor does it help to say that it is on.
    status = {"type": "status", "id": 1_000, "media": {"audio": True}}
    await bob.page.evaluate("(status) => lastSocket.send(JSON.stringify(status))", status)
    await bob.hears("error", code="forbidden")
    await hears_nothing(ada, b, sees=True)

    await order(ada, "allow", b, {"audio": None})
    await bob.press("Turn on microphone")
    await ada.sees(b, audio="on")
    await hears(ada, b)
