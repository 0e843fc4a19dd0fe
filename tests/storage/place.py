"""What the settings say of a store, to be handed around."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storage import open_store
from storage.import_store import StoreWithImports
from storage.postgres.driver import Database


@dataclass(frozen=True, slots=True)
class Place:
    url: str
    supabase_url: str = ""
    supabase_key: str = ""

    def store(self) -> StoreWithImports:
        """Not opened yet."""
        return open_store(self.url, supabase_url=self.supabase_url, supabase_key=self.supabase_key)

    def database(self) -> Database:
        """What is below the store, where that is a database server."""
        # Not above: joiners would wait for both drivers.
        from storage.postgres.asyncpg_driver import PostgresDatabase
        from storage.postgres.supabase_driver import SupabaseDatabase

        if self.url == "supabase":
            return SupabaseDatabase(self.supabase_url, self.supabase_key)
        return PostgresDatabase(self.url)

    def environ(self) -> Mapping[str, str]:
        """The same for another process."""
        return {
            "RECONVENE_STORE": self.url,
            "SUPABASE_URL": self.supabase_url,
            "SUPABASE_SERVICE_KEY": self.supabase_key,
        }

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Place:
        return cls(*(environ[name] for name in cls("").environ()))
