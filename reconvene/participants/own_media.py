"""What a program sends of what it has: nothing that somebody in charge has turned off, or does not allow to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import structlog

from reconvene.participants.bot import Bot
from reconvene.terminal import harmless
from signalling.client.outbox import Message
from signalling.client.rights import may

log = structlog.get_logger()


class OwnMedia:
    """What somebody turned off comes back when somebody in charge asks for it; what is not allowed to everyone, when it
    is allowed again. `joined`, `heard` and `muted` are told what a `Behaviour` is told, before `announce` is called.

    `apart`: which of several programs this is, in the log.
    """

    def __init__(self, apart: str = "") -> None:
        self._logger = log.bind(bot=apart) if apart else log
        self._muted: set[str] = set()
        self._kept_off: set[str] = set()
        """Of what it has, as of the last `announce`."""
        self._by = ""

    def joined(self, bot: Bot, joined: Message) -> None:
        self._turned_off(bot, _off(joined.get("muted", {})))

    def heard(self, bot: Bot, event: Message) -> None:
        """An event of the room."""
        if event["type"] == "ask":
            self._muted -= {kind for kind, on in event["media"].items() if on}
        elif event["type"] == "participant_updated" and "by" in event:
            change = event["participant"]
            if change["id"] == bot.my_id:
                self._by = event["by"]
                self._muted |= _off(change.get("media", {}))

    def muted(self, bot: Bot, detail: Message) -> None:
        self._turned_off(bot, detail["media"])

    def allows(self, kind: str) -> bool:
        """Whether to send sound or picture (`audio`, `video`), as of the last `announce`."""
        return kind not in self._kept_off

    def announce(self, bot: Bot, has: Mapping[str, bool]) -> None:
        """Tell the meeting what is sent from now on, of what the program has."""
        me, meeting = bot.client.membership.me, bot.client.membership.meeting
        if me is None:
            return
        off = {kind for kind in has if kind in self._muted or not may(me, meeting, kind)}
        self._log(bot, {kind for kind in off - self._kept_off if has[kind]}, self._kept_off - off)
        self._kept_off = off
        sends = {kind: on and kind not in off for kind, on in has.items()}
        if any(me["media"][kind] != sends[kind] for kind in sends):
            bot.status(media=sends)

    def _turned_off(self, bot: Bot, kinds: Iterable[str]) -> None:
        """What is allowed and off all the same was turned off by somebody, maybe while this program was away."""
        me, meeting = bot.client.membership.me, bot.client.membership.meeting
        self._muted |= {kind for kind in kinds if me is not None and may(me, meeting, kind)}

    def _log(self, bot: Bot, off: set[str], on: set[str]) -> None:
        if off:
            who = bot.roster.get(self._by)
            by = {"by": harmless(who["name"])} if who is not None else {}
            self._logger.info("turned off, not sent any more", media=sorted(off), **by)
        if on:
            self._logger.info("turned on again", media=sorted(on))
        self._by = ""


def _off(media: Mapping[str, bool]) -> set[str]:
    return {kind for kind, on in media.items() if on is False}
