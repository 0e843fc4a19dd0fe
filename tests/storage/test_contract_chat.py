"""The contract, chat: what people write is kept once, in order, and erased when it is deleted."""

from __future__ import annotations

import pytest

from storage.chat import TO_HOSTS, MessageDeletion, MessageEdit, MessageWrite, NewMessage, Reader, Written
from storage.errors import UnknownMeeting
from storage.people import alias
from tests.storage.script import Script

ANN, BOB, CEM = (Reader(user) for user in ("ann", "bob", "cem"))
HOST = Reader("ann", in_charge=True)
ADMIN = Reader(None)


def said(user: str, name: str, at: float, text: str = "", **how: str) -> NewMessage:
    return NewMessage(f"m_{name}", user, f"key-{name}", text or name, at, **how)


async def write(script: Script, *writes: MessageWrite) -> list[Written]:
    return list(await script.store.write_messages(script.room, writes))


async def fates(script: Script, *writes: MessageWrite) -> list[str]:
    return [each.fate for each in await write(script, *writes)]


async def texts(script: Script, reader: Reader, limit: int = 50, before: str | None = None) -> list[str]:
    page = await script.store.messages(script.room, reader, limit, before)
    return [message.text for message in page.messages]


async def test_a_message_is_kept_once_with_its_author(script: Script) -> None:
    joined = await script.join("ann", name="Ann Ünal")
    message = said("ann", "one", 1001.5, "Hi 👋\nthere", reply_to="m_zero")
    first, second = await write(script, message, message)
    assert (first.fate, second.fate) == ("done", "again")
    kept = second.message
    assert kept is not None
    assert first.message is None
    assert (kept.id, kept.text, kept.at, kept.reply_to) == ("m_one", "Hi 👋\nthere", 1001.5, "m_zero")
    assert (kept.participant, kept.name) == (joined.participant.id, "Ann Ünal")
    assert (kept.to, kept.edited_at, kept.deleted_at, kept.deleted_by) == (None, None, None, None)
    assert await script.store.message_of_key(script.room, "ann", "key-one") == kept
    assert await script.store.message_of_key(script.room, "bob", "key-one") is None
    assert (await script.store.messages(script.room, BOB, 50)).messages == [kept]


async def test_a_key_names_one_message_of_its_user(script: Script) -> None:
    await script.join("ann")
    await write(script, said("ann", "one", 1001.0))
    other = NewMessage("m_other", "ann", "key-one", "other", 1002.0)
    theirs = NewMessage("m_theirs", "bob", "key-one", "theirs", 1003.0)
    assert await fates(script, other, theirs) == ["used", "done"]
    assert await texts(script, ANN) == ["one", "theirs"]


async def test_pages_go_back_in_one_order(script: Script) -> None:
    await script.join("ann")
    await write(script, *(said("ann", f"{number:03}", 1001.0 + number) for number in range(120)))
    newest = await script.store.messages(script.room, BOB, 50)
    assert [message.text for message in newest.messages] == [f"{number:03}" for number in range(70, 120)]
    assert newest.more
    middle = await script.store.messages(script.room, BOB, 50, newest.messages[0].id)
    last = await script.store.messages(script.room, BOB, 50, middle.messages[0].id)
    assert [message.text for message in last.messages] == [f"{number:03}" for number in range(20)]
    assert (middle.more, last.more) == (True, False)
    assert await texts(script, BOB, before="m_nothing") == []
    assert (await texts(script, Reader("bob", since=1119.0))) == ["118", "119"]


