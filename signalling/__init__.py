"""The pure core of Reconvene: messages, rooms and the hub, without I/O, clock, randomness, logging or async.

`messages` decodes what clients send, `events` encodes what they are sent, `room` holds a meeting's state and its
numbered `log`, and `hub` is the reducer `(message, now) -> effects` that ties them together. Whoever calls it passes
in ids and time, and carries the effects out.
"""
