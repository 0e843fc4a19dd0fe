"""`reconvene` in programs that have packages of our packages' names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.process import ROOT

CLIENT = (
    "reconvene",
    "reconvene.meeting_socket",
    "reconvene.socket_link",
    "reconvene.http_api",
    "reconvene.server_address",
    "reconvene.participants.bot",
    "reconvene.webrtc.link",
)


def test_a_program_may_have_packages_called_server_static_and_storage(tmp_path: Path) -> None:
    for name in ("server", "static", "storage"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("OWN = True\n")
    program = (
        f"import sys; sys.path.append({str(ROOT)!r})\n"
        f"import server, static, storage, {', '.join(CLIENT)}\n"
        "assert server.OWN and static.OWN and storage.OWN\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
