"""What the process of an echo runs: the command `reconvene echo`, with its arguments, out of the server's way.

It never outlives the server: its standard input is a pipe that nobody writes to, whose end is the server's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time

NICENESS = 10
"""Added to that of the server: pictures may wait, the server's sockets should not."""

PATIENCE = 5.0
"""Seconds to leave the meeting in good order when the server is gone."""


def main() -> None:
    # Of a group of its own, so that Ctrl-C in a terminal reaches the server only, which then ends this in order. (A
    # session of its own would do that too, and undo the niceness: Linux may weigh sessions against each other first.)
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
        os.nice(NICENESS)
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    from reconvene.cli import main

    sys.argv.insert(1, "echo")
    main.main()


def _end_with_the_server() -> None:
    # By its number: a thread that waits in `sys.stdin` would hold a lock that Python needs to end.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)


if __name__ == "__main__":
    main()
