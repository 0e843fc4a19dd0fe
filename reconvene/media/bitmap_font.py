"""Letters of 5 by 7 dots, for pictures that are drawn without a font.

Each is five columns from left to right; the lowest bit is the dot at the top.
"""

from __future__ import annotations

import unicodedata

ROWS = 7
PITCH = 6
"""Dots from one letter to the next."""

_FIRST = " "
_COLUMNS = bytes.fromhex(
    "0000000000 00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649552250 0005030000"  # space to '
    "001c224100 0041221c00 14083e0814 08083e0808 0050300000 0808080808 0060600000 2010080402"  # ( to /
    "3e5149453e 00427f4000 4261514946 2141454b31 1814127f10 2745454539 3c4a494930 0171090503"  # 0 to 7
    "3649494936 064949291e 0036360000 0056360000 0814224100 1414141414 0041221408 0201510906"  # 8 to ?
    "324979413e 7e1111117e 7f49494936 3e41414122 7f4141221c 7f49494941 7f09090901 3e4149497a"  # @ to G
    "7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f020c027f 7f0408107f 3e4141413e"  # H to O
    "7f09090906 3e4151215e 7f09192946 4649494931 01017f0101 3f4040403f 1f2040201f 3f4038403f"  # P to W
    "6314081463 0708700807 6151494543 007f414100 0204081020 0041417f00 0402010204 4040404040"  # X to _
    "0001020400 2054545478 7f48444438 3844444420 384444487f 3854545418 087e090102 0c5252523e"  # ` to g
    "7f08040478 00447d4000 2040443d00 7f10284400 00417f4000 7c04180478 7c08040478 3844444438"  # h to o
    "7c14141408 081414187c 7c08040408 4854545420 043f444020 3c4040207c 1c2040201c 3c4030403c"  # p to w
    "4428102844 0c5050503c 4464544c44 0008364100 00007f0000 0041360800 0804081008"  # x to ~
)
_DASHES = {"Pd": "-", "Zs": " "}
_UNKNOWN = bytes.fromhex("7f4141417f")


def plain(text: str) -> str:
    """The text in this font's letters: accents are dropped, and characters of other scripts become boxes."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(
        letter if " " <= letter <= "~" else _DASHES.get(unicodedata.category(letter), "\N{WHITE SQUARE}")
        for letter in decomposed
        if not unicodedata.combining(letter)
    )


def _columns(letter: str) -> bytes:
    start = (ord(letter) - ord(_FIRST)) * 5
    return _COLUMNS[start : start + 5] or _UNKNOWN


def rows(text: str, scale: int, ink: int, ground: int) -> list[bytes]:
    """The text as `ROWS` rows of bytes, each to be repeated `scale` times. A row has `PITCH * scale` bytes a letter,
    with the values `ink` and `ground`."""
    on, off = bytes([ink]) * scale, bytes([ground]) * scale
    columns = [column for letter in text for column in (*_columns(letter), 0)]
    return [b"".join(on if column >> row & 1 else off for column in columns) for row in range(ROWS)]
