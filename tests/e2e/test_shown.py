"""Nobody encodes for a page that does not show it, and little for one that shows it small."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.e2e.waiting import until

# From now on the page shows no more of the others' cameras, whatever it lays out.
SHOW = """([other, size]) => {
  const { meeting } = reconvene;
  delete meeting.show;
  meeting.show({ [other]: size });
  meeting.show = () => {};
}"""

# How much was encoded so far, how much of it when asked again after so many frames of the camera, and how wide.
ENCODED = """async (other) => {
  const video = document.querySelector('.tile[data-self="true"] video');
  const encoded = async () => {
    const found = [...(await reconvene.meeting.stats(other)).values()];
    const sent = found.filter(({ type, kind }) => type === "outbound-rtp" && kind === "video");
    return { frames: sent.reduce((sum, each) => sum + each.framesEncoded, 0), width: sent[0]?.frameWidth ?? 0 };
  };
  const before = await encoded();
  for (let frame = 0; frame < 5; frame += 1) await new Promise((shown) => video.requestVideoFrameCallback(shown));
  const { frames, width } = await encoded();
  return [frames - before.frames, width];
}"""


def encoded(person: Person, other: str) -> Callable[[], Awaitable[tuple[int, int]]]:
    async def look() -> tuple[int, int]:
        frames, width = await person.page.evaluate(ENCODED, other)
        return frames, width

    return look


@pytest.mark.one_browser(also="firefox")
async def test_what_is_not_shown_is_not_encoded(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    a, b = await meet(meeting, ada, bob)
    await ada.hears_and_watches(b)
    await bob.hears_and_watches(a)
    looks = encoded(bob, a)
    _, whole = await until(looks, lambda found: found[0] > 0, "Bob's camera is encoded")

    await ada.page.evaluate(SHOW, [b, "none"])
    await until(looks, lambda found: found[0] == 0, "nothing is encoded for Ada")
    # Ada is heard and seen as before.
    await bob.hears_and_watches(a)

    await ada.page.evaluate(SHOW, [b, "small"])
    await until(looks, lambda found: found[0] > 0 and found[1] * 3 <= whole, "Bob's camera is encoded small")
    await ada.page.evaluate(SHOW, [b, "large"])
    await until(looks, lambda found: found[0] > 0 and found[1] >= whole, "Bob's camera is encoded whole")
    await ada.hears_and_watches(b)