async def test_no_page_leaves_out_what_was_written_in_one_moment(script: Script) -> None:
    await script.join("ann")
    await write(script, *(said("ann", f"{number:02}", 1001.0 + number // 4) for number in range(20)))
    read: list[str] = []
    before, more = None, True
    while more:
        page = await script.store.messages(script.room, BOB, 3, before)
        read = [message.text for message in page.messages] + read
        before, more = page.messages[0].id, page.more
    assert read == [f"{number:02}" for number in range(20)]


async def test_pages_go_on_from_the_first(script: Script) -> None:
    await script.join("ann")
    # Some were written at the same moment.
    await write(script, *(said("ann", f"{number:03}", 1001.0 + number // 2) for number in range(50)))
    read, last = [], None
    while page := await script.store.messages_after(script.room, BOB, 7, last):
        read += [message.text for message in page]
        last = page[-1]
    assert read == [f"{number:03}" for number in range(50)]
    late = await script.store.messages_after(script.room, Reader("bob", since=1024.0), 50)
    assert [message.text for message in late] == ["046", "047", "048", "049"]
    await write(script, said("cem", "for bob", 1030.0, to_user="bob"))
    read_by = {
        reader: await script.store.messages_after(script.room, reader, 50, last) for reader in (BOB, ANN)
    }
    assert [len(page) for page in read_by.values()] == [1, 0]
    await script.store.delete_meeting(script.room)
    assert await script.store.messages_after(script.room, BOB, 50, last) == []


async def test_who_may_read_what(script: Script) -> None:
    people = {user: await script.join(user) for user in ("ann", "bob", "cem")}
    private = said("bob", "private", 1002.0, to_user="cem")
    _, written = await write(script, private, private)
    assert written.message is not None
    assert written.message.to == people["cem"].participant.id
    await write(script, said("bob", "all", 1001.0), said("cem", "hosts", 1003.0, to_user=TO_HOSTS))
    assert await texts(script, BOB) == ["all", "private"]
    assert await texts(script, CEM) == ["all", "private", "hosts"]
    assert await texts(script, HOST) == await texts(script, ADMIN) == ["all", "hosts"]
    assert await texts(script, Reader("dee")) == ["all"]


async def test_only_the_author_edits_and_not_for_ever(script: Script) -> None:
    await script.join("ann")
    await write(script, said("ann", "one", 1001.0))
    edit = MessageEdit("m_one", "ann", "two", 1901.0)
    assert await fates(
        script,
        MessageEdit("m_one", "bob", "mine", 1002.0),
        edit,
        edit,
        MessageEdit("m_one", "ann", "three", 1901.5),
        MessageEdit("m_none", "ann", "four", 1002.0),
    ) == ["forbidden", "done", "again", "late", "unknown"]
    (message,) = (await script.store.messages(script.room, BOB, 50)).messages
    assert (message.text, message.at, message.edited_at) == ("two", 1001.0, 1901.0)


async def test_whoever_may_write_to_some_edits_what_is_for_these(script: Script) -> None:
    await script.join("ann")
    whom = {"all": None, "hosts": TO_HOSTS, "bob": "bob", "cem": "cem"}
    await write(script, *(NewMessage(f"m_{name}", "ann", name, "x", 1001.0, to) for name, to in whom.items()))
    edits = [MessageEdit(f"m_{name}", "ann", "y", 1002.0, [TO_HOSTS, "bob"]) for name in whom]
    assert await fates(script, *edits) == ["elsewhere", "done", "done", "elsewhere"]
    assert await fates(script, *edits) == ["elsewhere", "again", "again", "elsewhere"]
    assert await fates(script, MessageEdit("m_bob", "ann", "z", 1003.0, [])) == ["elsewhere"]


async def test_the_audit_says_who_deleted_whose_message_and_not_what_it_said(script: Script) -> None:
    await script.join("ann")
    await write(script, said("bob", "one", 1001.0), said("bob", "two", 1002.0), said("bob", "three", 1003.0))
    deletion = MessageDeletion("m_two", "ann", 1005.0, any_author=True)
    await write(script, MessageDeletion("m_one", "bob", 1004.0, any_author=True), deletion, deletion)
    await write(script, MessageDeletion("m_three", "", 1006.0, any_author=True))
    audit = await script.store.audit(script.room, 10)
    assert [(each.at, each.by, each.action, each.whom, each.detail) for each in audit] == [
        (1006.0, "", "chat_delete", "bob", {"message": "m_three"}),
        (1005.0, "ann", "chat_delete", "bob", {"message": "m_two"}),
    ]


async def test_what_is_deleted_is_erased_and_its_place_stays(script: Script) -> None:
    ann = await script.join("ann")
    await script.join("bob")
    await write(script, *(said("bob", name, 1001.0 + n) for n, name in enumerate(("one", "two", "three"))))
    assert await fates(
        script,
        MessageDeletion("m_one", "cem", 1010.0),
        MessageDeletion("m_one", "bob", 1011.0),
        MessageDeletion("m_one", "ann", 1012.0, any_author=True),
        MessageDeletion("m_two", "ann", 1013.0, any_author=True),
        MessageDeletion("m_three", "", 1014.0, any_author=True),
        MessageDeletion("m_none", "ann", 1015.0, any_author=True),
        MessageEdit("m_one", "bob", "back", 1016.0),
        said("bob", "one", 1017.0),
    ) == ["forbidden", "done", "again", "done", "done", "unknown", "unknown", "again"]
    one, two, three = (await script.store.messages(script.room, BOB, 50)).messages
    assert [(each.text, each.at, each.deleted_at) for each in (one, two, three)] == [
        ("", 1001.0, 1011.0),
        ("", 1002.0, 1013.0),
        ("", 1003.0, 1014.0),
    ]
    assert (two.deleted_by, three.deleted_by) == (ann.participant.id, None)


async def test_all_that_somebody_wrote_is_erased_at_once(script: Script) -> None:
    ann = await script.join("ann")
    await script.join("bob")
    await write(script, said("bob", "one", 1001.0), said("bob", "two", 1003.0, to_user="cem"))
    # Deleted before, in the same moment as all the rest, by the same person.
    await write(
        script, said("ann", "three", 1002.0), MessageDeletion("m_one", "ann", 1010.0, any_author=True)
    )
    first = await script.store.erase_messages(script.room, "bob", "ann", "key", 1010.0)
    assert "m_two" in first.messages
    assert (first.at, first.until, first.deleted_by) == (1010.0, 1010.0, ann.participant.id)
    assert await texts(script, BOB) == ["", "three", ""]
    # What was written since the first time stays, also when the same call comes again, whenever that is.
    await write(script, said("bob", "later", 1012.0))
    for at in (1010.0, 1013.0):
        again = await script.store.erase_messages(script.room, "bob", "ann", "key", at)
        assert (again, (await texts(script, BOB))[-1]) == (first, "later")
    # A message that comes again stays deleted.
    assert await fates(script, said("bob", "two", 1012.0), MessageEdit("m_two", "bob", "x", 1013.0)) == [
        "again",
        "unknown",
    ]
    # Told is what was deleted now; that of a clock that ran ahead, too.
    await write(script, said("bob", "ahead", 1500.0))
    second = await script.store.erase_messages(script.room, "bob", "ann", "other key", 1014.0)
    assert (second.at, sorted(second.messages), second.until) == (1014.0, ["m_ahead", "m_later"], 1500.0)
    nothing = await script.store.erase_messages(script.room, "dee", "", "key", 1015.0)
    assert (list(nothing.messages), nothing.until, nothing.deleted_by) == ([], 1015.0, None)
    entries = await script.store.audit(script.room, 10)
    assert [(each.at, each.by, each.action, each.whom) for each in entries] == [
        (1014.0, "ann", "chat_erase", "bob"),
        (1010.0, "ann", "chat_erase", "bob"),
        (1010.0, "ann", "chat_delete", "bob"),
    ]
    assert [each.detail for each in entries[:2]] == [{"messages": 2}, {"messages": 1}]
    with pytest.raises(UnknownMeeting):
        await script.store.erase_messages("NOWHERE", "bob", "ann", "key", 1015.0)


async def test_nothing_is_written_in_a_meeting_that_is_not_there(script: Script) -> None:
    with pytest.raises(UnknownMeeting):
        await write(script, said("ann", "one", 1001.0))
    await script.join("ann")
    await write(script, said("ann", "one", 1001.0))
    await script.store.delete_meeting(script.room)
    await script.join("ann", 2000.0)
    assert await texts(script, ANN) == []


async def test_messages_are_forgotten_when_a_meeting_stood_empty(script: Script) -> None:
    rooms = {}
    for room, keep in (("NOT", "no"), ("USUAL", None), ("RECORD", "record"), ("THERE", "no")):
        rooms[room] = Script(script.store, room)
        joined = await rooms[room].join("ann", 1000.0)
        await rooms[room].change(settings={"chat_keep": keep})
        await write(rooms[room], said("ann", room, 1001.0))
        if room != "THERE":
            await rooms[room].leave(joined, 1100.0)

    async def left() -> list[str]:
        return [room for room in rooms if await texts(rooms[room], ANN)]

    assert await script.store.forget_messages(1100.0, 1000.0) == 0
    assert await script.store.forget_messages(1101.0, 1000.0) == 1
    assert await left() == ["USUAL", "RECORD", "THERE"]
    assert await script.store.forget_messages(9999.0, 1101.0) == 1
    assert await left() == ["RECORD", "THERE"]
    assert await script.store.forget_messages(9999.0, 9999.0) == 0


async def test_what_a_person_wrote_is_told_and_erased(script: Script) -> None:
    for user in ("ann", "bob"):
        await script.leave(await script.join(user), 1009.0)
    await write(
        script,
        said("ann", "one", 1001.0, to_user="bob"),
        said("bob", "two", 1002.0, to_user="ann"),
        said("bob", "three", 1003.0),
        MessageDeletion("m_three", "ann", 1004.0, any_author=True),
    )
    told = (await script.store.export_person("ann"))["messages"]
    assert told == [
        {
            "room": "ROOM-1",
            "id": "m_one",
            "reply_to": None,
            "text": "one",
            "at": 1001.0,
            "edited_at": None,
            "deleted_at": None,
        }
    ]
    assert await script.store.erase_person("ann", "salt") == 1
    assert (await script.store.export_person("ann"))["messages"] == []
    assert await texts(script, ANN) == [""]
    two, three = (await script.store.messages(script.room, BOB, 50)).messages
    assert (two.text, two.to_user) == ("two", alias("ann", script.room, "salt"))
    assert three.deleted_by == f"p_{alias('ann', script.room, 'salt')}"
