"""What comes into a node's inbox from whoever can write to the engine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from server.network.limits import Limits
from server.runtime.metrics import Metrics
from server.sharing.entries import Entries
from server.sharing.sealing import Seal
from server.sharing.shared_limits import SharedLimits
from signalling.nodes import wire

COUNTED = wire.encode(wire.Counted(), Seal("another secret").seal(b'[["lookups","192.0.2.7",1,1000]]'))


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (b"", "it has no head"),
        (b"\x80\n", "malformed"),
        (b'{"k":"Z","v":1}\n', "Invalid value 'Z'"),
        (b'{"k":"M","v":1,"number":0}\n', ">= 1"),
        (b'{"k":"M","v":2,"number":1}\n', "it has version 2, and 1 is understood"),
        (COUNTED, "secret"),
    ],
)
def test_an_entry_that_no_node_has_written_is_told_and_does_nothing(forged: bytes, reason: str) -> None:
    """What is behind it is read all the same."""
    marked: list[int] = []
    limits = SharedLimits(Limits({}, Metrics()), Seal("the secret"), cast(Any, None))
    none = cast(Any, None)
    entries = Entries(
        cast(Any, SimpleNamespace(marks=SimpleNamespace(reached=marked.append))), none, none, none, limits
    )
    with capture_logs() as logs:
        entries.read([forged, wire.encode(wire.Marked(7))])
    (said,) = logs
    assert (said["event"], said["log_level"]) == ("an entry of the inbox cannot be read", "error")
    assert reason in said["reason"]
    assert marked == [7]
