"""Raised hands over real sockets, a real store and a process that is really killed."""

from __future__ import annotations

from pathlib import Path

from signalling.client.roster import hands, roster_of
from tests.process import ServerProcess
from tests.server.client import Client, playing


def queue(client: Client) -> list[tuple[str, str]]:
    """Who raised the hand, and when, by the list that the client was given."""
    return [(one["id"], one["hand_at"]) for one in hands(roster_of(client.joined["participants"]))]


async def test_hands_are_in_the_same_order_after_the_server_was_killed(tmp_path: Path) -> None:
    async with (
        ServerProcess(tmp_path, RECONVENE_SECRET="a secret for both of them") as server,
        playing(server) as play,
    ):
        ann, bob = await play.pair("ABC123")
        cat = await play.joined("ABC123", "Cat")
        for client in (cat, bob):
            await client.until("ack", id=await client.send("status", hand=True))
        before = queue(await play.joined("ABC123", "Dan"))
        assert [who for who, _ in before] == [cat.id, bob.id]
        assert before[0][1] > "2026"
        await play.recorded()
        await server.kill()
        await server.start(RECONVENE_PORT=str(server.port))
        # One reloads, one goes on; the order is that of the hands.
        again = await play.joined("ABC123", "Bob", token=bob.token)
        assert queue(again) == before
        resumed = await play.client()
        told = await resumed.resume(cat, hand=True)
        assert queue(await play.joined("ABC123", "Ann", token=ann.token)) == before
        assert [one["id"] for one in hands(roster_of(told["snapshot"]["participants"]))] == [cat.id, bob.id]
        await resumed.until("ack", id=await resumed.send("status", hand=False))
        await play.recorded()
        await server.stop()
        await server.start(RECONVENE_PORT=str(server.port))
        assert queue(await play.joined("ABC123", "Ann", token=ann.token)) == before[1:]
