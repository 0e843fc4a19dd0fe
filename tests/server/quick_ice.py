"""The server as it is, except that credentials for TURN are renewed several times a second:
`python -m tests.server.quick_ice serve`.
"""

from __future__ import annotations

from server.realtime import ice_servers
from tests.process import ServerProcess


class QuickIceServer(ServerProcess):
    module = __name__


if __name__ == "__main__":
    ice_servers.RENEWED_AFTER = 0.2
    ice_servers.LOOKS_EVERY = 0.0
    from reconvene.cli.main import main

    main()
