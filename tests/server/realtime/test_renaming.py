"""Another name, over real sockets, a real store and a process that is really killed."""

from __future__ import annotations

from tests.process import ServerProcess
from tests.server.client import Play, bearer
from tests.server.realtime.logins import Login


async def test_a_name_that_was_acknowledged_outlives_a_killed_server_and_is_in_the_record(
    stage: Play, mortal: ServerProcess
) -> None:
    ann, bob = await stage.pair("ABC123")
    assert not (await bob.order("rename", name="Bob of Bonn")).get("again")
    told = await ann.expect("participant_updated")
    assert told["participant"] == {"id": bob.id, "name": "Bob of Bonn"}
    audit = await stage.http.get("/api/meetings/ABC123/audit", headers=bearer(ann.token))
    (entry,) = audit.json()["audit"]
    by = {"id": bob.id, "name": "Bob of Bonn"}
    assert entry | {"by": by, "action": "rename", "whom": [], "name": "Bob of Bonn", "before": "Bob"} == entry
    query = "/api/meetings/ABC123/attendance?format=csv&rows=audit"
    table = await stage.http.get(query, headers=bearer(ann.token))
    assert '"rename","","{""name"":""Bob of Bonn"",""before"":""Bob""}"' in table.text
    await mortal.kill()
    await mortal.start()
    back = await stage.client()
    # Their pages say the name of before only until they have heard of the other one.
    joined = await back.join("ABC123", "Ann", token=ann.token)
    assert {each["id"]: each["name"] for each in joined["participants"]}[bob.id] == "Bob of Bonn"


async def test_a_name_of_the_login_is_not_for_choice(app: Login, room: str) -> None:
    ann = await app.joined(room, token=app.token("ann", name="Ann"))
    ben = await app.play.joined(room, "Ben")
    number = await ann.send("rename", key="k", name="The Queen")
    error, _ = await ann.until("error", id=number)
    assert (error["code"], error["message"]) == ("forbidden", "Your name comes from your login.")
    # Whom the application gives no name, and guests, may.
    cat = await app.joined(room, "Cat", token=app.token("cat"))
    for client in (ben, cat):
        assert (await client.order("rename", name="Another"))["type"] == "ack"
