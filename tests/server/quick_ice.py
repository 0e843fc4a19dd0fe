"""The server as it is, except that credentials for TURN are renewed several times a second:
`python -m tests.server.quick_ice serve`.
"""

from __future__ import annotations

from server import ice
from tests.process import ServerProcess


class QuickIceServer(ServerProcess):
    module = __name__


if __name__ == "__main__":
    ice.RENEWED_AFTER = 0.2
    ice.LOOKS_EVERY = 0.0
    from server.cli import main

    main()
