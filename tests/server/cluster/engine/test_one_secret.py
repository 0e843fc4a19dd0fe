"""Nodes with another secret are found by what they say of themselves."""

from __future__ import annotations

import pytest

from server.cluster.engine import about, one_secret
from server.cluster.engine.about import About
from server.cluster.engine.errors import EngineRefused
from server.cluster.engine.records import SeenNode

OLD, NEW = "the secret before this one", "the secret from now on"


def node(*secrets: str, name: str = "n_ann") -> SeenNode:
    said = About(host="one", secrets=list(one_secret.fingerprints(*secrets)))
    return SeenNode(name, about.encode(said), 0.0)


@pytest.mark.parametrize("mine", [(OLD,), (OLD, NEW), (NEW, OLD)])
def test_who_knows_one_of_our_secrets_is_of_our_cluster(mine: tuple[str, ...]) -> None:
    one_secret.check(one_secret.fingerprints(*mine), [node(OLD)])
    one_secret.check(one_secret.fingerprints(OLD), [node(*mine)])


def test_who_knows_none_is_named_with_what_to_do() -> None:
    with pytest.raises(
        EngineRefused, match=r"another RECONVENE_SECRET use it \(n_ann on one\); set the same"
    ):
        one_secret.check(one_secret.fingerprints(NEW, None), [node(OLD, name="n_bob"), node(OLD)][1:])


def test_the_dead_and_those_who_say_nothing_are_no_matter() -> None:
    mine = one_secret.fingerprints(NEW)
    one_secret.check(
        mine, [SeenNode("n_1", None, 0.0), SeenNode("n_2", b"{}", 0.0), SeenNode("n_3", b"[", 0.0)]
    )
    one_secret.check(mine, [node(OLD)], "n_ann")


def test_what_is_said_of_a_secret_does_not_tell_it() -> None:
    assert OLD not in one_secret.fingerprint(OLD)
    assert len({one_secret.fingerprint(each) for each in (OLD, NEW)}) == 2
