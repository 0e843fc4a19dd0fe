"""What a participant without a browser does in a meeting: the hooks of a `Bot`."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from aiortc import MediaStreamTrack

from reconvene.webrtc.incoming_tracks import drain
from reconvene.webrtc.link import Link, Outgoing
from signalling.client.outbox import Message

if TYPE_CHECKING:
    from reconvene.participants.bot import Bot


class Behaviour:
    """What a bot does in a meeting. Overriding a method is optional; none may block."""

    def joined(self, bot: Bot, joined: Message) -> None:
        """The bot has joined: the first time, or anew after its tab session was given up. All links are new."""

    def event(self, bot: Bot, event: Message) -> None:
        """A room event; `bot.roster` is already up to date."""

    def resumed(self, bot: Bot, detail: Message) -> None:
        """The connection is back and the stay goes on; with `snapshot` in `detail`, the roster is new."""

    def muted(self, bot: Bot, detail: Message) -> None:
        """What `media` in `detail` names is off: turned off by somebody (`by`), or not allowed to the bot."""

    def away(self, bot: Bot) -> None:
        """The connection to the server is lost. Media still flows."""

    def outgoing(self, link: Link) -> Outgoing:
        """The tracks to send over a new connection, which then owns them; return new ones each time."""
        return Outgoing()

    def incoming(self, link: Link, track: MediaStreamTrack, screen: bool) -> Coroutine[Any, Any, None]:
        """Handle a track that the other side sends. It must read the track; it is cancelled when the track ends.

        `screen`: a shared screen or its sound, not camera or microphone.
        """
        return drain(track)

    def link_changed(self, link: Link) -> None:
        """`link.state` has changed."""

    def parted(self, link: Link) -> None:
        """The participant has left, or has rejoined with a new instance (then a new link follows)."""
