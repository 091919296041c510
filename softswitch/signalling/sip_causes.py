"""SIP's reasons and the call centre's, translated both ways.

Inwards a status code says what a person or network did (RFC 3261 §21, read as RFC 4497 §8.4.4 reads it between SIP and
telephony). 408 and 480 mean "no answer" only after the telephone rang: a missed ring is the agent's, a missing network
is not. Outwards a cause becomes the status that makes a carrier or phone tell its user the right thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from softswitch.domain.causes import TELLING, Cause

COMPLETED_ELSEWHERE: Final = ("Reason", 'SIP;cause=200;text="Call completed elsewhere"')
"""RFC 3326 §2: keeps the telephones that lost the race from showing a missed call."""

RETRY_AFTER_S: Final = 10

_AFTER_OR_BEFORE_RINGING: Final = frozenset({408, 480, 487})
_CAUSE_OF_STATUS: Final[Mapping[int, Cause]] = {
    403: Cause.NOT_ALLOWED,
    404: Cause.UNKNOWN_NUMBER,
    410: Cause.UNKNOWN_NUMBER,
    415: Cause.INCOMPATIBLE_MEDIA,
    484: Cause.UNKNOWN_NUMBER,
    486: Cause.BUSY,
    488: Cause.INCOMPATIBLE_MEDIA,
    600: Cause.BUSY,
    603: Cause.DECLINED,
    604: Cause.UNKNOWN_NUMBER,
    606: Cause.INCOMPATIBLE_MEDIA,
}
TELLING_OF_CONTACTS: Final = (*TELLING, Cause.INCOMPATIBLE_MEDIA, Cause.NETWORK_FAILURE)
"""What says more of the person goes before what says more of the device."""

_STATUS_OF_CAUSE: Final[Mapping[Cause, int]] = {
    Cause.BUSY: 486,
    Cause.BUSY_DESTINATION: 486,
    Cause.QUEUE_FULL: 486,
    Cause.DECLINED: 603,
    Cause.NO_ANSWER: 480,
    Cause.UNREACHABLE: 480,
    Cause.MAX_WAIT: 480,
    Cause.BY_COMMAND: 480,
    Cause.NETWORK_FAILURE: 502,
    Cause.UNKNOWN_NUMBER: 404,
    Cause.NOT_ALLOWED: 403,
    Cause.INCOMPATIBLE_MEDIA: 488,
    Cause.NO_MEDIA_PORTS: 503,
    Cause.OUTGOING_FULL: 503,
    Cause.MEDIA_LOST: 503,
    Cause.DRAINING: 503,
}


def cause_of_refusal(status: int, *, was_ringing: bool) -> Cause:
    """What a final status above 299 to our INVITE means for the call."""
    if status in _AFTER_OR_BEFORE_RINGING:
        return Cause.NO_ANSWER if was_ringing else Cause.UNREACHABLE
    known = _CAUSE_OF_STATUS.get(status)
    if known is not None:
        return known
    return Cause.UNREACHABLE if status < 400 else Cause.NETWORK_FAILURE


def refusal_of_cause(cause: Cause) -> tuple[int, tuple[tuple[str, str], ...]]:
    """The status, and the headers that go with it, for a caller whom we do not answer."""
    status = _STATUS_OF_CAUSE.get(cause, 500)
    return status, (("Retry-After", str(RETRY_AFTER_S)),) if status == 503 else ()


def headers_of_hang_up(cause: Cause | None) -> tuple[tuple[str, str], ...]:
    """What goes along with the CANCEL or BYE that ends a leg."""
    return (COMPLETED_ELSEWHERE,) if cause is Cause.ANSWERED_ELSEWHERE else ()
