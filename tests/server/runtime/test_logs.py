"""What never stands in a log, whatever its level and whoever reads it."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
from collections.abc import Iterator

import pytest
import structlog

from server.runtime import logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def as_before() -> Iterator[None]:
    """Logging is the whole process's."""
    root, structure = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**structure)


@pytest.mark.parametrize("stream", [io.StringIO, Terminal], ids=["file", "terminal"])
def test_the_trace_of_an_error_shows_no_variables(stream: type[io.StringIO], as_before: None) -> None:
    written = stream()
    logs.configure("debug", written)

    def fail(token: str) -> None:
        raise ValueError(f"a token of {len(token)} letters")

    try:
        fail("geheim")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "a token of 6 letters" in written.getvalue()
    assert "Traceback" in written.getvalue()
    assert "'geheim'" not in written.getvalue()


@pytest.mark.parametrize("library", ["httpx", "httpcore.http11"])
def test_calls_to_other_services_are_not_logged_one_by_one(library: str, as_before: None) -> None:
    written = io.StringIO()
    logs.configure("debug", written)
    logging.getLogger(library).info("HTTP Request: POST https://abc.supabase.co/rest/v1/rpc/reconvene")
    logging.getLogger(library).warning("something is wrong")
    assert "HTTP Request" not in written.getvalue()
    assert "something is wrong" in written.getvalue()


ODD = ["\ud800", "\x00\x07", "a\nlistening", "\x1b[2J\x9b2J", "\u202e", "\U0010ffff"]


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_a_line_can_have_any_text_in_it(
    odd: str, as_before: None, capsys: pytest.CaptureFixture[str]
) -> None:
    written = io.StringIO()
    logs.configure("debug", written)
    structlog.get_logger().info("refused", why=odd, size=2**70)
    logging.getLogger("uvicorn.error").error("refused %s", odd)
    ours, other = (json.loads(line) for line in written.getvalue().splitlines())
    assert ours["why"] == odd.replace("\ud800", "?")
    assert other["event"] == "refused " + odd.replace("\ud800", "?")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_no_text_steers_a_terminal(odd: str, as_before: None, capsys: pytest.CaptureFixture[str]) -> None:
    written = Terminal()
    logs.configure("debug", written)
    structlog.get_logger().info("refused", why=odd)
    logging.getLogger("uvicorn.error").error("refused %s", odd)
    assert odd not in written.getvalue()
    assert ascii(odd)[1:-1] in written.getvalue()
    assert written.getvalue().count("\n") == 2
    assert capsys.readouterr().err == ""


class FullDisk(io.StringIO):
    def write(self, text: str, /) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_log_that_cannot_be_written_stops_nothing(as_before: None) -> None:
    logs.configure("debug", FullDisk())
    structlog.get_logger().info("in the meeting")
