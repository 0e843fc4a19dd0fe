"""`reconvene probe`: two participants make a call through a live server, and every step of it is checked.

steps.py     what is checked, in order, with its exit code; what came of it
http.py  upgrade.py  relay.py  call.py     the checks
peer.py  visit.py                          one of the two participants; what the checks share
running.py   one step after the other, in bounded time, and tidying up
report.py    for people, for pipes, and as JSON (its shape is told there)
"""
