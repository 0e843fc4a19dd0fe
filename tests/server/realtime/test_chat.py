"""Chat over real sockets, a real store and a process that is really killed."""

from __future__ import annotations

import csv
import io
from typing import Any

from tests.process import ServerProcess
from tests.server.client import Client, Message, Play, bearer


async def say(client: Client, text: str, **more: Any) -> Message:
    """Write something, and be acknowledged; answers the message as it is told."""
    number = await client.send("chat", key=f"{client.id}-{client._number}", text=text, **more)
    _, before = await client.until("ack", id=number)
    *_, told = [each["message"] for each in before if each["type"] == "chat_message"]
    assert isinstance(told, dict)
    return told


async def shown(client: Client, **which: Any) -> list[Message]:
    number = await client.send("chat_history", **which)
    page, _ = await client.until("chat_page", id=number)
    messages: list[Message] = page["messages"]
    return messages


async def test_who_comes_later_is_shown_what_was_written(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    first = await say(ann, "Hi")
    await say(bob, "for you alone", to=ann.id)
    await say(bob, "for the hosts", to="hosts")

    cat = await play.joined(room, "Cat")
    assert await shown(cat) == [first]
    assert [each["text"] for each in await shown(bob)] == ["Hi", "for you alone", "for the hosts"]
    assert [each["text"] for each in await shown(ann, limit=1)] == ["for the hosts"]
    assert await shown(ann, before=first["id"]) == []
    await ann.order("settings", settings={"chat_history": "joined"})
    dee = await play.joined(room, "Dee")
    assert await shown(dee) == []
    later = await say(ann, "later")
    assert await shown(dee) == [later]


async def test_what_was_acknowledged_outlives_a_killed_server(stage: Play, mortal: ServerProcess) -> None:
    ann, bob = await stage.pair("ABC123")
    kept = await say(ann, "kept")
    gone = await say(bob, "a secret")
    number = await ann.send("chat_delete", message=gone["id"])
    await ann.until("ack", id=number)
    await mortal.kill()
    await mortal.start()
    again = await stage.client()
    await again.resume(ann)
    assert await shown(again) == [
        kept,
        {**gone, "text": "", "deleted_by": ann.id},
    ]
    # It may not have been told, so it is looked up. Nobody is told it twice.
    number = await again.send("chat", key=f"{ann.id}-1", text="kept", again=True)
    ack, before = await again.until("ack", id=number)
    assert (ack.get("again"), before) == (True, [])
    number = await again.send("chat", key=f"{ann.id}-1", text="something else", again=True)
    await again.error("bad_message", id=number)
    for text, code in (("kept", "ack"), ("something else", "error")):
        # Whom it was for is not known any more.
        number = await again.send("chat", key=f"{ann.id}-1", text=text, to="p_gone", again=True)
        await again.until(code, id=number)
    later = await say(again, "later")
    assert kept["at"] < later["at"]


async def test_a_message_is_edited_by_its_author_and_deleted_by_those_in_charge(
    play: Play, room: str
) -> None:
    ann, bob = await play.pair(room)
    message = (await say(bob, "one"))["id"]
    number = await ann.send("chat_edit", message=message, text="mine")
    await ann.until("error", id=number, code="forbidden")
    number = await bob.send("chat_edit", message=message, text="two")
    await bob.until("ack", id=number)
    event, _ = await ann.until("chat_changed")
    assert (event["message"]["id"], event["message"]["text"]) == (message, "two")
    for _ in range(2):
        number = await ann.send("chat_delete", message=message)
        await ann.until("ack", id=number)
    number = await bob.send("chat_edit", message=message, text="three")
    await bob.until("error", id=number, code="unknown_message")
    number = await bob.send("chat_delete", message="m_nothing")
    await bob.until("error", id=number, code="unknown_message")


async def test_what_somebody_wrote_who_was_removed_is_erased_for_good(
    stage: Play, mortal: ServerProcess
) -> None:
    ann, bob = await stage.pair("ABC123")
    await say(ann, "mine")
    for text, to in (("one", None), ("two", "hosts"), ("three", ann.id)):
        await say(bob, text, **({"to": to} if to else {}))
    number = await bob.send("chat_erase", participant=ann.id)
    await bob.until("error", id=number, code="forbidden")
    await ann.order("remove", participant=bob.id)
    number = await ann.send("chat_erase", participant=bob.id)
    _, before = await ann.until("ack", id=number)
    (event,) = [each for each in before if each["type"] == "chat_erased"]
    assert (event["from"], event["deleted_by"]) == (bob.id, ann.id)
    texts = ["mine", "", "", ""]
    assert [each["text"] for each in await shown(ann)] == texts
    await mortal.kill()
    await mortal.start()
    again = await stage.client()
    await again.resume(ann)
    assert [each["text"] for each in await shown(again)] == texts
    later = await stage.joined("ABC123", "Later")
    assert [each["text"] for each in await shown(later)] == ["mine", ""]


async def test_erasing_over_http_and_what_the_audit_says(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    said = await say(bob, "a secret")
    await say(bob, "another secret", to=ann.id)
    deleted = await say(bob, "a third one")
    await ann.until("ack", id=await ann.send("chat_delete", message=deleted["id"]))
    where, who = f"/api/meetings/{room}", bearer(ann.token)
    keyed = who | {"Idempotency-Key": "once"}
    answers = [await play.http.delete(f"{where}/participants/{bob.id}/chat", headers=keyed)]
    event, _ = await bob.until("chat_erased")
    assert (event["from"], event["until"] > said["at"]) == (bob.id, True)
    assert [each["text"] for each in await shown(bob)] == ["", "", ""]
    await say(bob, "later")
    answers.append(await play.http.delete(f"{where}/participants/{bob.id}/chat", headers=keyed))
    assert [answer.status_code for answer in answers] == [204, 204]
    assert [each["text"] for each in await shown(bob)] == ["", "", "", "later"]
    audit = await play.http.get(f"{where}/audit", headers=who)
    assert "secret" not in audit.text
    found = [(each["action"], each["whom"][0]["id"]) for each in audit.json()["audit"]]
    assert found == [("chat_erase", bob.id), ("chat_delete", bob.id)]
    erased, one = audit.json()["audit"]
    assert (erased["messages"], one["message"]) == (2, deleted["id"])


async def test_a_key_for_another_text_is_refused_and_taken_back(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    await ann.send("chat", key="one", text="Hi")
    number = await ann.send("chat", key="one", text="something else")
    error, before = await ann.until("error", id=number)
    assert error["code"] == "bad_message"
    deleted = [each["message"] for each in before if each["type"] == "chat_changed"]
    assert [each["text"] for each in await shown(bob)] == ["Hi"]
    told, _ = await ann.until("pong", id=await ann.send("ping"))
    assert told["type"] == "pong"
    assert len(deleted) == 1


async def test_the_host_has_what_was_written_as_a_file(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    cat = await play.joined(room, "Cat")
    for text, to in (("=1+1", None), ("two\nlines", "hosts"), ("a secret", cat.id), ("for Ann", ann.id)):
        await say(bob, text, **({} if to is None else {"to": to}))

    async def asked(token: str, form: str) -> Any:
        path = f"/api/meetings/{room}/chat?format={form}"
        return await play.http.get(path, headers=bearer(token))

    assert (await asked(bob.token, "json")).status_code == 403
    listed = (await asked(ann.token, "json")).json()["messages"]
    assert [(each["text"], each["to"], each["name"]) for each in listed] == [
        ("=1+1", None, "Bob"),
        ("two\nlines", "hosts", "Bob"),
        ("for Ann", ann.id, "Bob"),
    ]
    table = list(csv.DictReader(io.StringIO((await asked(ann.token, "csv")).text, newline="")))
    assert [each["text"] for each in table] == ["'=1+1", "two\nlines", "for Ann"]
    text = (await asked(ann.token, "txt")).text
    assert "Bob (to the hosts): two\n    lines\n" in text
    assert "a secret" not in text
    assert (await asked(ann.token, "html")).status_code in (400, 422)


async def test_those_in_charge_delete_messages_over_http(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    message = (await say(bob, "one"))["id"]

    async def deleted(token: str, which: str = message) -> int:
        path = f"/api/meetings/{room}/chat/{which}"
        return (await play.http.delete(path, headers=bearer(token))).status_code

    assert await deleted(bob.token) == 403
    assert await deleted(ann.token, "m_nothing") == 404
    assert await deleted(ann.token) == 204
    for client in (ann, bob):
        event, _ = await client.until("chat_changed")
        assert event["message"] == {"id": message, "deleted_by": ann.id}
    assert await deleted(ann.token) == 204
    last = (await say(bob, "two"))["id"]
    for client in (ann, bob):
        await client.leave()
    # Also when nobody is there.
    assert await deleted(ann.token, last) == 204
    later = await play.joined(room, "Bob", token=bob.token)
    assert [each["text"] for each in await shown(later)] == ["", ""]


async def test_a_history_is_shown_to_those_who_have_joined(play: Play) -> None:
    client = await play.client()
    number = await client.send("chat_history")
    await client.error("not_joined", id=number)


async def test_whatever_is_written_is_text_or_is_refused_and_the_socket_stays_open(
    play: Play, room: str
) -> None:
    ann, bob = await play.pair(room)
    evil = '<script>alert(1)</script> javascript:alert(2) & "quoted"'
    assert (await say(ann, evil))["text"] == evil
    assert (await say(ann, "\u202egnp.exe\u202c\u200b z\u0301\u0000"))["text"] == "gnp.exe \u017a"
    assert [each["text"] for each in await shown(bob)] == [evil, "gnp.exe \u017a"]
    wrong: list[dict[str, Any]] = [
        {"text": "x" * 50_000},
        {"text": "\u200b\u2060"},
        {"text": ""},
        {"text": "Hi", "to": ""},
        {"text": "Hi", "key": "a b"},
        {"text": None},
        {"text": ["Hi"]},
        {"text": "Hi", "to": "p_nobody"},
    ]
    for fields in wrong:
        number = await ann.send_wrong("chat", **{"key": "another", **fields})
        error, _ = await ann.until("error", id=number)
        assert error["code"] in {"bad_message", "unknown_participant"}, fields
    for emoji in "x", "", "👏👏", "<b>", None, "🏴":
        await ann.send_wrong("react", emoji=emoji)
        assert (await ann.until("error"))[0]["code"] == "bad_message"
    await ann.send("react", emoji="👏")
    assert (await bob.until("reaction"))[0] == {"type": "reaction", "from": ann.id, "emoji": "👏"}


async def test_a_flood_is_answered_with_busy_and_shown_to_nobody(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    for number in range(30):
        await ann.send("chat", key=f"c_{number}", text=f"Number {number}")
        await ann.send("react", emoji="🎉")
    pong, before = await ann.until("pong", id=await ann.send("ping"))
    refused = [each for each in before if each["type"] == "error"]
    assert pong["type"] == "pong"
    assert {each["code"] for each in refused} == {"busy"}
    assert all(each["retry_after"] > 0 for each in refused)
    told = [each["type"] for each in before]
    # A slow machine lets some more through meanwhile.
    assert 5 <= told.count("chat_message") < 15
    assert 3 <= told.count("reaction") < 30
    assert [each["text"] for each in await shown(bob)] == [
        f"Number {number}" for number in range(told.count("chat_message"))
    ]


async def test_a_page_that_never_acknowledges_holds_nobody_up(play: Play, room: str) -> None:
    """There is nothing that a client would acknowledge: whoever reads nothing is told all of it later, in order."""
    ann, bob = await play.pair(room)
    silent = await play.joined(room, "Silent")
    texts = [(await say(each, f"{each.id} {number}"))["text"] for number in range(4) for each in (ann, bob)]
    assert [each["text"] for each in await shown(bob)] == texts
    _, before = await silent.until("pong", id=await silent.send("ping"))
    assert [each["message"]["text"] for each in before if each["type"] == "chat_message"] == texts
