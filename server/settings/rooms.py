"""Settings about the resources that rooms may use."""

from __future__ import annotations

from server.settings import parsers
from server.settings.setting import Setting

SETTINGS = (
    Setting(
        "RECONVENE_MAX_WAITING",
        "50",
        "a number from 1 to 10000",
        "How many may wait to be let into one meeting.",
        parsers.integer(1, 10_000),
    ),
    Setting(
        "RECONVENE_LOBBY",
        "off",
        "one of off, guests, everyone",
        "Who has to be let into new meetings, until somebody in charge says otherwise.",
        parsers.one_of("off", "guests", "everyone"),
    ),
    Setting(
        "RECONVENE_WITHOUT_HOST",
        "continue",
        "one of continue, lock, end",
        "What happens to new meetings when nobody has been in charge for a while, unless they say otherwise.",
        parsers.one_of("continue", "lock", "end"),
    ),
    Setting(
        "RECONVENE_LOG_MEMORY",
        "256",
        "mebibytes from 1 to 1048576",
        "Memory for what clients that lost their connection are told again, over all meetings.",
        parsers.integer(1, 1_048_576),
    ),
)
