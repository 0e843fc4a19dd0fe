"""What a join costs more if an application says who comes, by a token that is signed with a key of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.clients import Client
from bench.figures import Figure, Verdict, held
from bench.load import Fleet
from bench.measure import ROOM, Plan, Say, attempt, blaming
from bench.servers import RECONVENE, Server, Spec, alone
from reconvene.load.cpu_usage import usage
from server.identity.ids import new_user
from server.identity.tokens import Tokens

ISSUER, AUDIENCE = "https://app.example.org", "reconvene"
SECRET = "of the server in the bench"
NAME = "a join by an outside token (ES256), more CPU"
ASKED = 0.2
ROUNDS = 3
"""Times as many rounds as planned: what is looked for is a small part of a join."""


class Bearers(Fleet):
    """Each shows another token."""

    def __init__(self, port: int, rooms: int, name: str, tokens: Sequence[str]) -> None:
        super().__init__(port, rooms, ROOM, name=name)
        self._tokens: Iterator[str] = iter(tokens)

    def _join_of(self, client: Client) -> dict[str, object]:
        return super()._join_of(client) | {"token": next(self._tokens)}


def _server(key: ec.EllipticCurvePrivateKey) -> Spec:
    def environ(port: int, folder: Path) -> dict[str, str]:
        file = folder / "keys.pem"
        file.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return {
            **RECONVENE.environ(port, folder),
            "RECONVENE_SECRET": SECRET,
            "RECONVENE_JWT_ISSUER": ISSUER,
            "RECONVENE_JWT_AUDIENCE": AUDIENCE,
            "RECONVENE_JWT_KEYS_FILE": str(file),
        }

    return Spec(RECONVENE.name, RECONVENE.command, environ)


def login(plan: Plan, say: Say) -> list[Figure]:
    figure = Figure(NAME, "ms")
    say(f"{figure.name}: the same server, by turns with identities of its own")
    return [attempt(figure, _rounds(plan, say), say)]


def _rounds(plan: Plan, say: Say) -> Callable[[Figure], None]:
    rooms = plan.joiners // ROOM
    key = ec.generate_private_key(ec.SECP256R1())

    def own(count: int) -> list[str]:
        tokens = Tokens(SECRET)
        return [tokens.identity(new_user(""), time.time()) for _ in range(count)]

    def outside(count: int) -> list[str]:
        now = int(time.time())
        said = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 3600, "name": "Ann Example"}
        return [jwt.encode({**said, "sub": new_user("")}, key, algorithm="ES256") for _ in range(count)]

    def run(figure: Figure) -> None:
        with Server(_server(key)) as server:
            for number in range(-1, ROUNDS * plan.rounds):
                # The first one pays for what the server loads and compiles once.
                both = [("own", own), ("outside", outside)]
                spent: dict[str, float] = {}
                waited = 0.0
                for kind, made in both if number % 2 else reversed(both):
                    with ExitStack() as stack:
                        name = f"{kind.upper()}-{number + 1}"
                        fleet = Bearers(server.port, rooms, name, made(rooms * ROOM))
                        stack.callback(fleet.close)
                        with blaming(server), alone((server.pid, fleet.pid), plan.realtime):
                            before = server.usage(), usage(fleet.pid)
                            seconds = fleet.join()
                            used, other = server.usage() - before[0], usage(fleet.pid) - before[1]
                    spent[kind] = used.ran / fleet.count * 1000
                    waited = max(waited, other.waited / seconds)
                if number >= 0:
                    figure.values[RECONVENE.name].append(spent["outside"] - spent["own"])
                    say(
                        f"  round {number + 1} {RECONVENE.name:18} {spent['own']:.3f} ms a join, "
                        f"{spent['outside']:.3f} by a token, held up {waited:.0%}"
                    )

    return run


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    return held(figures, [NAME], ASKED, "ms", at_most=True)
