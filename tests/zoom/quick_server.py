"""The server as it is, except that it looks for what is due a hundred times as often: `python -m
tests.zoom.quick_server serve`.
"""

from __future__ import annotations

from typing import Any, cast

from server.zoom.schedule import Schedule
from tests.process import ServerProcess


class QuickServer(ServerProcess):
    module = __name__


if __name__ == "__main__":
    cast(Any, Schedule.__init__).__kwdefaults__ |= {"poll": 0.3}
    from reconvene.cli.main import main

    main()
