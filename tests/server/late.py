"""The server as it is, except that its event loop takes itself for a minute late, each time it looks: `python -m
tests.server.late serve`.
"""

from __future__ import annotations

from server.realtime.overload import Overload
from tests.process import ServerProcess

LAG = 60.0


class LateServer(ServerProcess):
    module = __name__


if __name__ == "__main__":
    measured = Overload.measured

    def late(self: Overload, lag: float, now: float) -> None:
        measured(self, lag + LAG, now)

    setattr(Overload, "measured", late)  # noqa: B010 - a method is replaced
    from reconvene.cli.main import main

    main()
