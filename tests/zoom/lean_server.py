"""The server as it is without the extra `zoom`: `python -m tests.zoom.lean_server serve`."""

from __future__ import annotations

import sys
from typing import Any, cast

from tests.process import ServerProcess


class LeanServer(ServerProcess):
    module = __name__


if __name__ == "__main__":
    for library in ("aiolimiter", "httpx", "tenacity"):
        # Python's own way to say that a module cannot be imported.
        cast(Any, sys.modules)[library] = None
    from reconvene.cli.main import main

    main()
