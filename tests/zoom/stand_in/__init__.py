"""A stand-in for Zoom's API, on a loopback socket, written from its documented behaviour and stricter than it.

    async with ZoomStandIn(webinars) as zoom:
        ...                             # zoom.api_url, zoom.token_url, zoom.credentials
        zoom.faults.at(3, faults.server_error())
        zoom.clock.advance(3601)        # its tokens are too old now
        zoom.requests                   # what it was asked, and what it answered

The client is never told that it talks to one.
"""

from tests.zoom.stand_in import faults
from tests.zoom.stand_in.app import ZoomStandIn
from tests.zoom.stand_in.clock import Clock
from tests.zoom.stand_in.requests import Asked
from tests.zoom.stand_in.tokens import Credentials
from tests.zoom.stand_in.views import InstanceView, WebinarView

__all__ = ["Asked", "Clock", "Credentials", "InstanceView", "WebinarView", "ZoomStandIn", "faults"]
