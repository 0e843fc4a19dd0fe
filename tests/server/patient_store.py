"""The server as it is, except that its SQLite store waits as long as it takes for somebody else's lock, so that a
test decides when that is over: `python -m tests.server.patient_store serve`. `GIVE_UP_JOINS_AFTER` says after how many
seconds a server that stops gives up joins on their way (a share of `RECONVENE_DRAIN` unless it is set).
"""

from __future__ import annotations

import os
from typing import Any, cast

from tests.process import ServerProcess

PATIENCE = 600.0


class PatientServer(ServerProcess):
    module = __name__


if __name__ == "__main__":
    from reconvene.cli.main import main
    from server.realtime.gateway import Gateway
    from storage.sqlite.store import SqliteStore

    cast(Any, SqliteStore.__init__).__kwdefaults__["busy_timeout"] = PATIENCE
    if given := os.environ.get("GIVE_UP_JOINS_AFTER"):
        stop, within = Gateway.stop, float(given)
        Gateway.stop = lambda self, **_: stop(self, within)  # type: ignore[method-assign]
    main()
