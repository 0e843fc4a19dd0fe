"""What a URL of an engine may say."""

from __future__ import annotations

import ssl

import pytest

from server.cluster.engine.errors import EngineRefused
from server.cluster.redis.address import parse_address


def test_a_url_says_where_and_who() -> None:
    address = parse_address("redis://ann:p%40ss@engine.example:6400/3")
    assert (address.host, address.port, address.database) == ("engine.example", 6400, 3)
    assert (address.username, address.password) == ("ann", "p@ss")
    assert address.tls is None


def test_the_shortest_url_has_the_usual_port() -> None:
    address = parse_address("redis://localhost")
    assert (address.host, address.port, address.database, address.password) == ("localhost", 6379, 0, "")


def test_by_tls_the_name_is_checked_unless_the_url_says_otherwise() -> None:
    strict = parse_address("rediss://engine.example").tls
    assert strict is not None
    assert (strict.verify_mode, strict.check_hostname) == (ssl.CERT_REQUIRED, True)
    lenient = parse_address("rediss://engine.example?ssl_cert_reqs=none").tls
    assert lenient is not None
    assert lenient.verify_mode is ssl.CERT_NONE


def test_sentinels_are_listed_and_the_primary_is_named() -> None:
    address = parse_address(
        "redis+sentinel://ann:secret@one,two:26000,[::1]:26001/mymaster/2?sentinel_password=other"
    )
    assert address.sentinels == (("one", 26379), ("two", 26000), ("::1", 26001))
    assert (address.name, address.database) == ("mymaster", 2)
    assert (address.username, address.password) == ("ann", "secret")
    assert address.sentinel_login == {"password": "other"}
    assert parse_address("rediss+sentinel://one/mymaster").tls is not None


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "localhost:6379",
            "http://localhost",
            "redis://",
            "redis+cluster://one",
            "unix:///run/redis.sock",
        ),
        *("redis://localhost:port", "redis://localhost?database=3", "redis://localhost?ssl_ca_certs=/ca.pem"),
        *("redis+sentinel:///mymaster", "redis+sentinel://one", "redis+sentinel://:26379/mymaster"),
        *("rediss://localhost?ssl_ca_certs=/no/such/file", "rediss://localhost?ssl_no_such=1"),
        *("rediss://localhost?ssl_cert_reqs=perhaps", "redis://localhost?max_connections=3"),
    ],
)
def test_what_nobody_can_use_is_refused(url: str) -> None:
    with pytest.raises(EngineRefused, match="URL"):
        parse_address(url)
