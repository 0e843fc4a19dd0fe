"""Start and stop real server processes, each pinned to one core, on a free loopback port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.native import built
from reconvene.load.cpu_usage import Usage, usage

ROOT = Path(__file__).parent.parent
# Not /tmp, which is memory on many systems: a commit to memory would cost the durable joins nothing.
DISK = Path("/var/tmp") if Path("/var/tmp").is_dir() else Path(tempfile.gettempdir())  # noqa: S108
STARTUP = 30.0
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")

cores = sorted(os.sched_getaffinity(0))
SERVER_CORE = cores[0]
GENERATOR_CORE = cores[-1]


class ServerError(Exception):
    """A server did not start or did not live."""


@dataclass(frozen=True)
class Spec:
    """How to start one kind of server. ``roster``: whether it tells clients who else is in the room. ``everywhere``: it
    may use all cores, the generator's too."""

    name: str
    command: Callable[[int], list[str]]
    environ: Callable[[int, Path], dict[str, str]] = lambda port, folder: {}
    roster: bool = True
    everywhere: bool = False


def _reference(module: str, *arguments: str) -> Callable[[int], list[str]]:
    return lambda port: [sys.executable, "-m", f"bench.{module}", "--port", str(port), *arguments]


def _settings(port: int, folder: Path) -> dict[str, str]:
    return {
        "RECONVENE_HOST": "127.0.0.1",
        "RECONVENE_PORT": str(port),
        "RECONVENE_STORE": f"sqlite:///{folder / 'meetings.db'}",
        # A closed loop sends as fast as it is answered, which the limits are there to prevent.
        "RECONVENE_MESSAGE_RATE": "0",
        "RECONVENE_LIMITS": "0",
        "RECONVENE_MAX_PARTICIPANTS": "2000",
        "RECONVENE_LOG_LEVEL": "warning",
    }


RECONVENE = Spec(
    "reconvene",
    lambda port: [str(Path(sys.executable).with_name("reconvene")), "serve"],
    _settings,
)
WEBSOCKETS = Spec("websockets", _reference("reference_websockets"))
WEBSOCKETS_UVLOOP = Spec("ws + uvloop", _reference("reference_websockets", "--uvloop"))
RELAY = Spec("bare relay", _reference("reference_relay"), roster=False)
LIMIT = Spec("limit in C", lambda port: [built("limit"), str(port)], roster=False)


def before(folder: Path) -> Spec:
    """This server as it is in another working tree."""
    # Up to 0.5 the command was the server's.
    module = "reconvene.cli.main" if (folder / "reconvene").is_dir() else "server.cli"
    return Spec(
        BEFORE,
        lambda port: [sys.executable, "-P", "-m", module, "serve"],
        lambda port, data: _settings(port, data) | {"PYTHONPATH": str(folder)},
    )


BEFORE = "before"


@contextmanager
def working_tree(revision: str) -> Iterator[Path]:
    """That revision of this project, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="reconvene-bench-") as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


@contextmanager
def alone(pids: Iterable[int], wanted: bool) -> Iterator[None]:
    """Where it is ``wanted``, no other process gets their cores while the block runs (SCHED_FIFO, which needs root)."""
    threads = (
        [int(task.name) for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()] if wanted else []
    )
    for thread in threads:
        os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        for thread in threads:
            with suppress(ProcessLookupError):
                os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))


@contextmanager
def on_core(*which: int) -> Iterator[None]:
    """Run the block on one core, or these. What is started inside inherits it, threads and all."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, which)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A running server. Leaving the ``with`` block stops it and removes its data."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.port = _free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="reconvene-bench-", dir=DISK)
        self._log = self.folder / "log"
        self._process = self._launch()

    @property
    def folder(self) -> Path:
        """Where its data is."""
        return Path(self._folder.name)

    @property
    def pid(self) -> int:
        return self._process.pid

    def restart(self) -> None:
        """Kill it, and start it again on the same port and data."""
        self.kill()
        self._process = self._launch()

    def kill(self) -> None:
        """Without a chance to tidy up."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Server:
        try:
            self._await_listening()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self) -> subprocess.Popen[bytes]:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("RECONVENE_")}
        environ = inherited | {"PYTHONPATH": str(ROOT)} | self.spec.environ(self.port, self.folder)
        on = cores if self.spec.everywhere else [SERVER_CORE]
        with on_core(*on), self._log.open("ab") as log:
            # In its own folder, so that no data/ or settings file of the working tree is picked up.
            return subprocess.Popen(
                self.spec.command(self.port),
                cwd=self.folder,
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _await_listening(self) -> None:
        deadline = time.monotonic() + STARTUP
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise ServerError(f"{self.spec.name} did not start:\n{self.log()}")

    def log(self) -> str:
        """The end of what the server printed."""
        return self._log.read_text(errors="replace")[-2000:] if self._log.exists() else ""

    def resident(self) -> int:
        """Resident memory in bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE

    def usage(self) -> Usage:
        return usage(self.pid)

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._folder.cleanup()
