"""People who write in the chat, edit and delete, in some of the runs. Chance is their own, so that a run without them
is what it was."""

from __future__ import annotations

import math
import random
from asyncio import sleep
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signalling.client.actions import Emit
from tests.simulation.clock import lots
from tests.simulation.page import Page

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass(eq=False)
class Post:
    """`texts`: what it said first, and what it was edited to; no two posts have one in common."""

    page: Page
    key: str
    texts: list[str]
    to: str | None
    answer: str = ""


class Chatters:
    """`posts`: by key."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance: random.Random = lots("chat", world.seed)
        self.acts = self._chance.random() < 0.25
        self._pace = self._chance.choice((0.5, 1.0, 3.0))
        self._chance_of_erasures: random.Random = lots("erasures", world.seed)
        self._erases = self._chance_of_erasures.random() < 0.4
        self._asked: dict[tuple[Page, str], list[list[Post]]] = {}
        """What there was of somebody when a page asked that all of it be deleted."""
        self.erased: list[Post] = []
        """What such a command that was acknowledged has to have deleted."""
        self.posts: dict[str, Post] = {}
        self.meddlers: set[Page] = set()
        """Those that asked that what others wrote be deleted, which not everybody may."""
        self.resurrected: list[tuple[Page, str]] = []
        """Texts that a page was sent which had asked for its seat when their deletion had been told."""
        self.news: Counter[tuple[Page, str]] = Counter()
        """How often a page was told of a message as of a new one."""
        self._gone: dict[str, float] = {}
        self._said_at: dict[str, str] = {}
        """When what was deleted with everything else had been said: what was never recorded may be said again."""

    async def act(self) -> None:
        chance = self._chance
        while self.acts:
            await sleep(chance.expovariate(self._pace))
            live = [page for page in self._world.pages() if page.is_live and page.client.membership.epoch]
            if not live:
                continue
            page = chance.choice(live)
            if self._erases and self._chance_of_erasures.random() < 0.1 and self._erase(page):
                continue
            known = [each for each in page.client.membership.chat.messages if "deleted_by" not in each]
            if known and chance.random() < 0.35:
                self._change(page, chance.choice(known[-3:]))
            else:
                self._write(page)

    def listen(self, page: Page, emitted: Emit) -> None:
        """A page hears something."""
        if not self.acts:
            return
        name, detail, membership = emitted.name, emitted.detail, page.client.membership
        if name == "joined" and not membership.reads_chat:
            page.run(page.client.order({"type": "chat_history"}, page.now()))
        elif name == "answered":
            order = detail["order"]
            if order["type"] == "chat_erase":
                posts = self._asked[page, order["participant"]].pop(0)
                self.erased += [] if "error" in detail else posts
            if order["type"] == "chat":
                self.posts[order["key"]].answer = detail["error"]["code"] if "error" in detail else "ack"
            for message in detail.get("page", {}).get("messages", []):
                self._is_sent(page, message)
        elif name == "event" and detail["type"] == "chat_erased":
            for message in membership.chat.messages:
                if "deleted_by" in message:
                    self._gone.setdefault(message["id"], self._world.loop.time())
                    self._said_at.setdefault(message["id"], message["at"])
        elif name == "event" and detail["type"] in {"chat_message", "chat_changed"}:
            message = detail["message"]
            if detail["type"] == "chat_message" and "again" not in detail:
                self.news[page, message["id"]] += 1
            if "deleted_by" in message:
                self._gone.setdefault(message["id"], self._world.loop.time())
            self._is_sent(page, message)

    def _is_sent(self, page: Page, message: dict[str, Any]) -> None:
        name = message["id"]
        if not message.get("text") or message.get("at", "") > self._said_at.get(name, "~"):
            return
        if page.asked_at > self._gone.get(name, math.inf):
            self.resurrected.append((page, message["text"]))

    def _erase(self, page: Page) -> bool:
        """Whoever is in charge has all deleted that somebody wrote, who may have left."""
        membership = page.client.membership
        me = membership.me
        authors = {each["from"] for each in membership.chat.messages if each["text"]} - {membership.my_id}
        if me is None or me["role"] == "participant" or not authors:
            return False
        author = self._chance_of_erasures.choice(sorted(authors))
        person = self._world.person_of(author)
        posts = [each for each in self.posts.values() if person and each.page.user_id == person.user_id]
        self._asked.setdefault((page, author), []).append([each for each in posts if each.answer == "ack"])
        self._world.say(f"{page.name} has all deleted that {author} wrote")
        page.run(page.client.order({"type": "chat_erase", "participant": author}, page.now()))
        return True

    def _write(self, page: Page) -> None:
        number = len(self.posts) + 1
        others = [each for each in page.client.membership.roster if each != page.client.membership.my_id]
        to = self._chance.choice((None, None, None, "hosts", *others[:1]))
        post = Post(page, f"c_{number}", [f"text-{number}."], to)
        self.posts[post.key] = post
        self._world.say(f"{page.name} writes {post.texts[0]} to {to or 'all'}")
        message = {"type": "chat", "key": post.key, "text": post.texts[0]}
        page.run(page.client.order(message if to is None else message | {"to": to}, page.now()))

    def _change(self, page: Page, message: dict[str, Any]) -> None:
        command = {"type": "chat_delete", "message": message["id"]}
        if message["from"] != page.client.membership.my_id:
            self.meddlers.add(page)
        if self._chance.random() < 0.3:
            post = next((each for each in self.posts.values() if message["text"] in each.texts), None)
            if post is None or post.page.user_id != page.user_id:
                return
            post.texts.append(f"{post.texts[0]}{len(post.texts)}.")
            command = {"type": "chat_edit", "message": message["id"], "text": post.texts[-1]}
        self._world.say(f"{page.name}: {command['type']} of {message['text']}")
        page.run(page.client.order(command, page.now()))
