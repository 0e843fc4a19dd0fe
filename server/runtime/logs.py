"""Configures logging: readable lines on a terminal, JSON lines otherwise.

SDP and tokens are never logged.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from typing import TextIO, cast

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from server.runtime.log_queue import LogQueue


def configure(level: str, stream: TextIO | LogQueue = sys.stderr, *, plain: bool = False) -> None:
    """Send our own lines, and those of uvicorn and other libraries, to `stream` in one format.

    `plain`: the readable format even if `stream` is no terminal.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderers: list[structlog.typing.Processor]
    if plain or stream.isatty():
        # The default formatter would show local variables, and with them tokens and keys.
        tracebacks = structlog.dev.plain_traceback
        renderers = [
            _printable,
            structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=tracebacks),
        ]
    else:
        renderers = [structlog.processors.format_exc_info, _json_line]
    structlog.configure(
        processors=[*shared, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Forgiving(stream))),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # uvicorn's start and stop lines repeat ours, and its warnings are about peers that do not speak HTTP.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    # These log a line for each call to Supabase.
    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)


def queued(stream: TextIO = sys.stderr) -> LogQueue:
    """A queue in front of `stream`, so that logging never blocks. Close it at the end."""

    def tell(lines: int) -> None:
        structlog.get_logger().warning("log lines were dropped, they were not read in time", lines=lines)

    return LogQueue(stream, tell)


class _Forgiving:
    """A stream that ignores write errors: a full disk or a missing reader must not stop the server."""

    def __init__(self, stream: TextIO | LogQueue) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


def _json_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # for half a surrogate pair, say, or a number of more than 64 bits
        return json.dumps(event, default=str, ensure_ascii=False).encode(errors="replace").decode()


def _printable(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape unprintable characters, so that a remote's text cannot start a new log line or control a terminal."""
    for name, value in event.items():
        if isinstance(value, str) and name not in {"exception", "stack"} and not value.isprintable():
            event[name] = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in value)
    return event
