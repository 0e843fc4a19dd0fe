"""Meetings, participants and their stays, kept so that asking twice never hurts.

`store` holds the records and the `Store` protocol; `open_store` picks a backend by URL.
"""

from storage.factory import open_store

__all__ = ["open_store"]
