"""A load generator: rooms full of clients without media, for whoever operates a server.

`command` runs it; `crowd` has the clients of one process (`member` is one of them), `expected_events` what they have to
see; `statistics` are what is measured, `result` and `progress_display` show it.
"""
