"""`reconvene conformance`: whether a client, or a server, does what the protocol says.

trial.py     one client in one meeting: its sockets one after the other, and what is found of it
modes.py     what the server does to clients, by the name of the meeting
serving.py   `serve`: the server, and its verdicts over HTTP
remote.py    a socket to a server that is checked
checks.py    what servers are checked for
checking.py  `check`: the checks in order, and the report
"""
