"""Call-backs."""

from softswitch.domain.call import Call
from softswitch.domain.floor import Floor
from softswitch.domain.leg import Leg


def dial(floor: Floor, call: Call, leg: Leg, now: float) -> None:
    """Rings the customer."""
