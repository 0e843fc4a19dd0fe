"""One hash that names all static files, and what they are."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from server.http.static_tree import StaticTree, hash_of, split


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "js" / "home").mkdir(parents=True)
    (tmp_path / "js" / "main.js").write_text("main")
    (tmp_path / "js" / "home" / "view.js").write_text("lobby")
    (tmp_path / "index.html").write_text("page")
    return tmp_path


def test_it_holds_every_file_by_its_path(folder: Path) -> None:
    assert StaticTree(folder).snapshot().files == {
        "index.html": b"page",
        "js/main.js": b"main",
        "js/home/view.js": b"lobby",
    }


def test_the_hash_is_that_of_names_and_contents_and_the_same_on_every_machine(folder: Path) -> None:
    # Two nodes behind one balancer name the same files alike, whenever these were installed.
    assert StaticTree(folder).snapshot().hash == "0939ea2d6273c338"
    os.utime(folder / "index.html", (1, 1))
    (folder / ".index.html.swp").write_text("an editor's")
    assert StaticTree(folder).snapshot().hash == "0939ea2d6273c338"


@pytest.mark.parametrize("change", ["edited", "same-size", "renamed", "added", "removed"])
def test_any_change_is_seen_at_the_next_look(folder: Path, change: str) -> None:
    tree = StaticTree(folder)
    before = tree.snapshot()
    main = folder / "js" / "main.js"
    match change:
        case "edited":
            main.write_text("main, edited")
        case "same-size":
            main.write_text("mein")
        case "renamed":
            main.rename(folder / "js" / "start.js")
        case "added":
            (folder / "js" / "more.js").write_text("")
        case "removed":
            main.unlink()
    after = tree.snapshot()
    assert after.hash != before.hash
    assert after.files != before.files


def test_files_are_read_once_until_they_change(folder: Path) -> None:
    tree = StaticTree(folder)
    assert tree.snapshot() is tree.snapshot()


def test_what_is_removed_while_it_looks_is_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Editors write beside a file and rename, and a checkout removes whole folders."""
    list_entries = os.scandir

    def remove_once_listed(where: Path) -> Any:
        entries = list(list_entries(where))
        if where == folder:
            (folder / "index.html").unlink()
            shutil.rmtree(folder / "js" / "home")
        if where == folder / "js":
            shutil.rmtree(where)
        return contextlib.nullcontext(entries)

    (folder / "about.html").write_text("about")
    monkeypatch.setattr(os, "scandir", remove_once_listed)
    assert StaticTree(folder).snapshot().files == {"about.html": b"about"}


def test_links_out_of_the_folder_are_not_followed(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_text("secret")
    (folder / "secret").symlink_to(secret)
    (folder / "elsewhere").symlink_to(secret.parent)
    assert "secret" not in "".join(StaticTree(folder).snapshot().files)


def test_where_one_part_ends_matters() -> None:
    assert hash_of(b"ab", b"c") != hash_of(b"a", b"bc")


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("0123456789abcdef/js/main.js", ("0123456789abcdef", "js/main.js")),
        ("js/main.js", None),
        ("0123456789abcdef", None),
        ("0123456789abcdef/", None),
        ("0123456789ABCDEF/js/main.js", None),
        ("0123456789abcde/js/main.js", None),
        ("0123456789abcdef0/js/main.js", None),
        ("js/0123456789abcdef/main.js", None),
    ],
)
def test_only_the_first_part_is_a_hash_and_only_if_it_looks_like_one(
    path: str, parts: tuple[str, str] | None
) -> None:
    assert split(path) == parts
