"""Ids that nobody guesses, and no other process makes."""

from __future__ import annotations

import os
import re

from server.identity.ids import new_id


def test_none_is_made_twice() -> None:
    made = [new_id("p") for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(re.fullmatch(r"p_[a-z2-7]{16}", each) for each in made)


def test_a_copy_of_the_process_makes_others() -> None:
    new_id("p")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, new_id("p").encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        theirs = told.read()
    os.waitpid(child, 0)
    assert theirs.startswith("p_")
    assert theirs != new_id("p")
