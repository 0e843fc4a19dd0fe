"""`reconvene probe`: two participants make a call through a live server; every step is checked.

steps.py     the steps in order, with their exit codes; their outcomes
http_checks.py  websocket_check.py  turn_check.py  call_checks.py  ice_checks.py     the checks
participant.py  context.py     one of the two participants; state that the checks share
runner.py    runs the steps in order, in bounded time, and tidies up
report.py    output for people, for pipes, and as JSON (described there)
"""
