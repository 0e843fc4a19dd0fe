"""`reconvene probe`: two participants make a call through a live server, and every step of it is checked.

steps.py     what is checked, in order, with its exit code; what came of it
http_checks.py  websocket_check.py  turn_check.py  call_checks.py  ice_checks.py     the checks
participant.py  context.py     one of the two participants; what the checks share
runner.py    one step after the other, in bounded time, and tidying up
report.py    for people, for pipes, and as JSON (its shape is told there)
"""
