"""Union-find: rows that share a key, directly or through others, are one person, named by the smallest key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def unite(rows: Iterable[Sequence[str]], known: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What rows, each given by its keys, change: the person of each new key; and for each person who proves to be
    another one, that other person.

    `known`: the person of each of the rows' keys that was seen before. A person's name is one of their keys.
    """
    parents: dict[str, str] = {}

    def least(key: str) -> str:
        parent = parents.setdefault(key, key)
        while parent != key:
            parents[key] = grandparent = parents[parent]
            key, parent = parent, grandparent
        return key

    def join(one: str, other: str) -> None:
        one, other = least(one), least(other)
        if one != other:
            parents[max(one, other)] = min(one, other)

    for key, person in known.items():
        join(key, person)
    for keys in rows:
        least(keys[0])
        for key in keys[1:]:
            join(keys[0], key)
    persons = set(known.values())
    added = {key: least(key) for key in list(parents) if key not in known and key not in persons}
    moved = {person: least(person) for person in persons if least(person) != person}
    return added, moved
