"""An instance of Zoom, and answers that tell of nothing."""

from __future__ import annotations

from tests.zoom.loopback import json

ID = "88988872033"
UUID = "4AAAAABBBBCCCCDDDDEEEE=="
EMPTY = json({"participants": []})
EXPIRED = json({"code": 124, "message": "Access token is expired."}, 401)
