"""A load generator: rooms full of clients without media, for whoever operates a server.

`run` is the command; `crowd` the clients of one process (`member` is one of them) and `accounting` what they have to
see; `figures` what is measured, `result` and `screen` how it is shown.
"""
