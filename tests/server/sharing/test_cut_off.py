"""A node that does not reach the engine while the others do."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from signalling.protocol.errors import CloseCode
from tests.engines.cable import Cable
from tests.server.client import playing
from tests.server.sharing.nodes import Nodes

pytestmark = pytest.mark.early

ROOM = "CUT-OFF"


@pytest.mark.timeout(180)
async def test_people_of_a_node_that_is_cut_off_alone_go_elsewhere_and_come_back_to_it_later(
    nodes: Nodes,
) -> None:
    cable = Cable(nodes.engine.port)
    await cable.start()
    (node,) = await nodes.start(RECONVENE_ENGINE=f"redis://127.0.0.1:{cable.port}")
    (other,) = await nodes.start()
    try:
        async with playing(node) as here, playing(other) as there:
            ann = await here.joined(ROOM, "Ann", create=True)
            bob = await there.joined(ROOM, "Bob")
            await ann.expect("participant_joined")
            cable.holds = True
            code, _ = await ann.closed()
            assert code == CloseCode.GOING_AWAY
            assert (await here.http.get("/readyz")).status_code == 503
            assert (await there.http.get("/readyz")).status_code == 200
            with pytest.raises(InvalidStatus, match="503"):
                await here.client()
            again = await there.client()
            back = await again.resume(ann)
            assert "snapshot" not in back
            await again.send("signal", to=bob.id, data={"n": 1})
            await bob.until("signal")
            cable.holds = False
            cable.cut()
            await node.logged("taken for dead by the others, sockets are closed", level="warning")
            await node.logged("this node reaches the engine again")
            assert (await here.http.get("/readyz")).status_code == 200
            eve = await here.joined(ROOM, "Eve")
            assert len(eve.joined["participants"]) == 3
        assert not [line for server in (node, other) for line in server.logs if line["level"] == "error"]
    finally:
        await cable.close()
