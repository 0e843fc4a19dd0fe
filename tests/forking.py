"""Servers and commands that begin as a copy of a process which has read libraries and our modules already: reading them
anew is most of what a start costs, and the tests start some hundred.

    process = await begin("reconvene.cli.main", ["serve"], environ)
    process.stderr, process.pid, process.returncode, await process.wait()     # as of `asyncio.subprocess`
    process = await begin("reconvene.cli.main", ["version"], environ, printing=True)
    out, err = await process.communicate()

The first call starts the process that is copied: `python -m tests.forking`. It ends with whoever started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

ROOT = Path(__file__).parent.parent

LIBRARIES = (
    "asyncio",
    # For the name of the host to listen at.
    "encodings.idna",
    "fastapi",
    "jwt",
    "msgspec",
    "orjson",
    "prometheus_client",
    # FastAPI asks for it when it meets a first route.
    "pydantic.v1",
    "rich.table",
    "rich.traceback",
    "sqlite3",
    "structlog",
    "typer",
    "typer._adapters",
    "typer._click.decorators",
    "uvicorn",
    "uvicorn.lifespan.off",
    "uvicorn.protocols.http.auto",
    "uvloop",
    "websockets.server",
)
COMMAND = "reconvene.cli.main"
OURS = (COMMAND, "server.app", "storage.sqlite.store")
"""With all they need."""
PACKAGES = ("reconvene", "server", "signalling", "storage")

AFRESH = ("tests.zoom.lean_server",)
"""Programs that change what our modules find as they are read: these read them anew, at three times the cost."""

MOST = 128 * 1024
"""Bytes of a wish, most of which is the environment."""

LONGEST_LINE = 1024 * 1024


class Forked:
    """What `asyncio.subprocess.Process` is, as far as the tests need it."""

    def __init__(
        self,
        pid: int,
        stdout: asyncio.StreamReader | None,
        stderr: asyncio.StreamReader,
        pipe: asyncio.ReadTransport,
        end: asyncio.StreamReader,
    ) -> None:
        self.pid = pid
        self.stdout = stdout
        self.stderr = stderr
        self.pipe = pipe
        """Of stderr: what can be left unread."""
        self.returncode: int | None = None
        self._ended = asyncio.create_task(self._watch(end))

    async def wait(self) -> int:
        # Whoever gives up waiting must not end the watch.
        return await asyncio.shield(self._ended)

    async def communicate(self) -> tuple[bytes, bytes]:
        """What it prints, and what it says on stderr, until it ends."""
        assert self.stdout is not None
        printed, said = await asyncio.gather(self.stdout.read(), self.stderr.read())
        await self.wait()
        return printed, said

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def _watch(self, end: asyncio.StreamReader) -> int:
        code = int(await end.readline())
        # To the end of the pipe, with which it is closed: the event loop may end right after this.
        await end.read()
        self.returncode = code
        return code


async def begin(
    module: str, arguments: Sequence[str], environ: Mapping[str, str], *, printing: bool = False
) -> Forked:
    """`python -m module arguments…` in the project's folder, without input. What it prints is lost unless asked for."""
    wish = {"module": module, "arguments": arguments, "environ": dict(environ)}
    pipes = [os.pipe() for _ in range(3 if printing else 2)]
    try:
        socket.send_fds(_origin(), [json.dumps(wish).encode()], [pipe[1] for pipe in pipes])
    finally:
        for _, theirs in pipes:
            os.close(theirs)
    (end, _), (stderr, pipe), *others = [await _reader(ours) for ours, _ in pipes]
    stdout = others[0][0] if others else None
    return Forked(int(await end.readline()), stdout, stderr, pipe, end)


async def _reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    protocol = asyncio.StreamReaderProtocol(reader)
    pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: protocol, os.fdopen(descriptor, "rb", 0)
    )
    return reader, pipe


_control: socket.socket | None = None
_process: subprocess.Popen[bytes] | None = None


def _origin() -> socket.socket:
    """The way to the process that is copied, which is started when there is none."""
    global _control, _process
    if _control is None or _process is None or _process.poll() is not None:
        _control, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            _process = subprocess.Popen(
                [sys.executable, "-m", "tests.forking", str(other.fileno())],
                cwd=ROOT,
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
            )
    return _control


# The process that is copied.


def main() -> None:
    for module in (*LIBRARIES, *OURS):
        importlib.import_module(module)
    # To make the commands of what describes them is a fifth of a start.
    typer.main.get_command = functools.cache(typer.main.get_command)
    typer.main.get_command(sys.modules[COMMAND].cli)
    # What libraries keep as routes are made: patterns, and modules read at the first. It is a quarter of a start.
    importlib.import_module("tests.http_app").over_nothing()
    gc.collect()
    gc.freeze()
    # A Ctrl-C is for whoever started it, with whom it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wish = _serve(socket.socket(fileno=int(sys.argv[1])))
    if wish is not None:
        _become(**wish)


def _serve(control: socket.socket) -> dict[str, Any] | None:
    """Returns the wish in each copy; and None at the end, when the copies that are left are ended."""
    waker, woken = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: dict[int, int] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if woken in ready:
                woken.recv(4096)
                _report(children)
            if control not in ready:
                continue
            text, descriptors, _, _ = socket.recv_fds(control, MOST, 3)
            if not text:
                break
            told, *outputs = descriptors
            child = os.fork()
            if child == 0:
                nothing = os.open(os.devnull, os.O_RDWR)
                for number, output in zip((2, 1), (*outputs, nothing), strict=False):
                    os.dup2(output, number)
                os.dup2(nothing, 0)
            for descriptor in outputs:
                os.close(descriptor)
            if child == 0:
                for descriptor in (nothing, told, *children.values()):
                    os.close(descriptor)
                break
            os.write(told, b"%d\n" % child)
            children[child] = told
    if not text:
        for left in children:
            os.kill(left, signal.SIGKILL)
        return None
    signal.set_wakeup_fd(-1)
    for ours in (control, waker, woken):
        ours.close()
    wish: dict[str, Any] = json.loads(text)
    return wish


def _report(children: dict[int, int]) -> None:
    """Tell of each that has ended."""
    for child in list(children):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            told = children.pop(child)
            # Unless nobody wants to know any more.
            with contextlib.suppress(BrokenPipeError):
                os.write(told, b"%d\n" % os.waitstatus_to_exitcode(status))
            os.close(told)


def _become(module: str, arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Whoever runs the tests may have started them by nohup.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if _at_start(environ) != _at_start(os.environ):
        os.execve(sys.executable, [sys.executable, "-m", module, *arguments], environ)  # noqa: S606
    # Those there are know what kind of files they were made for.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    sys.argv = [module, *arguments]
    if module == COMMAND:
        sys.modules[module].main()
        return
    for name in list(sys.modules):
        # What is run is read by itself.
        if name == module or (module in AFRESH and name.partition(".")[0] in PACKAGES):
            del sys.modules[name]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _at_start(environ: Mapping[str, str]) -> dict[str, str]:
    """What an interpreter looks at only as it begins."""
    looked_at = {name for name in environ if name.startswith(("PYTHON", "LC_", "LANG"))} - {
        "PYTHONUNBUFFERED"
    }
    return {name: environ[name] for name in looked_at}


if __name__ == "__main__":
    main()
