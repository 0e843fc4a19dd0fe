"""The server of the release before, with the libraries that are installed today: its files are in `EARLIER`."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

from tests.forking import PACKAGES
from tests.process import ServerProcess

EARLIER = "EARLIER_RELEASE"


class EarlierServer(ServerProcess):
    module = "tests.server.sharing.earlier"

    def __init__(self, release: Path, directory: Path, **settings: str) -> None:
        super().__init__(directory, **settings | {EARLIER: str(release)})


if __name__ == "__main__":
    folder = os.environ.pop(EARLIER)
    os.chdir(folder)
    sys.path.insert(0, folder)
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
        del sys.modules[name]
    runpy.run_module("reconvene.cli.main", run_name="__main__", alter_sys=True)
