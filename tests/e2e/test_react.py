"""`@reconvene/react` in an application that Vite has built, in Strict Mode, as a page of another site."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.conftest import Newcomer
from tests.e2e.outside import Outside
from tests.e2e.person import Person
from tests.packages.building import NODE_MODULES, packages, run
from tests.process import ROOT, ServerProcess

pytestmark = pytest.mark.one_browser

APPLICATION = ROOT / "tests" / "packages" / "react"
THEIRS = ("react", "react-dom", "vite", "@vitejs", "@types", "csstype")
STRICT = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noEmit": True,
    "module": "esnext",
    "moduleResolution": "bundler",
    "target": "es2022",
    "lib": ["es2023", "dom", "dom.iterable"],
    "types": [],
    "jsx": "react-jsx",
}
TYPED = """
import { type Meeting } from "@reconvene/client";
import { ReconveneProvider, useMeeting, useMeetingEvent, useSnapshot } from "@reconvene/react";
export function Title(): string {
  const meeting: Meeting | null = useMeeting(null, { name: "Ann" });
  useMeetingEvent(meeting, "left", ({ code }) => code.length);
  // @ts-expect-error: there is no such event
  useMeetingEvent(meeting, "none", () => {});
  return useSnapshot(meeting)?.title ?? ReconveneProvider.name;
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The application, built, with our packages as they are packed."""
    folder = tmp_path_factory.mktemp("react") / "application"
    shutil.copytree(APPLICATION, folder)
    (folder / "package.json").write_text(json.dumps({"private": True, "type": "module"}))
    installed = folder / "node_modules"
    for name in THEIRS:
        installed.mkdir(exist_ok=True)
        (installed / name).symlink_to(NODE_MODULES / name)
    builder = packages()
    for name, build in (("client", builder.build_client), ("react", builder.build_react)):
        with tarfile.open(build(tmp_path_factory.mktemp("packed"))) as package:
            package.extractall(installed / "@reconvene", filter="data")
        (installed / "@reconvene" / "package").rename(installed / "@reconvene" / name)
    # The build that is for development: only that mounts everything twice.
    vite = NODE_MODULES / ".bin" / "vite"
    run(vite, "build", "--mode", "development", "--logLevel", "warn", cwd=folder, NODE_ENV="development")
    return folder


@pytest.fixture(scope="module")
async def outside(project: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    async with Outside(project / "dist") as outside:
        ours = {"RECONVENE_ALLOWED_ORIGINS": outside.origin}
        async with ServerProcess(tmp_path_factory.mktemp("server"), **ours) as server:
            outside.server = server.url
            yield outside


def at(person: Person, element: str) -> Locator:
    return person.page.locator(f"#{element}")


async def test_a_component_joins_once_and_leaves(newcomer: Newcomer, outside: Outside) -> None:
    people = []
    for name in ("Ann", "Bob"):
        person = await newcomer(name, url=outside.server)
        await person.page.goto(f"{outside.origin}/index.html?server={outside.server}&name={name}")
        await expect(at(person, "state")).to_have_text("joined")
        people.append(person)
    ann, bob = people
    await expect(at(ann, "came")).to_have_text("Bob")
    await expect(at(bob, "others")).to_have_text("Ann false")
    await ann.page.get_by_role("button", name="Microphone").click()
    await expect(at(bob, "others")).to_have_text("Ann true")
    await ann.page.get_by_role("button", name="Open or close").click()
    await expect(at(ann, "closed")).to_be_visible()
    await expect(at(bob, "others")).to_have_text("")
    await ann.page.get_by_role("button", name="Open or close").click()
    await expect(at(bob, "others")).to_have_text("Ann false")
    # Each time it was there, once; whatever was mounted twice.
    assert [len([said for said in each.said if said["type"] == "join"]) for each in people] == [2, 1]


def test_its_types_are_as_strict_as_can_be(project: Path) -> None:
    """And what the document shows is right by them."""
    documented = (
        (ROOT / "docs" / "sdk.md").read_text(encoding="utf-8").partition("```jsx\n")[2].partition("```")[0]
    )
    assert "useSnapshot" in documented
    (project / "documented.tsx").write_text(documented)
    (project / "typed.ts").write_text(TYPED)
    config = project / "tsconfig.json"
    config.write_text(json.dumps({"compilerOptions": STRICT, "files": ["typed.ts", "documented.tsx"]}))
    run(NODE_MODULES / ".bin" / "tsc", "--project", config, cwd=project)
