"""One node of several: its rooms, which it owns, and its sockets, which are edges of rooms that any node owns."""
