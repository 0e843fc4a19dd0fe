"""Mutations of the host link, to plant as those in `mutations` are."""

from __future__ import annotations

import pytest

from server.realtime.host_news import HostNews
from storage.sqlite import host_links, join_statements


def host_before_not_told(patch: pytest.MonkeyPatch) -> None:
    """Whoever was host goes on as host in the room."""
    patch.setattr(HostNews, "heard", lambda self, room, host, by_link: None)


def host_link_used_twice(patch: pytest.MonkeyPatch) -> None:
    """Its use is not counted."""
    patch.setattr(join_statements, "COUNT_USE", "SELECT 1 WHERE :invitation IS NULL")


def older_host_links_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(host_links, "VOID", "SELECT 1 WHERE :at IS NULL AND :room IS NULL")


HOST_LINK_PLANTS = (
    host_before_not_told,
    host_link_used_twice,
    older_host_links_count,
)
