"""`reconvene record`: one file per participant and stay, and an index of them. `index.py` describes the output.

the bot's events ──► recording.py ──► participant_recording.py   maps stays to files
the links' tracks ─────┘                 │
                                         ▼
                                      writer_thread.py     one thread per file, and a bounded queue before it
                                         │
                                         ▼
                                      av_file.py           places frames in the file (audio_timeline.py, video_fit.py,
                                         │                 clock_mapping.py)
                                         ▼
                                      container_writer.py  encodes, and writes
"""

from reconvene.recorder.command import run

__all__ = ["run"]
