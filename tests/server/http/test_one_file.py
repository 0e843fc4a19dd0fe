"""Modules that import one another become one file, which does the same."""

from __future__ import annotations

import re

import pytest

from server.http.one_file import one_file
from server.http.pages import CATALOGUES, MAINS, PAGE

MAIN = """
import { a, b as c } from "./ui/one.js";
import {
  d,
  later,
} from "../sdk/two-words.js";

/** What it is. */
export const main = () => a + c + d;
export { later };
"""
ONE = """
/**
 * Says `export const no`.
 */
import * as two from "../../sdk/two-words.js";
const hidden = two.d;
export const a = hidden;
// export const no
export const b = "// kept";"""
TWO = """
const hidden = 1;
export const d = hidden;
export async function later() {}
"""
MODULES = {"js/main.js": MAIN, "js/ui/one.js": ONE, "sdk/two-words.js": TWO}


def test_modules_become_one_file() -> None:
    text = one_file(MODULES, "js/main.js")
    assert not re.search(r"^import\b", text, re.MULTILINE)
    assert re.findall(r"^export.*", text, re.MULTILINE) == ["export { main, later };"]
    assert text.index("$sdk_two_words =") < text.index("$js_ui_one =") < text.index("$js_main =")
    assert "const { a, b: c } = $js_ui_one;" in text
    assert "const { d, later, } = $sdk_two_words;" in text
    assert "const two = $sdk_two_words;" in text
    assert "return { d, later };" in text
    # No comments but its first line, and every string.
    assert "no" not in re.findall(r"\w+", text.partition("\n")[2])
    assert '"// kept"' in text


def test_a_module_that_waits_lets_the_others_wait() -> None:
    """Those alone that come after it; what waits inside of a function is no matter."""
    waiting = TWO.replace("= 1", "= await one()").replace("{}", "{\n  await nothing();\n}")
    text = one_file(MODULES | {"sdk/two-words.js": waiting}, "js/main.js")
    assert "const $sdk_two_words = await (async() => {\nconst hidden = await one();" in text
    assert "const $js_ui_one = (() => {" in text


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("js/ui/one.js", 'import { main } from "../main.js";\nexport const a = 1, b = 2;\n'),
        ("js/ui/one.js", "export let a = 1;\nexport const b = 2;\n"),
        ("js/ui/one.js", 'export { d as a } from "../../sdk/two-words.js";\nexport const b = 2;\n'),
        ("js/ui/one.js", 'import all from "../../sdk/two-words.js";\nexport const a = all;\n'),
        ("js/ui/one.js", 'import { d } from "./none.js";\nexport const a = d, b = d;\n'),
    ],
    ids=["circle", "let", "passed on", "default", "not there"],
)
def test_what_would_not_be_the_same_in_one_file_is_refused(module: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"itself|export|import|there"):
        one_file(MODULES | {module: text}, "js/main.js")


@pytest.mark.parametrize("main", sorted(MAINS | CATALOGUES))
def test_every_page_s_modules_become_one(main: str) -> None:
    scripts = {
        path.relative_to(PAGE).as_posix(): path.read_text(encoding="utf-8") for path in PAGE.rglob("*.js")
    }
    text = one_file(scripts, main)
    assert not re.search(r"^\s*import\b", text, re.MULTILINE)
