"""The result: a table for people, and JSON for machines."""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any

from rich.table import Table
from rich.text import Text

from reconvene.load.crowd import DRAIN
from reconvene.load.plan import Plan
from reconvene.load.statistics import Delays, Tally
from reconvene.terminal import counted, paper

AT_ITS_LIMIT = 0.9
"""Share of a core from which the generator, not the server, is the bottleneck."""

HELD_UP = 0.2
"""Share of time waiting for a core, from which the delays are partly those of this machine."""

SHOWN_MEETINGS = 5

LOGIN = "everybody has to log in there: give tokens of the application, --size of them (--token-file)"

ADVICE = {
    "login_required": LOGIN,
    "bad_token": "give it other tokens (--token-file)",
    "token_expired": "give it new tokens (--token-file)",
    "forbidden": "give it tokens of users who may create meetings (--token-file); the first one creates them",
}
"""What to do when a call is refused with this code."""

_SETTINGS = {
    "meeting_full": "rooms are full: RECONVENE_MAX_PARTICIPANTS of the server is less than --size",
    "rate_limited": "a client sends more than the server allows one connection: RECONVENE_MESSAGE_RATE is less than"
    " its share of --rate and --signals; or all come from one address, and RECONVENE_LIMITS is narrower than this load",
    "login_required": LOGIN,
    "bad_token": "the server does not take the tokens: give it others (--token-file)",
    "token_expired": "the tokens have expired: give it new ones (--token-file)",
    "forbidden": "the tokens are for other meetings than those of the load: give it others (--token-file)",
    "waiting": "guests have to wait to be let in there, and nobody is in charge (RECONVENE_ANONYMOUS=lobby): give"
    " tokens of the application (--token-file)",
    "unavailable": "the server's store did not keep up, or the server was going away: see its log",
}
"""What an error code points to."""


@dataclass
class Outcome:
    """`left`: meetings that could not be removed, and `why`. `broken`: what went wrong with the generator itself."""

    server: str
    plan: Plan
    tally: Tally
    interrupted: bool = False
    left: list[str] = field(default_factory=list)
    why: str = ""
    broken: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """1 when joins failed, events were lost or doubled, or the generator itself broke."""
        tally = self.tally
        return 1 if tally.failed or tally.lost or tally.doubled or tally.refused or self.broken else 0

    def notes(self) -> Iterator[str]:
        """Caveats for the figures."""
        tally = self.tally
        yield from self.broken
        if tally.failed > tally.refused.total():
            yield "joining took too long: give it more time (--for), or join more slowly (--join-rate)"
        for code in [*tally.refused, *tally.errors]:
            if code in _SETTINGS:
                yield f"{code}: {_SETTINGS[code]}"
        busy = max(tally.busy, tally.busy_joining)
        if busy >= AT_ITS_LIMIT:
            when = "while joining" if tally.busy < AT_ITS_LIMIT else "under load"
            more = "take more --processes" if self.plan.processes < self.plan.rooms else "use another machine"
            yield (
                f"this machine's load generator was busy {busy:.0%} of a core {when}: it is the limit there, and not "
                f"the server; {more}"
            )
        if tally.waited >= HELD_UP:
            yield (
                f"this machine's load generator waited for a core {tally.waited:.0%} of the time, as others ran: "
                "the server seems slower than it is"
            )
        if os.strerror(errno.EADDRNOTAVAIL) in tally.unconnected:
            yield (
                "this machine has no ports left for connections to one address: take fewer clients, or allow more "
                "ports (net.ipv4.ip_local_port_range)"
            )
        if tally.overdue:
            yield (
                f"{tally.overdue:,} of the lost events may still come: they had not {DRAIN:.0f} s after the end, so "
                "the server is far behind, or stands still"
            )
        if tally.unsent:
            yield f"{counted(tally.unsent, 'change or signal', 'changes and signals')} could not be sent in time"
        if tally.skipped:
            left_out = counted(tally.skipped, "change or signal", "changes and signals")
            yield f"left out, as nobody who could send was connected: {left_out}"
        if tally.dropped:
            yield (
                f"{counted(tally.dropped, 'signal')} under way when the server was restarted, or gave a snapshot, "
                "did not arrive; that is as documented, and not counted as lost"
            )
        if tally.unconfirmed:
            yield (
                f"{counted(tally.unconfirmed, 'client')} that had joined "
                f"{'was' if tally.unconfirmed == 1 else 'were'} not connected at the end: what they should have seen "
                "since is not judged"
            )
        if self.left:
            yield left_behind(self.left, self.why)


def left_behind(meetings: Sequence[str], why: str) -> str:
    """One line naming the meetings that could not be removed."""
    shown = ", ".join(meetings[:SHOWN_MEETINGS]) + (" …" if len(meetings) > SHOWN_MEETINGS else "")
    return (
        f"{counted(len(meetings), 'meeting')} could not be removed ({why}): {shown}. "
        "Remove with the admin key: DELETE /api/meetings/{id}"
    )


def show(outcome: Outcome, *, as_json: bool) -> None:
    """Print to standard output."""
    if as_json:
        print(in_json(outcome))
        return
    console = paper()
    console.print(table(outcome))
    notes = list(dict.fromkeys(outcome.notes()))
    if notes:
        console.print()
    for note in notes:
        console.print(Text(f"! {note}", style="yellow"), soft_wrap=not console.is_terminal)


