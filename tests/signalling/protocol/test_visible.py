"""What can be seen of a text, and which texts look alike."""

from __future__ import annotations

import pytest

from signalling.protocol import visible

NOTHING = {
    "zero width space": "\u200b",
    "byte order mark": "\ufeff",
    "soft hyphens": "\u00ad\u00ad",
    "word joiners": "\u2060\u2060\u2060",
    "a joiner": "\u200d",
    "isolates around nothing": "\u2068\u2069",
    "direction marks": "\u200e\u200f\u061c",
    "Hangul fillers": "\u3164\uffa0\u115f\u1160",
    "an empty cell of Braille": "\u2800",
    "tags without a flag": "\U000e0041\U000e0042\U000e007f",
    "variation selectors": "\ufe0f\ufe00\U000e0100\u180b",
    "marks that stand on nothing": "\u0301\u0301",
    "a mark that encloses nothing": "\u20dd",
    "vowels that are not written": "\u17b4\u17b5",
    "blanks of all widths": "\u00a0\u2003\u3000\u1680",
    "line and paragraph separators": "\u2028\u2029",
    "annotation marks": "\ufff9\ufffb",
    "blanks between hieroglyphs": "\U00013441\U00013442",
    "controls and marks of hieroglyphs": "\U00013430\U0001343f\U00013440\U00013447\U00013455",
    "a place where an object was": "\ufffc",
    "noncharacters": "\ufdd0\ufdef\ufffe\uffff\U0001fffe\U0010ffff",
    "nothing": "",
}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING.keys())
def test_some_characters_show_nothing(text: str) -> None:
    assert not visible.is_seen(text)
    assert not visible.is_seen(f" {text}\t{text} ")
    assert visible.is_seen(f"{text}x{text}")


UNSEEN = (
    "\u200b\u200c\u200d\u200e\u200f\u2060\u2063\u2068\u2069\u00ad\u034f\ufeff\ufe0f\ufe00\u180b\u180e\u206a"
)


@pytest.mark.parametrize(
    "unseen", [*UNSEEN, "\U000e0041", "\U000e0101", "\U000e0fff", "\ufffc", "\ufdd0", "\uffff", "\U0010fffe"]
)
def test_what_looks_alike_is_alike(unseen: str) -> None:
    for text in (f"Ann{unseen}", f"{unseen}Ann", f"A{unseen}nn", f"An{unseen}{unseen}n{unseen}"):
        assert visible.shown(text) == "Ann"
    assert visible.shown(f"An{unseen} Li") == "An Li"


def test_blanks_are_one_space_however_many_and_whatever_they_are() -> None:
    for blank in ("  ", "\u00a0", "\u2028", "\u3164", "\u2800 \u2800", "\t\n"):
        assert visible.shown(f"{blank}Ann{blank}Li{blank}") == "Ann Li"


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: a letter that does not join the next
        "\u0915\u094d\u200d\u0937",  # Devanagari: half a letter in place of a ligature
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
        "\U0001f9d1\U0001f3fd\u200d\U0001f680",  # an astronaut with a skin tone
        "\u2764\ufe0f\u200d\U0001f525",  # a heart on fire
        "1\ufe0f\u20e3",  # a key
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f Ann",  # the flag of England
        "\u845b\U000e0100",  # a variant of an ideograph
        "\U0001f1e9\U0001f1ea Max",
        "\u05d3\u05d5\u05d3",
        "Zoe\u0308".replace("e\u0308", "\u00eb"),
        "\ue000",  # of somebody's own: a logo, perhaps
        "\U0001faea",  # newer than some Pythons
        "\U00013443",  # hieroglyphs that are lost
        "Ann 2",
    ],
)
def test_what_is_part_of_what_is_seen_stays(text: str) -> None:
    assert visible.shown(text) == text
    assert visible.is_seen(text)


def test_a_joiner_or_selector_on_its_own_is_no_part_of_it() -> None:
    for alone in ("\u200d", "\u200c", "\ufe0f"):
        assert visible.shown(f"\u0645\u06cc {alone}") == "\u0645\u06cc"
    assert visible.shown("\U0001f468\u200d") == "\U0001f468"
    assert visible.shown("\U0001f468\u200d\u200d\U0001f469") == "\U0001f468\u200d\U0001f469"


def test_what_is_left_out_parts_nothing_that_belongs_together() -> None:
    assert visible.shown("e\u034f\u0301") == "\u00e9"
    assert visible.shown(visible.shown("\u2068 \u00e9\u200b\u2069")) == "\u00e9"
