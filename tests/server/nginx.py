"""A real nginx in front of a server, set up as operators do, well or not.

async with Nginx(server.port, PASSING) as nginx:
    ...                                 # nginx.url
async with Nginx(server.port, "location /meet/ { proxy_pass http://127.0.0.1:3000; }") as nginx:
    ...                                 # as the documentation has it
    await nginx.become(NO_UPGRADE)      # every connection is lost, and it is set up anew
"""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from tests.databases.daemon import HOST, Daemon, Folder, Started, free_port, program

UPGRADE = (
    "proxy_http_version 1.1",
    "proxy_set_header Upgrade $http_upgrade",
    "proxy_set_header Connection $connection_upgrade",
)
SAME_HOST = ("proxy_set_header Host $http_host",)

PASSING = (*UPGRADE, *SAME_HOST)
TOLD_HOST = (*UPGRADE, "proxy_set_header X-Forwarded-Host $http_host")
NO_UPGRADE = SAME_HOST
OTHER_HOST = UPGRADE
NO_ROUTE = (*PASSING, "if ($uri = /ws) { return 404; }")


class Nginx(Started):
    """`lines`: what its one location says besides whom it passes requests on to; or all locations, as one text, for a
    server on the port that it has by itself. `others`: ports of further servers, which get their share; or where they
    are, if not on loopback."""

    def __init__(
        self, server_port: int | str, lines: Sequence[str] | str, others: Sequence[int | str] = ()
    ) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self._server_port = server_port
        self._others = others
        self._folder = Folder("nginx")
        self._write(lines)
        path = str(self._folder.path)
        command = [program("nginx"), "-e", "stderr", "-p", path, "-c", "nginx.conf"]
        self._daemon = Daemon(self._folder, "nginx", command, self._answers)

    async def start(self) -> None:
        await self._daemon.start()

    async def close(self) -> None:
        await self._daemon.kill()
        self._folder.remove()

    async def become(self, lines: Sequence[str] | str) -> None:
        await self._daemon.kill()
        self._write(lines)
        await self._daemon.start()

    def _write(self, lines: Sequence[str] | str) -> None:
        folders = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        target = f"http://{_where(self._server_port)}"
        upstream = ""
        if self._others:
            ports = (self._server_port, *self._others)
            upstream = f"upstream nodes {{ least_conn; {' '.join(map(_server, ports))} }}"
            target = "http://nodes"
        if isinstance(lines, str):
            locations = lines.replace("http://127.0.0.1:3000", target)
        else:
            said = " ".join(line if line.endswith("}") else f"{line};" for line in lines)
            locations = f"location / {{ {said} proxy_pass {target}; }}"
        (self._folder.path / "nginx.conf").write_text(f"""
            daemon off;
            master_process off;
            pid nginx.pid;
            error_log stderr;
            events {{ worker_connections 2048; }}
            http {{
                access_log off;
                {" ".join(f"{name}_temp_path {name};" for name in folders)}
                map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
                {upstream}
                server {{
                    listen {HOST}:{self.port};
                    location = /nginx {{ return 200; }}
                    {locations}
                }}
            }}
        """)

    async def _answers(self) -> bool:
        async with httpx.AsyncClient(verify=False) as client:  # noqa: S501 - no TLS, no certificates to read
            try:
                return (await client.get(f"{self.url}/nginx")).is_success
            except httpx.TransportError:
                return False


def _where(server: int | str) -> str:
    return f"{HOST}:{server}" if isinstance(server, int) else server


def _server(server: int | str) -> str:
    # Else one connection at a time tells whether it lives again, and a websocket does so at its end.
    return f"server {_where(server)} max_fails=0;"
