"""People as unions of keys: rows that share a key, by way of others too, are of one person, named by the least key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def unite(rows: Iterable[Sequence[str]], known: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What rows, each with its keys, change about who is whose: the person of each key that is new, and of each person
    that is another's now, that other.

    `known` has the person of each of the rows' keys that was seen before; a person's name is one of its keys.
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
