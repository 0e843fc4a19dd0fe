"""`make cluster`: an engine, PostgreSQL, three nodes and nginx in front, on loopback, until Ctrl-C.

Nothing is kept: the record is in a folder that goes at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx

from tests.databases.daemon import HOST, free_port
from tests.databases.postgres import PostgresServer
from tests.engines.servers import EngineServer, redis_program
from tests.process import environment
from tests.server.nginx import PASSING, Nginx

NODES = 3
STARTS_WITHIN = 60.0
STOPS_WITHIN = 20.0

IN_FRONT = (*PASSING, "proxy_set_header X-Forwarded-For $remote_addr", "proxy_read_timeout 60s")


async def main() -> None:
    stop = asyncio.Event()
    for end in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(end, stop.set)
    with tempfile.TemporaryDirectory(prefix="reconvene-cluster-") as folder:
        async with (
            EngineServer(redis_program(), appendonly="yes") as engine,
            PostgresServer() as postgres,
        ):
            settings = {
                "RECONVENE_ENGINE": engine.url,
                "RECONVENE_STORE": await postgres.make_database("cluster"),
                "RECONVENE_SECRET": secrets.token_hex(32),
                "RECONVENE_TRUSTED_PROXIES": "loopback",
            }
            ports = [free_port() for _ in range(NODES)]
            async with contextlib.AsyncExitStack() as stack:
                for number, port in enumerate(ports):
                    log = Path(folder) / f"node-{number}.log"
                    await stack.enter_async_context(_node(Path(folder), log, settings, port))
                nginx = await stack.enter_async_context(Nginx(ports[0], IN_FRONT, ports[1:]))
                print(f"{nginx.url}    nginx, in front of all")
                for number, port in enumerate(ports):
                    print(f"http://{HOST}:{port}    node {number + 1}, its log: {folder}/node-{number}.log")
                print(f"RECONVENE_ENGINE={engine.url} {sys.prefix}/bin/reconvene cluster --watch")
                print("Ctrl-C ends all of it.", flush=True)
                await stop.wait()
    print("Ended.", flush=True)


@contextlib.asynccontextmanager
async def _node(folder: Path, log: Path, settings: Mapping[str, str], port: int) -> AsyncIterator[None]:
    environ = environment(folder, {**settings, "RECONVENE_PORT": str(port)})
    with log.open("ab") as lines:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "reconvene.cli.main", "serve"),
            env=environ,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stderr=lines,
            # A Ctrl-C is for this process, which ends them in order.
            process_group=0,
        )
    try:
        async with asyncio.timeout(STARTS_WITHIN), httpx.AsyncClient(trust_env=False) as client:
            while not await _is_ready(client, port):
                if process.returncode is not None:
                    raise SystemExit(f"a node did not start: {port}")
                await asyncio.sleep(0.1)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOPS_WITHIN)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _is_ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://{HOST}:{port}/readyz")).is_success
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    # Where programs are that only root looks for.
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin"
    asyncio.run(main())
