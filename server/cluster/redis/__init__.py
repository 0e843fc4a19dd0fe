"""The engine on Redis 6.2 and later, or Valkey: its keys and scripts, and the connections to it."""