def table(outcome: Outcome) -> Table:
    tally, plan = outcome.tally, outcome.plan
    ended = f", {plan.seconds:g} s"
    if outcome.interrupted:
        ended = (
            f", interrupted after {tally.seconds:.0f} s"
            if tally.seconds >= 0.5
            else ", interrupted while joining"
        )
    grid = Table(
        title=Text(f"{outcome.server}: {counted(plan.rooms, 'room')} of {plan.size:,}{ended}", style="bold"),
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
        show_header=False,
    )
    grid.add_column()
    for _ in range(2):
        grid.add_column(justify="right", no_wrap=True)
    grid.add_column()

    def row(
        name: str, count: int | str, rate: float | None = None, more: str = "", *, bad: bool = False
    ) -> None:
        shown = f"{count:,}" if isinstance(count, int) else count
        style = "bold red" if bad else ""
        per_second = "" if rate is None else f"{_rounded(rate)}/s"
        grid.add_row(Text(name), Text(shown, style=style), Text(per_second), Text(more, style=style or "dim"))

    row("joined", f"{tally.joined:,} of {plan.clients:,}", tally.join_rate, _spread(tally.join_delays))
    if tally.failed or tally.refused:
        unanswered = tally.failed - tally.refused.total()
        reasons = tally.refused + Counter({f"not in {plan.join_within:g} s": max(0, unanswered)})
        name = "joins that failed" if tally.failed else "refused later"
        row(name, tally.failed or tally.refused.total(), None, _listed(reasons), bad=True)
    if plan.rate:
        row("status changes", tally.changes, tally.per_second(tally.changes))
    if plan.signals:
        row("signals", tally.signals, tally.per_second(tally.signals), f"{plan.payload:,} bytes each")
    row("deliveries", tally.events, tally.per_second(tally.delivered), _spread(tally.delays))
    if tally.late:
        row("… in replays", tally.late, None, "not in the delays")
    row("lost events", tally.lost, bad=bool(tally.lost))
    row("doubled events", tally.doubled, bad=bool(tally.doubled))
    if tally.closed:
        row("connections lost", tally.closed.total(), None, _listed(tally.closed))
    if tally.closed or tally.reconnects:
        ways = f"{tally.replayed:,} with a replay, {tally.snapshots:,} with a snapshot, {tally.anew:,} anew"
        row("reconnects", tally.reconnects, None, ways)
    if tally.unconnected:
        row("attempts that failed", tally.unconnected.total(), None, _listed(tally.unconnected))
    if tally.errors:
        row("errors answered", tally.errors.total(), None, _listed(tally.errors))
    processes = f", the busiest of {plan.processes}" if plan.processes > 1 else ""
    row(
        "load generator",
        f"{tally.busy:.0%}",
        None,
        f"of a core{processes}; {tally.busy_joining:.0%} while joining; up to {tally.behind * 1000:.0f} ms behind",
    )
    return grid


def in_json(outcome: Outcome) -> str:
    tally = outcome.tally
    report: dict[str, Any] = {
        "version": version("reconvene"),
        "server": outcome.server,
        "plan": asdict(outcome.plan),
        "interrupted": outcome.interrupted,
        "exit_code": outcome.exit_code,
        "joins": {
            "asked": outcome.plan.clients,
            "joined": tally.joined,
            "failed": tally.failed,
            "per_second": tally.join_rate,
            "refused": dict(tally.refused),
        }
        | _quantiles(tally.join_delays),
        "seconds": tally.seconds,
        "changes": tally.changes,
        "signals": tally.signals,
        "skipped": tally.skipped,
        "unsent": tally.unsent,
        "deliveries": {
            "count": tally.events,
            "per_second": tally.per_second(tally.delivered),
            "late": tally.late,
            "lost": tally.lost,
            "overdue": tally.overdue,
            "doubled": tally.doubled,
            "dropped": tally.dropped,
        }
        | _quantiles(tally.delays),
        "connections": {
            "at_the_end": tally.present,
            "unconfirmed": tally.unconfirmed,
            "lost": {str(code): count for code, count in tally.closed.items()},
            "failed": dict(tally.unconnected),
            "reconnects": tally.reconnects,
            "with_replay": tally.replayed,
            "with_snapshot": tally.snapshots,
            "anew": tally.anew,
        },
        "errors": dict(tally.errors),
        "generator": {
            "busy": tally.busy,
            "busy_joining": tally.busy_joining,
            "waited": tally.waited,
            "behind_ms": tally.behind * 1000,
        },
        "meetings_left": outcome.left,
        "notes": list(dict.fromkeys(outcome.notes())),
    }
    return json.dumps(report, indent=2)


def _quantiles(delays: Delays) -> dict[str, float | None]:
    return {
        "p50_ms": delays.quantile(0.5),
        "p99_ms": delays.quantile(0.99),
        "max_ms": delays.longest / 1000 if len(delays) else None,
    }


def _spread(delays: Delays) -> str:
    if not len(delays):
        return ""
    shown = [
        f"{name.partition('_')[0]} {_rounded(value or 0.0)}" for name, value in _quantiles(delays).items()
    ]
    return f"{', '.join(shown)} ms"


def _rounded(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}" if number >= 1 else f"{number:.2f}"


def _listed(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{key}: {count:,}" for key, count in Counter(dict(counts)).most_common())
