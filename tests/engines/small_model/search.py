"""Goes through all that can happen."""

from __future__ import annotations

from dataclasses import dataclass

from tests.engines.small_model.rules import Rules
from tests.engines.small_model.steps import Step, faults, steps
from tests.engines.small_model.world import World, Wrong


@dataclass(frozen=True, slots=True)
class Found:
    """What must never be, and the steps to it. `worlds`: how many were seen."""

    worlds: int
    wrong: str = ""
    story: tuple[str, ...] = ()


def search(rules: Rules, first: World, kinds: tuple[str, ...] = ("",)) -> Found:
    """Until something is wrong, or everything was seen; few steps first. `kinds`: how the names of faults end."""
    seen = {hash(first.key())}
    layer: list[tuple[World, tuple[str, ...]]] = [(first, ())]
    while layer:
        later: list[tuple[World, tuple[str, ...]]] = []
        for world, story in layer:
            free = list(steps(rules, world))
            if not free and not world.is_done:
                return Found(len(seen), "nothing goes on", story)
            for (name, do), costs in _all(rules, world, free, kinds):
                changed = world.copy()
                changed.faults -= costs
                try:
                    do(changed)
                    changed.check()
                except Wrong as wrong:
                    return Found(len(seen), str(wrong), (*story, name))
                key = hash(changed.key())
                if key not in seen:
                    seen.add(key)
                    later.append((changed, (*story, name)))
        layer = later
    return Found(len(seen))


def after(rules: Rules, world: World, *story: str) -> World:
    """The world behind these steps."""
    for name in story:
        changed = world.copy()
        free, costly = dict(steps(rules, world)), dict(faults(rules, world))
        changed.faults -= name in costly
        (free | costly)[name](changed)
        world = changed
    return world


def _all(rules: Rules, world: World, free: list[Step], kinds: tuple[str, ...]) -> list[tuple[Step, int]]:
    found = [(step, 0) for step in free]
    if world.faults and not world.is_done:
        found += [(step, 1) for step in faults(rules, world) if step[0].endswith(kinds)]
    return found
