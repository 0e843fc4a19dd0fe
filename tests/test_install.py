"""What docs/install.md offers: the image, and the services beside it. `make image-test` builds and starts it."""

from __future__ import annotations

import ipaddress
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.settings.config import SETTINGS, Config, unknown_settings
from server.settings.setting import ConfigError
from tests.process import ROOT
from tests.source_files import PACKAGES, tracked

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
INSTALL = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

VARIABLE = re.compile(r"\$\{(\w+)(?::[?-])?\}")


def given() -> dict[str, str]:
    """The file .env that the document makes, with secrets in it."""
    (made,) = re.findall(r"^cat > \.env <<END\n(.*?)^END$", INSTALL, re.MULTILINE | re.DOTALL)
    lines = [line.partition("=") for line in made.splitlines()]
    return {
        name: value.replace("$(openssl rand -hex 32)", "0123456789abcdef" * 4) for name, _, value in lines
    }


def composed() -> dict[str, Any]:
    values = given()
    document: dict[str, Any] = yaml.safe_load(VARIABLE.sub(lambda found: values.get(found[1], ""), COMPOSE))
    return document


def test_the_dockerfile_has_nothing_to_find_fault_with() -> None:
    linter = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("hadolint has no build for this machine")
    done = subprocess.run([linter, "Dockerfile"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_has_settings_and_extras_that_exist() -> None:
    settings = dict(re.findall(r"(RECONVENE_\w+)=(\S+)", DOCKERFILE))
    assert unknown_settings(settings) == []
    assert ipaddress.ip_address(Config.from_env(settings).host).is_unspecified
    assert Config.from_env(settings).data_directory == Path("/data")
    extras = re.search(r"^ARG EXTRAS=(.*)$", DOCKERFILE, re.MULTILINE)
    assert extras is not None
    assert {*extras[1].split(","), "peer", "all", "dev"} == PROJECT["project"]["optional-dependencies"].keys()


def test_the_build_gets_what_the_wheel_is_made_of() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(packages) == {*PACKAGES, "static"}
    needed = {*packages, "LICENSE", "README.md", "pyproject.toml", "requirements.lock"}
    assert {line[1:] for line in lines if line.startswith("!")} == needed
    assert "*" in lines


def test_the_services_have_settings_that_can_be_used() -> None:
    services = composed()["services"]
    environment: dict[str, str] = environment_of(services["reconvene"], given())
    known = {setting.name for setting in SETTINGS}
    # A note in .env for the other services is no setting of this one's.
    environment = {name: value for name, value in environment.items() if name not in given().keys() - known}
    assert environment.keys() <= known
    config = _of(environment)
    assert config.store.startswith("postgresql://reconvene:")
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] in config.store
    assert config.engine is None
    # All that is needed is in the document's .env, and nothing else is.
    assert set(VARIABLE.findall(COMPOSE)) == given().keys()
    # The server has time to drain, and only a proxy on the machine reaches it: the one who is believed.
    assert int(services["reconvene"]["stop_grace_period"].removesuffix("s")) > config.drain
    assert services["reconvene"]["ports"] == [f"127.0.0.1:{config.port}:{config.port}"]
    assert [name for name, service in services.items() if "ports" in service] == ["reconvene"]


def test_every_setting_reaches_the_server_or_is_said_to_be_the_services_own() -> None:
    service = composed()["services"]["reconvene"]
    (said,) = re.findall(r"`compose.yaml` itself says ([^;]*);", INSTALL)
    own = {*re.findall(r"RECONVENE_[A-Z_]+", said)} | {
        name for name in service["environment"] if "TURN" in name or "ICE" in name
    }
    written = {setting.name: f"value of {setting.name}" for setting in SETTINGS}
    found = environment_of(service, written)
    lost = {name for name, value in written.items() if found.get(name) != value}
    # The secret is the document's, in .env as well.
    assert lost - {"RECONVENE_SECRET"} == own


def environment_of(service: dict[str, Any], written: dict[str, str]) -> dict[str, str]:
    """What the container's program is given, as Compose says it: `environment` comes before `env_file`.

    `written`: what the file .env says.
    """
    files = service.get("env_file", [])
    named = [files] if isinstance(files, str) else files
    assert set(named) <= {".env"}
    return {**(written if named else {}), **service["environment"]}


def _of(environment: dict[str, str]) -> Config:
    try:
        return Config.from_env(environment)
    except ConfigError as error:
        raise AssertionError(str(error)) from None


def test_the_relay_is_as_the_document_on_settings_has_it() -> None:
    written = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```\n(listening-port=.*?)^```$", written, re.MULTILINE | re.DOTALL)
    expected = {line for line in block.splitlines() if line and line[0] != "#"}
    content = set(composed()["configs"]["turnserver"]["content"].splitlines())
    of_tls = {line for line in expected if line.startswith(("tls-listening-port=", "cert=", "pkey="))}
    secret, domain = given()["TURN_SECRET"], given()["DOMAIN"]
    own = {f"static-auth-secret={secret}", f"realm={domain}", "no-tls", "no-dtls", "log-file=stdout"}
    assert content == {
        *(line for line in expected - of_tls if not line.startswith(("static-auth-secret=", "realm="))),
        *own,
    }
    environment = composed()["services"]["reconvene"]["environment"]
    assert environment["RECONVENE_TURN_SECRET"] == secret
    assert json.loads(environment["RECONVENE_ICE_SERVERS"]) == [{"urls": f"stun:{domain}:3478"}]


def test_images_are_named_without_a_registry() -> None:
    named = [service["image"] for service in composed()["services"].values() if "image" in service]
    named += re.findall(r"^ARG BASE=(.*)$", DOCKERFILE, re.MULTILINE)
    assert len(named) == 4
    for name in named:
        assert re.fullmatch(r"(\w+/)?\w+:[\w.-]+", name), name


def test_every_extra_is_in_the_table() -> None:
    extras = set(re.findall(r"^\| `(\w+)` \|", INSTALL, re.MULTILINE))
    assert extras == PROJECT["project"]["optional-dependencies"].keys() - {"dev"}


def test_nothing_is_installed_by_a_name_that_no_registry_has() -> None:
    by_name = re.compile(
        r"(?:pip|pipx|uv tool) install (?:-\S+ )*['\"]?reconvene\b|npm install (?:-\S+ )*@reconvene/"
    )
    found = []
    for path in tracked():
        if path.suffix in {".py", ".md", ".js", ".toml"}:
            lines = path.read_text(encoding="utf-8").splitlines()
            found += [f"{path.name}:{number}" for number, line in enumerate(lines, 1) if by_name.search(line)]
    assert found == []
