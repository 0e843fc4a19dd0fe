"""The server as it is, except that its node beats twenty times as often, so that a test can wait until a process
that died is taken for dead: `python -m tests.server.quick_node serve`.
"""

from __future__ import annotations

from typing import Any, cast

from server.cluster import node
from tests.process import ServerProcess

INTERVAL = 0.25
DEAD_AFTER = 4 * INTERVAL


class QuickNodeServer(ServerProcess):
    module = __name__


if __name__ == "__main__":
    # Which has taken the constant over.
    from server.realtime import room_restore

    cast(Any, room_restore).INTERVAL = node.INTERVAL = INTERVAL
    cast(Any, node.Node.__init__).__kwdefaults__ |= {"interval": INTERVAL, "dead_after": DEAD_AFTER}
    from reconvene.cli.main import main

    main()
