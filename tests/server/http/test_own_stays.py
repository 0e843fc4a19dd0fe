"""Everybody is told of their own stays in a meeting, and of nobody else's."""

from __future__ import annotations

from tests.process import ServerProcess
from tests.server.client import bearer, playing

ROOM = "ABC123"
PATH = f"/api/meetings/{ROOM}/stays"


async def test_one_is_told_of_ones_own_stays_and_of_nobody_elses(server: ServerProcess) -> None:
    async with playing(server) as play:
        ann, bob = await play.pair(ROOM)
        await play.joined("OTHER-1", "Bob", token=bob.token, create=True)
        await bob.leave()
        await play.recorded()
        again = await play.joined(ROOM, "Bob", token=bob.token)
        told = await play.http.get(PATH, headers=bearer(bob.token))
        assert told.headers["cache-control"] == "no-store"
        first, second = told.json()["stays"]
        rows = {row["name"]: row["sessions"] for row in await play.attendance(ROOM, ann.token)}
        assert first == {name: rows["Bob"][0][name] for name in ("joined_at", "left_at", "estimated")}
        assert first["left_at"] is not None
        assert second == {
            "joined_at": again.joined["you"]["joined_at"],
            "left_at": None,
            "estimated": False,
        }
        (own,) = (await play.http.get(PATH, headers=bearer(ann.token))).json()["stays"]
        assert own["joined_at"] == ann.joined["you"]["joined_at"]
        stranger = await play.http.post("/api/identity")
        nothing = await play.http.get(PATH, headers=bearer(stranger.json()["token"]))
        assert (nothing.status_code, nothing.json()) == (200, {"stays": []})
        assert (await play.http.get(PATH)).status_code == 401
        unknown = await play.http.get("/api/meetings/NOBODYS/stays", headers=bearer(ann.token))
        assert unknown.status_code == 404
