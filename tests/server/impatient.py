"""The server as it is, except that it waits a fraction of a second where it waits many: `python -m
tests.server.impatient serve`.
"""

from __future__ import annotations

from typing import Any, cast

from server.realtime import socket_writer
from tests.process import ServerProcess

PATIENCE = 0.5


class ImpatientServer(ServerProcess):
    module = __name__


if __name__ == "__main__":
    from server.http import http_protocol

    # The latter has taken it over.
    socket_writer.CLOSE_TIMEOUT = cast(Any, http_protocol).CLOSE_TIMEOUT = PATIENCE
    http_protocol.HEAD_TIMEOUT = http_protocol.BODY_TIMEOUT = http_protocol.READ_TIMEOUT = PATIENCE
    from reconvene.cli.main import main

    main()
