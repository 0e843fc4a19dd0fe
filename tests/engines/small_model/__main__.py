"""Tries everything with as many faults as are asked for, and tells the story of what goes wrong."""

from __future__ import annotations

import argparse
import sys

from tests.engines.small_model.rules import Rules
from tests.engines.small_model.search import search
from tests.engines.small_model.world import World


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.engines.small_model", description=__doc__)
    parser.add_argument("--faults", type=int, default=2)
    parser.add_argument("--gifts", type=int, default=1, help="how often a room is given away")
    parser.add_argument("--events", default="xz", help="a letter for each")
    asked = parser.parse_args()
    found = search(Rules(), World(asked.faults, asked.gifts, asked.events))
    print(f"{found.worlds} worlds")
    if found.wrong:
        sys.exit("\n".join((found.wrong, *found.story)))


if __name__ == "__main__":
    main()
