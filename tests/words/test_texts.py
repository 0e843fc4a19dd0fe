"""Every text of the page for people is in the catalogue, once, and the catalogue has no others."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from server.identity.identities import CREATORS, NO_CREATOR
from signalling.protocol import identifiers
from signalling.protocol.errors import ERRORS
from tests.process import ROOT
from tests.source_files import sources

pytestmark = pytest.mark.programs

FINDER = Path(__file__).with_name("texts.js")
VITE = ROOT / ".tools" / "node_modules" / "vite" / "dist" / "node" / "index.js"
STATIC = ROOT / "static"
PAGES = ("index.html", "attendance.html", "records.html")
ATTRIBUTES = ("aria-label", "title", "placeholder", "alt")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
WORD = re.compile(r"[^\W\d_]")
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')

SAME = {"Reconvene", "ABC123", "CSV"}
"""The same in every language."""

NO_TEXTS = {
    "attendance/chart.js": {"grid base"},
    "attendance/import-texts.js": {"Zoom"},
    "attendance/timeline.js": {"bar live", "bar estimated"},
    "attendance/view.js": {"… · Reconvene", "…/m/…"},
    "embed/frame.js": {
        "Only an origin that is listed gives tokens.",
        "In a call, only tokens of its user are taken.",
        "The user is in the meeting, or on the way into it.",
    },
    "here/server-clock.js": {"Date"},
    "home/view.js": {"Reconvene"},
    "meeting/banner.js": {"away", "back", "button small"},
    "meeting/chat-message.js": {"noopener noreferrer nofollow"},
    "meeting/own-picture.js": {"top left", "top right", "bottom left", "bottom right"},
    "meeting/person-menu.js": {"menu-item danger"},
    "meeting/prejoin.js": {"… · Reconvene"},
    "meeting/stage.js": {"… screen"},
    "meeting/view.js": {"… · Reconvene", "…/m/"},
    "meeting/visit.js": {"login_required", "meeting_ended", "not_creator"},
    "ui/notice-page.js": {"… · Reconvene", "button primary"},
}  # fmt: skip
"""Strings that look like texts and are none, or stand in no sentence: names of classes, of corners, of the product."""

SELECTORS = {"attendance/timeline.js", "meeting/push-to-talk.js", "meeting/picture-in-picture.js"}
"""Files with CSS."""

OF_THEIR_OWN = ("ui/start-failure.js", "words/")
"""The first can wait for no catalogue, and has its texts in each language."""


class Text(NamedTuple):
    key: str
    one: str | None
    names: frozenset[str]
    at: str


class Page(HTMLParser):
    """The texts of a page, as `page-texts.js` finds them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._unseen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._unseen:
            self._unseen += [tag] * (tag == self._unseen[0])
        elif tag in {"script", "style", "noscript"} or given.get("translate") == "no":
            self._unseen = [tag]
        self._add(*(given.get(name, "") for name in ATTRIBUTES))
        if given.get("name") == "description":
            self._add(given["content"])

    def handle_endtag(self, tag: str) -> None:
        if self._unseen and tag == self._unseen[0]:
            self._unseen.pop()

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._add(data)

    def _add(self, *texts: str) -> None:
        plain = (re.sub(r"[ \n]+", " ", text).strip(" ") for text in texts)
        self.found += [text for text in plain if WORD.search(text) and text not in SAME]


