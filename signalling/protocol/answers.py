"""Which messages of the server answer which of a client: an answer has the `id` of what it answers."""

from __future__ import annotations

from typing import Any

from signalling.protocol.chat import Chat, ChatDelete, ChatEdit, ChatErase, ChatHistory, ChatPage, React
from signalling.protocol.client_messages import (
    Authenticate,
    Join,
    Leave,
    Ping,
    Rename,
    Resume,
    Signal,
    Status,
)
from signalling.protocol.knocks import Waiting
from signalling.protocol.moderation import COMMANDS
from signalling.protocol.server_messages import Ack, Authenticated, Error, Joined, Pong, Resumed

ANSWERS: dict[type[Any], tuple[type[Any], ...]] = {
    Join: (Joined, Waiting, Error),
    Resume: (Resumed, Joined, Waiting, Error),
    **dict.fromkeys((Status, Signal, Leave, Rename), (Ack, Error)),
    **dict.fromkeys((Chat, ChatEdit, ChatDelete, ChatErase, React), (Ack, Error)),
    Authenticate: (Authenticated, Ack, Error),
    Ping: (Pong, Error),
    ChatHistory: (ChatPage, Error),
    **dict.fromkeys(sorted(COMMANDS, key=lambda command: command.__name__), (Ack, Error)),
}
"""By the struct of the message. `Waiting` is followed by another answer, once somebody has decided."""
