"""Two nodes, one engine, one room, three events: everything that can happen to them, tried out.

    python -m tests.engines.small_model --faults 3

The engine is `tests.engines.space`, which the scripts are held against. What an owner does, and has to do, is in
`rules.py`. A step is one thing that happens: a call arrives, an answer is read, a connection breaks, a node dies, the
engine comes back with less. All orders of steps are tried, with at most so many faults.
"""
