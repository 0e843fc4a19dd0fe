"""The pure core of Reconvene: messages, rooms and the hub, without I/O, clock, randomness, logging or async.

`protocol.client_messages` decodes what clients send, `rooms.server_messages` encodes what they are sent, `rooms.room`
holds a meeting's state, `rooms.event_log` its numbered events, and `rooms.hub` is the reducer `(message, now) ->
effects`. The caller passes in ids and time, and carries the effects out. `client` is the other side of the protocol.
"""
