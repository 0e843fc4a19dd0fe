"""The server, in a network of its own."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from reconvene.cli.main import main
from tests.chaos.space import ENTER

NETWORK = 0x40000000
"""CLONE_NEWNET, of setns(2)."""

if __name__ == "__main__":
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(os.environ.pop(ENTER)).open() as network:
        if libc.setns(network.fileno(), NETWORK):
            raise OSError(ctypes.get_errno(), "setns")
    main()
