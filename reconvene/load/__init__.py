"""A load generator for server operators: rooms full of clients without media.

`command` runs it; `crowd` has the clients of one process (`member` is one of them), `expected_events` which events they
must see; `statistics` holds the measurements, `result` and `progress_display` show them.
"""
