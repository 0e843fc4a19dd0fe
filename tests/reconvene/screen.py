"""What is to be seen on a terminal after all that was written to it."""

from __future__ import annotations

import re

ORDER = re.compile(r"\x1b\[(\??\d*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


def left_on_screen(written: str) -> list[str]:
    """Its lines, without empty ones below. Knows what rich writes: up, erase, colours, the cursor's look."""
    lines, at, column = [""], 0, 0
    for order in ORDER.finditer(written):
        number, letter, moved, text = order.groups()
        if text:
            lines[at] = lines[at][:column].ljust(column) + text + lines[at][column + len(text) :]
            column += len(text)
        elif moved == "\n":
            at, column = at + 1, 0
            lines += [""] * (at == len(lines))
        elif moved == "\r":
            column = 0
        elif letter == "A":
            at -= int(number or 1)
        elif letter == "K":
            lines[at] = ""
    while lines and not lines[-1].strip():
        lines.pop()
    return [line.rstrip() for line in lines]
