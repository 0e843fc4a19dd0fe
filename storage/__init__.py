"""Meetings, participants and their stays. Every call may be repeated without harm.

`store` holds the records and the `Store` protocol; `open_store` picks a backend by URL.
"""

from storage.factory import open_store

__all__ = ["open_store"]
