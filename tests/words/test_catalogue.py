"""How a text is found in the reader's language, and how that is chosen: by node."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.process import ROOT

WORDS = ROOT / "static" / "js" / "words"

TEXTS = """
  import { Catalogue, localeOf } from "%s";
  const english = new Catalogue("en-GB", {});
  const german = new Catalogue("de-DE", {
    "{name} left": "{name} hat die Besprechung verlassen",
    "{count} people in {id}": { one: "{count} Person in {id}", other: "{count} Personen in {id}" },
    "not the text of a count": { other: "Formen" },
  });
  const polish = new Catalogue("pl", { "{count} files": { one: "{count} plik", few: "{count} pliki", other: "{count} plików" } });
  const people = (of, count) => of.counted(count, "one person in {id}", "{count} people in {id}", { id: "A" });
  console.log(JSON.stringify(%s));
"""  # noqa: E501


def node(script: str) -> Any:
    ran = subprocess.run(
        ["node", "--input-type=module", "--eval", script], capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout)


EXPRESSIONS: list[tuple[str, Any]] = [
    ('english.text("{name} left", { name: "Ada" })', "Ada left"),
    ('german.text("{name} left", { name: "Ada" })', "Ada hat die Besprechung verlassen"),
    # What a person is called is no text of ours.
    ('english.text("{a} and {b}", { a: "{b}", b: "$&" })', "{b} and $&"),
    ('english.text("{none} and {toString}", { b: 1 })', "{none} and {toString}"),
    ('german.text("constructor")', "constructor"),
    ('german.text("Not there yet")', "Not there yet"),
    ('german.text("not the text of a count")', "not the text of a count"),
    ('german.text("{count} bytes", { count: 1234567 })', "1.234.567 bytes"),
    ("[0, 1, 2].map((count) => people(english, count))", ["0 people in A", "one person in A", "2 people in A"]),
    (
        "[0, 1, 2000].map((count) => people(german, count))",
        ["0 Personen in A", "1 Person in A", "2.000 Personen in A"],
    ),
    # In French, one is 0 and 1; the texts are English, since there are none.
    ('people(new Catalogue("fr", {}), 0)', "0 people in A"),
    (
        '[1, 3, 5].map((count) => polish.counted(count, "{count} file", "{count} files"))',
        ["1 plik", "3 pliki", "5 plików"],
    ),
    ('[english, german].map((of) => of.all(["Ada", "Bob", "Cleo"]))', ["Ada, Bob and Cleo", "Ada, Bob und Cleo"]),
    ('[english, german].map((of) => of.any(["Ada", "Bob"]))', ["Ada or Bob", "Ada oder Bob"]),
    ('localeOf("de", ["en-US", "de-AT", "de"])', "de-AT"),
    ('localeOf("en", ["en-US@posix", "en-GB"])', "en-GB"),
    # Who reads a foreign language still has the clock of their country.
    ('localeOf("en", ["de-DE", "de"])', "en-DE"),
    ('localeOf("en", ["de"])', "en-DE"),
    ('localeOf("en", ["C", ""])', "en"),
    ('new Date(0).toLocaleTimeString(localeOf("en", ["de"]), { timeStyle: "short", timeZone: "UTC" })', "00:00"),
]  # fmt: skip


def test_texts() -> None:
    expressions = [expression for expression, _ in EXPRESSIONS]
    answers = node(TEXTS % ((WORDS / "catalogue.js").as_uri(), f"[{', '.join(expressions)}]"))
    assert dict(zip(expressions, answers, strict=True)) == dict(EXPRESSIONS)


LANGUAGE = """
  import { readFileSync } from "node:fs";
  import { runInNewContext } from "node:vm";
  const script = readFileSync("%s", "utf8");
  const chosen = ({ kept, languages, search }) => {
  const attributes = {};
  const links = [];
  runInNewContext(script, {
    document: {
      currentScript: { src: "https://a.example/meet/static/0123abcd/js/words/language.js" },
      documentElement: { setAttribute: (name) => (attributes[name] = true) , set lang(value) { attributes.lang = value; } },
      head: { appendChild: ({ href }) => links.push(href) },
      createElement: () => ({}),
    },
    location: { search },
    navigator: { languages, language: "de" },
    get localStorage() {
      if (kept === "blocked") throw new Error("SecurityError");
      return kept === "none" ? null : { getItem: (key) => (key === "reconvene.language/meet" ? kept : "de") };
    },
  });
  return [attributes.lang, links, Boolean(attributes["data-untranslated"])];
  };
  console.log(JSON.stringify(%s.map(chosen)));
"""  # noqa: E501
GERMAN = ["de", ["https://a.example/meet/static/0123abcd/js/words/de.js"], True]
ENGLISH = ["en", [], False]


CHOICES: list[tuple[str | None, list[str] | None, str, list[Any]]] = [
    (None, ["de-AT", "en"], "", GERMAN),
    (None, ["en-US", "de"], "", ENGLISH),
    (None, ["fr", "de_CH"], "", GERMAN),
    (None, ["fr", "den"], "", ENGLISH),
    (None, [], "", ENGLISH),
    (None, None, "", GERMAN),
    ("en", ["de"], "", ENGLISH),
    ("de", ["en"], "", GERMAN),
    ("xx", ["de"], "", GERMAN),
    ("constructor", [], "", ENGLISH),
    ("de", ["en"], "?a=1&lang=en", ENGLISH),
    ("en", ["en"], "?lang=de-DE", GERMAN),
    ("en", ["de"], "?lang=<b>", ENGLISH),
    ("blocked", ["de"], "", GERMAN),
    ("none", ["de"], "?lang=en", ENGLISH),
]


def test_choice_of_language() -> None:
    """By the address, else as it was chosen before, else as the browser wishes. Nothing more comes for English."""
    given = [
        {"kept": kept, "languages": languages, "search": search} for kept, languages, search, _ in CHOICES
    ]
    assert node(LANGUAGE % (WORDS / "language.js", json.dumps(given))) == [chosen for *_, chosen in CHOICES]
