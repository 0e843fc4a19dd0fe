"""Settings of the process: where it listens, how long it waits, how much it takes, what it logs."""

from __future__ import annotations

from server.settings import parsers
from server.settings.setting import Setting

LISTENING = (
    Setting("RECONVENE_HOST", "127.0.0.1", "a host name or address", "Where to listen.", parsers.host),
    Setting(
        "RECONVENE_PORT",
        "3000",
        "a port from 0 to 65535 (0 takes a free one)",
        "Port to listen on.",
        parsers.integer(0, 65535),
    ),
)

TIMES = (
    Setting(
        "RECONVENE_GRACE",
        "30",
        "seconds from 0 to 3600",
        "How long someone whose connection was lost keeps the place in the meeting.",
        parsers.number(0, 3600),
    ),
    Setting(
        "RECONVENE_HEARTBEAT",
        "15",
        "seconds from 0.1 to 300",
        "How often connections are checked for life, from both sides.",
        parsers.number(0.1, 300),
    ),
    Setting(
        "RECONVENE_DRAIN",
        "10",
        "seconds from 1 to 3600",
        "How long a stop may take at most, from the signal to the end of the process.",
        parsers.number(1, 3600),
    ),
)

BOUNDS = (
    Setting(
        "RECONVENE_MAX_PARTICIPANTS",
        "100",
        "a number from 1 to 100000",
        "How many may be in one meeting at a time.",
        parsers.integer(1, 100_000),
    ),
    Setting(
        "RECONVENE_MESSAGE_RATE",
        "50",
        "messages per second, from 0 to 100000 (0 switches the limit off)",
        "Messages per second one connection may send; ten seconds' worth may come at once.",
        parsers.number(0, 100_000),
    ),
    Setting(
        "RECONVENE_OVERLOAD",
        "1",
        "seconds from 0 to 60 (0 refuses nobody)",
        "How late the event loop may be before HTTP is refused; joins are at twice that, returns at four times.",
        parsers.number(0, 60),
    ),
    Setting(
        "RECONVENE_RETENTION_DAYS",
        "",
        "a number of days from 1 to 36500",
        "Meetings in which nothing has happened for so long are deleted. Not set: they are kept for ever.",
        parsers.integer(1, 36_500),
    ),
)

LOGGING = (
    Setting(
        "RECONVENE_LOG_LEVEL",
        "info",
        "one of debug, info, warning, error",
        "The least important line logged.",
        parsers.level,
    ),
)
