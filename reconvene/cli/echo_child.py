"""The process of an echo: runs `reconvene echo` with its arguments, at a lower priority than the server.

It never outlives the server: its standard input is a pipe that the server holds open and never writes to.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time

NICENESS = 10
"""Added to the server's niceness: pictures may wait, the server's sockets should not."""

PATIENCE = 5.0
"""Seconds for an orderly leave when the server is gone."""


def main() -> None:
    # A process group of its own: Ctrl-C in a terminal reaches only the server, which then ends this one in order. (A
    # session would do that too but undo the niceness: Linux may weigh sessions against each other first.)
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
        os.nice(NICENESS)
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    from reconvene.cli import main

    sys.argv.insert(1, "echo")
    main.main()


def _end_with_the_server() -> None:
    # By file descriptor: a thread that waits in `sys.stdin` would hold a lock that Python needs in order to exit.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)


if __name__ == "__main__":
    main()
