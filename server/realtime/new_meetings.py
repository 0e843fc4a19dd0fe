"""Settings that new meetings begin with, as this server's settings say."""

from __future__ import annotations

from server.realtime.change_writer import ChangeWriter
from server.settings.config import Config
from signalling.rooms.change import Actor, Change, Unsettled


class NewMeetings:
    def __init__(self, config: Config, changes: ChangeWriter) -> None:
        wanted = {"lobby": config.lobby, "without_host": config.without_host}
        self._settings = {name: value for name, value in wanted.items() if value not in ("off", "continue")}
        self._changes = changes

    def made(self, room: str) -> None:
        """The store has just made it. Joins of others wait until it has the settings, too."""
        if self._settings:
            change = Change("settings", settings=self._settings)
            self._changes.record(Unsettled(room, Actor("admin", ""), "new", change, told=False))
