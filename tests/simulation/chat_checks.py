"""What must be true of the chat: each message once, in one order for all, and what was deleted stays deleted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.simulation.notes import ROOM

if TYPE_CHECKING:
    from tests.simulation.world import World


def check(world: World) -> None:
    if not world.chatters.acts:
        return
    rows = _rows(world)
    _posts_were_kept_once(world, rows)
    _messages_were_told_in_order(world)
    _messages_were_news_once(world)
    _what_was_deleted_is_gone(world, rows)
    if world.server is not None and not world.has_ended:
        _pages_show_what_is_recorded(world)


def _rows(world: World) -> list[dict[str, Any]]:
    cursor = world.store.connection.execute(
        "SELECT id, user_id, key, to_user, text, at, deleted_at FROM messages WHERE room = ? ORDER BY at, id",
        [ROOM],
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _posts_were_kept_once(world: World, rows: list[dict[str, Any]]) -> None:
    kept = Counter(row["key"] for row in rows)
    for post in world.chatters.posts.values():
        what = f"{post.page.name}'s {post.texts[0]}"
        if kept[post.key] > 1:
            world.complain(f"{what} was recorded {kept[post.key]} times")
        if post.answer == "ack" and not kept[post.key]:
            world.complain(f"{what} was acknowledged, and is not recorded")
        if post.answer not in {"", "ack"} and kept[post.key]:
            world.complain(f"{what} was answered {post.answer}, and is recorded")
        if not post.answer and post.page.is_live and post.page.client.phase == "joined":
            world.complain(f"{what} was never answered")


def _messages_were_told_in_order(world: World) -> None:
    for epoch, events in world.truth.epochs.items():
        last, told = "", Counter[str]()
        for event in events:
            if event.message["type"] != "chat_message":
                continue
            message = event.message["message"]
            told[message["id"]] += 1
            if message["at"] <= last:
                world.complain(f"{message['text']} was told at {message['at']}, after that of {last}")
            last = message["at"]
        for id_, count in told.items():
            if count > 1:
                world.complain(f"the message {id_} was told {count} times in {epoch}")


def _messages_were_news_once(world: World) -> None:
    for (page, message), count in world.chatters.news.items():
        if count > 1:
            world.complain(f"{page.name} was told of the message {message} as of a new one {count} times")


def _what_was_deleted_is_gone(world: World, rows: list[dict[str, Any]]) -> None:
    """From the record, from every log, and from what a page is sent that came back since."""
    gone = {row["key"]: row for row in rows if row["deleted_at"] is not None}
    logs = [room.log for server in world.servers if server.listening for room in server.hub.rooms.values()]
    held = "".join(payload.decode() for log in logs for _, _, payload, _ in log.after(-1))
    if any(ROOM in server.hub.rooms for server in world.servers if server.listening):
        held += world.truth.kept()
    for key, row in gone.items():
        post = world.chatters.posts[key]
        if row["text"]:
            world.complain(f"{post.texts[0]} was deleted, and is in the record")
        if any(f'"{text}"' in held for text in post.texts):
            world.complain(f"{post.texts[0]} was deleted, and is in the log")
        for page in world.pages():
            shown = page.client.membership.chat.messages if page.client.phase == "joined" else []
            if page.is_live and any(each["id"] == row["id"] and each["text"] for each in shown):
                world.complain(f"{post.texts[0]} was deleted, and {page.name} shows it")
    for post in world.chatters.erased:
        if post.key not in gone:
            world.complain(f"{post.texts[0]} was there when all of its author's was deleted, and is recorded")
    for page, text in world.chatters.resurrected:
        world.complain(f"{text} was deleted, and {page.name} was sent it when it came back")


def _pages_show_what_is_recorded(world: World) -> None:
    server = world.server
    assert server is not None
    room = server.hub.rooms.get(ROOM)
    rows = _rows(world)
    for page in world.pages():
        member = room.member_of(page.user_id) if room is not None else None
        if not page.is_live or page.client.phase != "joined" or member is None:
            continue
        mine = [
            row
            for row in rows
            if row["to_user"] is None
            or page.user_id in (row["user_id"], row["to_user"])
            or (row["to_user"] == "" and member.role != "participant")
        ]
        # Whoever missed a message that was deleted does not know that there was one.
        shown = [(each["id"], each["text"]) for each in page.client.membership.chat.messages if each["text"]]
        # Whoever is in charge no more has what they had.
        to_hosts = {
            row["id"]
            for row in rows
            if row["to_user"] == "" and row["user_id"] != page.user_id and member.role == "participant"
        }
        shown = [each for each in shown if each[0] not in to_hosts]
        expected = [(row["id"], row["text"]) for row in mine if row["text"] and row["id"] not in to_hosts]
        if page.client.membership.chat.more and len(shown) < len(expected):
            # It has not asked for what is older, and may have been told of what is older by a clock that was set back.
            unseen = expected[: len(expected) - len(shown)] if world.clock_set else []
            early = [each for each in unseen if each in shown]
            expected = early + expected[len(expected) - len(shown) + len(early) :]
        if shown != expected:
            world.complain(f"{page.name} shows {shown}, recorded is {expected}")
