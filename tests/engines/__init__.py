"""Engines for tests: one in memory, for simulations and the small model, and processes of Redis and Valkey."""
