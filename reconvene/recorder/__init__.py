"""`reconvene record`: one file per participant and stay, and an index of them. `index.py` tells what a run leaves.

the bot's events ──► recording.py ──► stays.py   whose stay, which file
the links' tracks ─────┘                 │
                                         ▼
                                      deck.py    one thread per file, and a bounded queue before it
                                         │
                                         ▼
                                      tape.py    what belongs where in it (sounds.py, pictures.py, timing.py)
                                         │
                                         ▼
                                      writer.py  encodes, and writes
"""

from reconvene.recorder.command import run

__all__ = ["run"]
