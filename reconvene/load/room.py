"""A meeting under load: its clients and the log of its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from reconvene.load.expected_events import Changes, Log

if TYPE_CHECKING:
    from reconvene.load.member import Member


class Room:
    """`logs` by epoch; `latest` is the newest one."""

    def __init__(self, meeting: str) -> None:
        self.meeting = meeting
        self.members: list[Member] = []
        self.people: dict[str, Changes] = {}
        self.logs: dict[str, Log] = {}
        self.latest: Log | None = None
        self._turn = 0

    def log(self, epoch: str, seq: int, participants: Iterable[Mapping[str, Any]], came: str = "") -> Log:
        """The log of which a client was told the participants as of `seq`, itself among them when it `came`."""
        if (log := self.logs.get(epoch)) is None:
            log = self.logs[epoch] = self.latest = Log(epoch, seq, participants, self.people)
        else:
            log.meet(seq, participants, self.people, came)
        return log

    def speaker(self) -> Member | None:
        """The next connected client in turn."""
        for _ in self.members:
            self._turn = (self._turn + 1) % len(self.members)
            if (member := self.members[self._turn]).is_connected:
                return member
        return None

    def forget(self) -> None:
        """Forget frames that every connected client has seen."""
        for log in self.logs.values():
            reading = [
                member.stretch.last
                for member in self.members
                if member.is_connected and member.stretch is not None and member.stretch.log is log
            ]
            log.forget(min(reading, default=log.head))

    def has_all(self) -> bool:
        """Whether every client that can still come back is connected and has seen every event and signal."""
        log = self.latest
        for member in self.members:
            if not member.was_in or member.is_over:
                continue
            stretch = member.stretch
            if member.machine.phase != "joined" or stretch is None or log is None or stretch.log is not log:
                return False
            if stretch.last < log.head or log.outstanding(member.machine.membership.my_id, member.changes):
                return False
            if member.signals.awaited and member.following.machine.phase == "joined":
                return False
        return True
