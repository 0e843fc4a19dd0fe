"""What is otherwise where several servers share their rooms (`cluster.world`): here one server is alone."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.notes import Said
    from tests.simulation.server import Server


HELD_UP = 6.0
"""Seconds that the longest trouble between servers lasts, with what follows."""


class Alone:
    keeps_rooms = False
    """Whether rooms outlive their servers, elsewhere than in the store."""

    may_go_back = False
    """Whether what was committed may be lost, and nobody is told."""

    logs_are_short = False
    """Whether a log may forget what is younger than the longest absence."""

    was_hindered = False
    """Whether a server was, so that another may have gone on with what it was doing before it knew."""

    seen_before = 0.0
    """Seconds before it died at which a server was seen the last time, and its people with it."""

    hears_within = 0.0
    """Seconds until all servers know what one of them has put into the store."""

    def more(self) -> list[Coroutine[Any, Any, None]]:
        """What else goes on until everything is well."""
        return []

    def look_back(self, server: Server) -> None:
        """It has ended."""

    def is_lost(self, since: float, until: float) -> bool:
        """Whether nobody may know of what happened then."""
        return False

    def may_be_repeated(self, at: float) -> bool:
        """Whether events may be told twice then: whoever has heard them takes no notice."""
        return False

    def stood_still(self, since: float, until: float) -> float:
        """Seconds between in which nothing could go on."""
        return 0.0

    def is_held_up(self, since: float, until: float) -> bool:
        """Whether what people asked for then was held up between servers, at most for as long as that."""
        return False

    def owner_found_in(self, since: float) -> float:
        """Seconds in which what is said then comes to the room's owner at the latest."""
        return 0.0

    def is_unordered(self, since: float, until: float) -> bool:
        """Whether what came to different servers then may have come to the room in another order."""
        return False

    def is_cut_off(self, since: float, until: float) -> bool:
        """Whether a server was then that did not know what became of the places of its people."""
        return False

    def may_forget(self, said: Said) -> bool:
        """Whether the server that heard it may have died before the room's owner did."""
        return False

    def check_nodes(self) -> None:
        """Complain of what is wrong with what was asked of one of several servers."""

    def busy(self) -> str:
        """What is on its way between servers; "" if nothing is."""
        return ""

    def calm_down(self) -> None:
        """Nothing breaks any more."""
