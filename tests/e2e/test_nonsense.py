"""Whatever a participant sends by `signal` that is none is dropped: it throws in no page, and no call suffers."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import all_hear_and_watch, meet
from tests.process import ServerProcess
from tests.server.client import Client

pytestmark = pytest.mark.one_browser

HEAD = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-ufrag:abcd\r\na=fingerprint:sha-256 00\r\n"
SECTION = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"


def offer(sdp: Any, **fields: Any) -> dict[str, Any]:
    return {"description": {"type": "offer", "sdp": sdp}, **fields}


def each(*values: Any) -> tuple[Any, ...]:
    return values


NONSENSE: list[Any] = [
    *(None, True, False, 0, -1, 1e300, "", "offer", [], [[]], [None], {}, {"": {}}),
    *({"description": value} for value in each(None, 0, True, "offer", [], {}, {"type": "offer"}, {"sdp": ""})),
    *({"description": {"type": kind, "sdp": HEAD + SECTION}} for kind in each(None, 1, [], {}, "rollback", "pranswer")),
    *(offer(sdp) for sdp in each(None, 5, [], {}, "", "nonsense", "v=0", "v=0\r\n\r\n", SECTION, HEAD)),
    *(offer(sdp) for sdp in each("\0" * 9, "v=0\r\n💥=1\r\n", HEAD + SECTION + "nonsense\r\n")),
    offer(HEAD + SECTION * 33),
    offer(HEAD + SECTION + "a=candidate:\r\n" * 201),
    offer("v=0\r\n" + "a=x\r\n" * 9_000),
    *(offer(HEAD + SECTION, connection=number) for number in each(0, -1, 1.5, 2, 99, 1e300, 2**53, "2", [], {}, True)),
    *({"repeat": True, "for": value} for value in each(1, [], {}, "i_nobody", "x" * 999)),
    *({"repeat": True, "instance": value} for value in each(1, [], {}, "i_nobody", "x" * 999)),
    *({"repeat": value} for value in each(1, "yes", [], {})),
    *({"candidate": value} for value in each(0, True, "candidate:", [], {}, {"candidate": []}, {"candidate": ""})),
    *({"candidate": {"candidate": "candidate:1", "sdpMid": mid}} for mid in each(None, 1, [], {}, "x" * 999, "0")),
    *({"candidate": {"candidate": "candidate:1", "sdpMLineIndex": index}} for index in each(-1, 1e9, "0", [], 1.5)),
    {"candidate": {"candidate": "candidate:1 1 udp 1 1.2.3.4 9 typ host", "sdpMid": "99", "usernameFragment": {}}},
    {"candidate": {"candidate": "candidate:" + "x" * 60_000, "sdpMid": "0"}},
    {"offer": [], "screen": {}, "media": "no"},
]  # fmt: skip

# Past the page that sends it.
SEND = """([to, instance, nonsense]) => {
  let id = 10_000;
  const send = (data) => lastSocket.send(JSON.stringify({ type: "signal", id: (id += 1), to, data }));
  for (const data of nonsense) {
    send(data);
    if (data && typeof data === "object" && !Array.isArray(data)) send({ instance, ...data });
  }
}"""


async def test_nonsense_and_floods_throw_nowhere_and_no_call_suffers(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    a, b = await meet(meeting, ada, bob)
    await all_hear_and_watch({a: ada, b: bob})
    connections = [await person.peer_connections() for person in (ada, bob)]
    raw = await Client.open(server.ws_url)
    await raw.join(meeting, "Raw")
    for other in (a, b):
        for data in NONSENSE:
            await raw.send("signal", to=other, data=data)
    await raw.send("status", hand=True)
    for person in (ada, bob):
        await expect(person.tile(raw.id).get_by_role("img", name="Hand raised")).to_be_visible()

    # The same in the name of somebody who is really there.
    instance = await bob.page.evaluate("(id) => reconvene.meeting.participants.get(id).instance", a)
    await ada.page.evaluate(SEND, [b, instance, NONSENSE])
    await all_hear_and_watch({a: ada, b: bob})
    # One more each, to the one who came.
    assert [await person.peer_connections() - 1 for person in (ada, bob)] == connections
    await raw.ws.close()

    # Nor from a flood, which is cut off.
    raw = await Client.open(server.ws_url)
    await raw.join(meeting, "Flood")
    said = len(ada.said)
    for index in range(400):
        await raw.send(
            "signal",
            to=a,
            data={"repeat": True}
            if index % 2
            else {"candidate": {"candidate": "candidate:1", "sdpMid": "0"}},
        )
    await raw.send("status", hand=True)
    await expect(ada.tile(raw.id).get_by_role("img", name="Hand raised")).to_be_visible()
    await all_hear_and_watch({a: ada, b: bob})
    offers = [message for message in ada.said[said:] if "offer" in str(message.get("data"))]
    assert len(offers) < 200
    await raw.ws.close()
