"""How much of a request has come, without a socket and without a parser."""

from __future__ import annotations

from server.http.request_progress import MAX_FIELDS, MAX_HEAD, RequestProgress


def test_what_brings_neither_the_end_of_the_headers_nor_a_body_is_bounded() -> None:
    progress = RequestProgress()
    progress.feed(1000)
    assert progress.room == MAX_HEAD - 1000
    progress.begin()
    progress.end_head()
    progress.feed(500)
    assert progress.room == MAX_HEAD
    assert progress.take_body()
    progress.feed(MAX_HEAD)
    assert progress.room == MAX_HEAD
    progress.feed(100)
    assert progress.room == MAX_HEAD - 100


def test_it_says_what_has_to_come_next() -> None:
    progress = RequestProgress()
    assert progress.expected == ("head", 1)
    progress.begin()
    assert progress.expected == ("head", 1)
    progress.end_head()
    assert progress.expected == ("body", 1)
    assert progress.end()
    progress.feed(10)
    assert progress.expected is None
    # Bytes before the next one begins, such as empty lines.
    progress.feed(2)
    assert progress.expected == ("head", 1)
    progress.begin()
    assert progress.expected == ("head", 2)


def test_trailers_are_no_headers() -> None:
    progress = RequestProgress()
    progress.begin()
    assert progress.take_field()
    progress.end_head()
    assert not progress.take_field()


def test_headers_are_counted_for_each_request() -> None:
    progress = RequestProgress()
    progress.begin()
    assert all(progress.take_field() for _ in range(MAX_FIELDS))
    assert not progress.has_too_many_fields
    assert not progress.take_field()
    assert progress.has_too_many_fields
    progress.begin()
    assert not progress.has_too_many_fields


def test_nothing_follows_headers_that_were_not_taken() -> None:
    progress = RequestProgress()
    progress.begin()
    assert not progress.take_body()
    assert not progress.end()