def run(*arguments: str | Path) -> Any:
    ran = subprocess.run(["node", *arguments], capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def found(folder: Path) -> dict[str, Any]:
    answer: dict[str, Any] = run(FINDER, VITE, folder)
    return answer


def of_html(page: str) -> list[str]:
    parser = Page()
    parser.feed((STATIC / page).read_text(encoding="utf-8"))
    return parser.found


@pytest.fixture(scope="module")
def scripts() -> dict[str, Any]:
    return found(STATIC / "js")


@pytest.fixture(scope="module")
def german() -> dict[str, str | dict[str, str]]:
    catalogue = (STATIC / "js" / "words" / "de.js").as_uri()
    script = f'import("{catalogue}").then(({{ texts }}) => console.log(JSON.stringify(texts)))'
    answer: dict[str, str | dict[str, str]] = run("--eval", script)
    return answer


def texts_of(scripts: dict[str, Any]) -> list[Text]:
    return [Text(text["key"], text["one"], frozenset(text["names"]), text["at"]) for text in scripts["texts"]]


def elsewhere() -> Iterator[str]:
    """What the server, the client library and the page's own errors say: any string in their sources."""
    for package in ("server", "signalling"):
        for path in sources(package):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
    yield from forbidden()
    yield from WRONG_TEXTS
    for path in [*(STATIC / "sdk").glob("*.js"), *(STATIC / "js").rglob("*.js")]:
        if "words" not in path.parts:
            yield from LITERAL.findall(path.read_text(encoding="utf-8"))


def forbidden() -> set[str]:
    """The texts that say who may not do what."""
    texts: set[str] = set()
    for path in [*sources("server"), *sources("signalling")]:
        source = path.read_text(encoding="utf-8")
        if "FORBIDDEN, " not in source:
            continue
        tree = ast.parse(source)
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        known = {"why": {NO_CREATOR, *CREATORS.values()}} | {
            node.targets[0].id: {node.value.value}
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node).startswith("Refused(ErrorCode.FORBIDDEN, "):
                texts |= said_by(node.args[1], known, vars(module))
    return texts


def said_by(node: ast.expr, known: dict[str, set[Any]], names: dict[str, Any]) -> set[str]:
    if isinstance(node, ast.IfExp):
        return said_by(node.body, known, names) | said_by(node.orelse, known, names)
    if isinstance(node, ast.Name) and node.id in known:
        return known[node.id]
    return {eval(ast.unparse(node), dict(names))}  # noqa: S307  (texts of our own sources)


def complaint(rule: Callable[[str], str], text: str) -> str:
    with pytest.raises(ValueError, match=r".") as refused:
        rule(text)
    return str(refused.value)


WRONG_TEXTS = {
    complaint(rule, wrong)
    for rule, wrongs in (
        (identifiers.person_name, ("", "\u200b", "a\nb", "x" * 81, "x" * 2000)),
        (identifiers.meeting_title, ("a\nb", "x" * 201)),
    )
    for wrong in wrongs
}
"""What is said of names and titles that cannot be."""


def forms(here: str | dict[str, str]) -> list[str]:
    return [here] if isinstance(here, str) else list(here.values())


def wrong_with(scripts: dict[str, Any]) -> list[str]:
    """Texts that are in no call, calls that cannot be read, values that do not fit."""
    wrong = [f"{at}: write the text and the names of its values in the call" for at in scripts["wrong"]]
    for bare in scripts["bare"]:
        file, text = bare["file"], bare["text"]
        if text not in NO_TEXTS.get(file, ()) and file not in SELECTORS and not file.startswith(OF_THEIR_OWN):
            wrong.append(f"{bare['at']}: {text!r} is not looked up")
    for key, one, names, at in texts_of(scripts):
        placeholders = set(PLACEHOLDER.findall(key)) - ({"count"} if one is not None else set())
        if placeholders | (set(PLACEHOLDER.findall(one or "")) - {"count"}) != names:
            wrong.append(f"{at}: {key!r} gets {sorted(names)}")
    return wrong


def test_every_text_is_looked_up(scripts: dict[str, Any]) -> None:
    assert len(texts_of(scripts)) > 700
    assert wrong_with(scripts) == []


def test_exceptions_are_needed(scripts: dict[str, Any]) -> None:
    bare = {(each["file"], each["text"]) for each in scripts["bare"]}
    assert [
        (file, text) for file, texts in NO_TEXTS.items() for text in texts if (file, text) not in bare
    ] == []


def test_the_catalogue_has_what_the_page_says(
    scripts: dict[str, Any], german: dict[str, str | dict[str, str]]
) -> None:
    used: dict[str, bool] = {text: False for page in PAGES for text in of_html(page)}
    used |= {text.key: text.one is not None for text in texts_of(scripts)}
    assert sorted(used.keys() - german.keys()) == [], "missing in static/js/words/de"
    told = set(elsewhere())
    assert sorted(key for key in german.keys() - used.keys() if key not in told) == [], "used by nobody"
    assert [key for key, counted in used.items() if counted != isinstance(german[key], dict)] == []


def test_translations_have_the_same_placeholders(german: dict[str, str | dict[str, str]]) -> None:
    def same(key: str, form: str, free: set[str]) -> bool:
        return set(PLACEHOLDER.findall(form)) - free == set(PLACEHOLDER.findall(key)) - free

    counted = {key: here for key, here in german.items() if isinstance(here, dict)}
    assert [key for key, here in counted.items() if here.keys() != {"one", "other"}] == []
    assert [key for key, here in german.items() if not all(form.strip() for form in forms(here))] == []
    # Where the count is only meant, it need not stand there.
    free = {key: {"count"} if key in counted else set() for key in german}
    assert [key for key in german if not all(same(key, form, free[key]) for form in forms(german[key]))] == []


def test_no_text_is_translated_twice() -> None:
    keys = [
        key
        for path in sorted((STATIC / "js" / "words" / "de").glob("*.js"))
        for key in re.findall(r'^  "((?:[^"\\]|\\.)*)":', path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(keys) > 800
    assert sorted({key for key in keys if keys.count(key) > 1}) == []


def test_what_is_forbidden_is_said_in_the_readers_words(german: dict[str, str | dict[str, str]]) -> None:
    """The text of the code can only say that it is not allowed."""
    texts = forbidden()
    assert len(texts) > 15
    assert sorted(texts - german.keys()) == []


def test_what_is_wrong_with_a_name_is_said_in_the_readers_words(
    german: dict[str, str | dict[str, str]],
) -> None:
    assert sorted(WRONG_TEXTS - german.keys()) == []


def test_errors_have_the_texts_of_the_server() -> None:
    """By their codes: what is said where the server says it in English."""
    source = (STATIC / "js" / "ui" / "problems.js").read_text(encoding="utf-8")
    mine = dict(re.findall(r'^  (\w+): t\("([^"]+)"\),$', source, re.MULTILINE))
    theirs = {code.value: entry.text for code, entry in ERRORS.items()}
    assert {code: text for code, text in mine.items() if theirs.get(code) != text}.keys() <= {
        "unreachable",
        "forbidden",
    }


BUGS = {
    "a bare text": ("meeting/banner.js", 't("You’re back")', '"You’re back"', "not looked up"),
    "a bare word in a template": ("meeting/tile.js", 't("Your screen")', "`Screen of ${name}`", "not looked up"),
    "a value that is called otherwise": (
        "home/view.js",
        "start a new one.\", { id }",
        "start a new one.\", { meeting: id }",
        "gets ['meeting']",
    ),
    "a text that is put together": (
        "home/meeting-list.js",
        't("nobody came")',
        't("nobody" + " came")',
        "write the text",
    ),
}  # fmt: skip


def test_planted_bugs_are_found(tmp_path: Path) -> None:
    shutil.copytree(STATIC / "js", tmp_path / "js")
    for file, before, after, _complaint in BUGS.values():
        path = tmp_path / "js" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, file
        path.write_text(text.replace(before, after), encoding="utf-8")
    wrong = wrong_with(found(tmp_path / "js"))
    assert [
        bug
        for bug, (file, *_, said) in BUGS.items()
        if not [each for each in wrong if file in each and said in each]
    ] == []
