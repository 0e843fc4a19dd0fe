"""What a client knows of the chat, of events and pages, whatever the server's clock does."""

from __future__ import annotations

from typing import Any

from signalling.client.chat import MOST_KEPT, ChatLog

EARLIER, LATER = "2027-01-15T07:00:00.000Z", "2027-01-15T08:00:00.000Z"


def message(**more: Any) -> dict[str, Any]:
    return {"id": "m_1", "from": "p_1", "name": "Ann", "text": "one", "at": EARLIER, **more}


def edited(text: str, at: str) -> dict[str, Any]:
    return {"type": "chat_changed", "message": {"id": "m_1", "text": text, "edited_at": at}}


def texts(log: ChatLog) -> list[str]:
    return [each["text"] for each in log.messages]


def test_the_last_edit_counts_also_when_the_clock_was_set_back() -> None:
    log = ChatLog()
    log.event({"type": "chat_message", "message": message()})
    log.event(edited("two", LATER))
    log.event(edited("three", EARLIER))
    assert texts(log) == ["three"]
    log.event(edited("four", LATER))
    log.doubt()
    log.page({"messages": [message(text="five", edited_at=EARLIER)], "more": False}, None)
    assert texts(log) == ["five"]


def test_what_is_told_again_is_no_news() -> None:
    log = ChatLog()
    deleted = {"type": "chat_changed", "message": {"id": "m_1", "deleted_by": "p_1"}}
    told = {"type": "chat_message", "message": message()}
    for event in (told, edited("two", LATER), edited("three", LATER), deleted):
        assert "again" not in log.event(event)
        assert log.event(event)["again"] is True
    assert (texts(log), log.event(edited("four", LATER))["again"], log.event(told)["again"]) == (
        [""],
        True,
        True,
    )


def test_all_of_somebodys_is_erased_also_in_pages_that_were_made_before() -> None:
    log = ChatLog()
    log.event({"type": "chat_message", "message": message()})
    log.event(edited("two", LATER))
    erasure = {"type": "chat_erased", "from": "p_1", "until": LATER, "deleted_by": "p_2"}
    assert "again" not in log.event(erasure)
    assert log.event(erasure)["again"] is True
    others = [message(id="m_2"), message(id="m_3", **{"from": "p_2"}), message(id="m_4", at="2028")]
    log.page({"messages": others, "more": False}, None)
    assert {each["id"]: each["text"] for each in log.messages} == {
        "m_1": "",
        "m_2": "",
        "m_3": "one",
        "m_4": "one",
    }
    log.event({"type": "chat_changed", "message": {"id": "m_5", "text": "two", "edited_at": EARLIER}})
    log.page({"messages": [message(id="m_5", text="", deleted_by="p_2")], "more": False}, None)
    assert log.messages[-2]["text"] == ""
    # A server that was restarted may have another clock.
    log.doubt()
    log.event({"type": "chat_message", "message": message(id="m_6")})
    assert [each["text"] for each in log.messages if each["id"] == "m_6"] == ["one"]


def test_changes_of_what_nobody_knows_are_forgotten_in_time() -> None:
    log = ChatLog()
    for number in range(3 * MOST_KEPT):
        log.event({"type": "chat_changed", "message": {"id": f"m_{number}", "deleted_by": "p_1"}})
    log.page({"messages": [message(id="m_1"), message(id=f"m_{3 * MOST_KEPT - 1}")], "more": False}, None)
    assert texts(log) == ["one", ""]
    assert len(log._changes) == MOST_KEPT


def test_no_page_brings_back_what_was_deleted() -> None:
    log = ChatLog()
    log.event({"type": "chat_message", "message": message()})
    log.event({"type": "chat_changed", "message": {"id": "m_1", "deleted_by": "p_1"}})
    log.doubt()
    log.event(edited("two", LATER))
    log.page({"messages": [message()], "more": False}, None)
    assert texts(log) == [""]
