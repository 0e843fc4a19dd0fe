"""A measured quantity with all its values, and how it is held against a target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.servers import RECONVENE, Spec

DISTURBED = 0.1


@dataclass
class Figure:
    """One measured quantity: for each server, by name, a value from every round.

    ``waited`` is the share of each round in which other processes held its servers or the generator up. Only
    rounds that went undisturbed count. Where the machine grants too few of them, deliveries per second of
    the server's processor time (``by_cpu``) are the next best: a server alone on its core has the same of both.
    The same holds where the generator was the limit (``outrun``: a server had it busy for nearly all of a round).
    ``shows_both``: what it is by the clock and by processor time, whichever it is judged by.
    """

    name: str
    unit: str
    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    by_cpu: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    waited: list[float] = field(default_factory=list)
    outrun: list[bool] = field(default_factory=list)
    invalid: str = ""
    shows_both: bool = False

    @property
    def clean(self) -> int:
        """How many rounds went undisturbed."""
        return sum(waited <= DISTURBED for waited in self.waited)

    @property
    def disturbed(self) -> bool:
        return self.clean < min(2, len(self.waited))

    @property
    def judged_by_cpu(self) -> bool:
        return self.disturbed or 2 * sum(self.outrun) > len(self.outrun)

    def of(self, spec: Spec | str) -> float | None:
        return self.by(self.by_cpu if self.judged_by_cpu else self.values, spec)

    def by(self, measure: Mapping[str, list[float]], spec: Spec | str) -> float | None:
        """``measure``: the figure's ``values`` or ``by_cpu``."""
        values = measure.get(spec if isinstance(spec, str) else spec.name)
        if self.invalid or not values:
            return None
        if not self.waited:
            return median(values)
        best = sorted(range(len(values)), key=lambda number: self.waited[number])
        return median(values[number] for number in best[: self.clean if not self.disturbed else 3])


@dataclass(frozen=True)
class Verdict:
    """A target and what came out; ``measured`` is missing when the run was invalid."""

    target: str
    bound: float
    measured: float | None
    unit: str
    at_most: bool = False

    @property
    def passed(self) -> bool:
        if self.measured is None:
            return False
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound


def held(
    figures: Sequence[Figure], names: Collection[str], asked: float, unit: str, *, at_most: bool = False
) -> list[Verdict]:
    """What this server has of the figures of these names, against one target."""
    return [
        Verdict(figure.name, asked, figure.of(RECONVENE), unit, at_most=at_most)
        for figure in figures
        if figure.name in names
    ]


def ratio(figure: Figure, reference: Spec | str) -> float | None:
    ours, theirs = figure.of(RECONVENE), figure.of(reference)
    return ours / theirs if ours and theirs else None
