"""The log of a stay on stderr: who came, how they were connected, who left; and how the command ends."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import structlog
import typer

from reconvene.http_api import Api
from reconvene.participants.behaviour import Behaviour
from reconvene.participants.bot import Bot
from reconvene.participants.stay_end import Over
from reconvene.server_address import Address, BadAddress
from reconvene.terminal import harmless
from reconvene.webrtc.link import Link, Outgoing
from signalling.client.outbox import Message
from signalling.client.roster import Participant

log = structlog.get_logger()

SURE = 1.0
"""Seconds before an ended connection is logged as lost: a participant who leaves closes it first, and the leave is told
right after."""

EVENTS = {"participant_joined": "came", "participant_rejoined": "came again", "participant_left": "left"}


@dataclass(slots=True)
class Tally:
    """Counts of a whole run."""

    been_in: bool = False
    met: int = 0
    connections: int = 0
    lost: int = 0


class ProgressLog(Behaviour):
    """A behaviour that logs. `apart`: which of several bots this is; only the first logs who comes and goes."""

    def __init__(self, tally: Tally, number: int = 1, *, apart: str = "") -> None:
        self.tally = tally
        self._number = number
        self._log = log.bind(bot=apart) if apart else log
        self._sent: dict[Link, tuple[int, Outgoing]] = {}
        self._began: dict[Link, float] = {}
        self._connected: set[Link] = set()
        self._losses: dict[Link, asyncio.TimerHandle] = {}
        self._been_in = False
        self._names: dict[str, str] = {}

    def sends(self, link: Link) -> Outgoing:
        """The tracks to send over a new connection."""
        return Outgoing()

    def tells_of(self, participant: Participant) -> bool:
        """Whether the log mentions this participant."""
        return True

    def joined(self, bot: Bot, joined: Message) -> None:
        others = self._know(bot)
        self._log.info(
            "in the meeting again" if self._been_in else "in the meeting", meeting=bot.meeting, others=others
        )
        if not self._been_in and self._number == 1:
            self.tally.met += len(others)
        self._been_in = self.tally.been_in = True

    def event(self, bot: Bot, event: Message) -> None:
        if self._number > 1 or event["type"] not in EVENTS:
            return
        who = event["participant"]["id"]
        if event["type"] != "participant_left" and self.tells_of(event["participant"]):
            self._names[who] = harmless(event["participant"]["name"])
            self.tally.met += event["type"] == "participant_joined"
            self._log.info(EVENTS[event["type"]], participant=who, name=self._names[who])
        elif (name := self._names.pop(who, None)) is not None:
            self._log.info("left", participant=who, name=name, reason=event["reason"])

    def resumed(self, bot: Bot, detail: Message) -> None:
        self._log.info("the server is back", others=self._know(bot))

    def away(self, bot: Bot) -> None:
        self._log.info("the server is away; media goes on meanwhile")

    def outgoing(self, link: Link) -> Outgoing:
        self._began.setdefault(link, time.monotonic())
        connection, sent = self._sent.get(link, (0, Outgoing()))
        if connection != link.connection:
            self._stop(link)
            sent = self.sends(link)
            self._sent[link] = link.connection, sent
        return sent

    def link_changed(self, link: Link) -> None:
        if not self.tells_of(link.participant):
            return
        began = self._began.setdefault(link, time.monotonic())
        if link.state == "connected" and link not in self._connected:
            self._connected.add(link)
            self.tally.connections += 1
            loss = self._losses.pop(link, None)
            if loss is not None:
                loss.cancel()
            self._tell(
                "connected" if link.connection <= 1 else "connected again",
                link,
                how=str(link.path()),
                seconds=round(time.monotonic() - began, 3),
            )
        elif link.state != "connected" and link in self._connected:
            self._connected.discard(link)
            self._began[link] = time.monotonic()
            self._losses[link] = asyncio.get_running_loop().call_later(SURE, self._lost, link)

    def parted(self, link: Link) -> None:
        self._stop(link)
        self._began.pop(link, None)
        self._connected.discard(link)
        loss = self._losses.pop(link, None)
        if loss is not None:
            loss.cancel()

    def _know(self, bot: Bot) -> list[str]:
        self._names = {other["id"]: harmless(other["name"]) for other in bot.others if self.tells_of(other)}
        return list(self._names.values())

    def _stop(self, link: Link) -> None:
        """Stop the tracks: aiortc only stops those it has begun to send."""
        _, sent = self._sent.pop(link, (0, Outgoing()))
        for track in sent:
            if track is not None:
                track.stop()

    def _lost(self, link: Link) -> None:
        del self._losses[link]
        self.tally.lost += 1
        self._tell("connection lost", link)

    def _tell(self, what: str, link: Link, **more: object) -> None:
        participant = link.participant
        self._log.info(what, participant=participant["id"], name=harmless(participant["name"]), **more)


def address_of(server: str | None, meeting: str) -> Address:
    """The meeting's address. Exits with 2 if the two arguments do not give one."""
    try:
        return Address.parse(server, meeting)
    except BadAddress as error:
        raise refused(str(error), 2) from None


async def reached(address: Address) -> None:
    """Check that the server answers now; later it may be away for a while. Raises `ApiFailure`."""
    async with Api(address) as api:
        await api.alive()


def refused(text: str, code: int = 1) -> typer.Exit:
    """The exit to raise, after one line that says why."""
    typer.echo(f"reconvene: {text}", err=True)
    return typer.Exit(code)


def unless_ended(error: Exception, tally: Tally) -> None:
    """The meeting's end is no failure for its participants. Raises the command's exit for every other end."""
    if not (isinstance(error, Over) and error.ended and tally.been_in):
        raise refused(str(error)) from None
    log.info("the meeting has ended")


def told(tally: Tally, address: Address, began: float) -> None:
    """The last line of the log."""
    log.info(
        "over",
        meeting=address.meeting,
        seconds=round(time.monotonic() - began, 1),
        participants_met=tally.met,
        connections=tally.connections,
        connections_lost=tally.lost,
    )
