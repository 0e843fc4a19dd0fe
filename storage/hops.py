"""Follows guests from one breakout room to the next, by name and by the times of their rows. Pure.

Zoom blanks a guest's ids at every move, so each row would count as another person. Two rows of one name are taken for
one person if one begins when the other ends, one of them is in a breakout room, and they are not known to be two
people. A row is continued by one row at most, never by a row that lies within it, so people who are there at the same
time stay apart. `follow_hops` does the same in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

WITHIN = 10.0
"""Most seconds between the end of one row and the beginning of the next."""


class HopRow(NamedTuple):
    """A row whose name also has a row in a breakout room. `person`: its owner; None: a guest."""

    name_key: str
    joined_at: float
    left_at: float
    session_id: str
    key: str
    breakout: bool
    person: str | None


@dataclass(slots=True)
class _Chain:
    anchor: str
    joined_at: float
    left_at: float
    breakout: bool
    person: str | None


def follow(rows: Iterable[HopRow]) -> dict[str, str]:
    """The new keys of guests' rows, by session id."""
    found: list[tuple[HopRow, _Chain]] = []
    chains: list[_Chain] = []
    name = None
    for row in sorted(rows):
        if row.name_key != name:
            name, chains = row.name_key, []
        chain = _gone_on_with(row, chains)
        if chain is None:
            chain = _Chain(row.key, row.joined_at, row.left_at, row.breakout, row.person)
            chains.append(chain)
        elif chain.person is None and row.person is not None:
            chain.anchor, chain.person = row.key, row.person
        chain.joined_at, chain.left_at, chain.breakout = row.joined_at, row.left_at, row.breakout
        if row.person is None:
            found.append((row, chain))
    return {row.session_id: chain.anchor for row, chain in found if row.key != chain.anchor}


def _is_beside(row: HopRow, chain: _Chain) -> bool:
    """Whether one row lies within the other. (The chain's row began first.)"""
    return row.joined_at < chain.left_at and (
        row.left_at <= chain.left_at or row.joined_at == chain.joined_at
    )


def _gone_on_with(row: HopRow, chains: list[_Chain]) -> _Chain | None:
    """The chain that the row continues: preferably the same person's, then the nearest, then the first."""
    best = None
    for chain in chains:
        away = abs(row.joined_at - chain.left_at)
        if away > WITHIN or not (chain.breakout or row.breakout) or _is_beside(row, chain):
            continue
        if chain.person is not None and row.person is not None:
            if chain.person != row.person:
                continue
        else:
            away += WITHIN
        if best is None or away < best[0]:
            best = away, chain
    return None if best is None else best[1]
