"""SIP's reasons and the call centre's, translated both ways.

Inwards a status code says what a person or network did (RFC 3261 §21, read as RFC 4497 §8.4.4 reads it between SIP and
telephony). 408 and 480 mean "no answer" only after the telephone rang: a missed ring is the agent's, a missing network
is not. Where the telephone network gives a cause of its own (Q.850 in a Reason header), that says more than the status.
Outwards a cause becomes the status that makes a carrier or phone tell its user the right thing; carriers get the
network's cause too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sip_stack.reason import Q850, SIP, Reason, cause_in
from softswitch.domain.causes import TELLING, Cause

COMPLETED_ELSEWHERE: Final = ("Reason", 'SIP;cause=200;text="Call completed elsewhere"')
_ELSEWHERE: Final = 200
_NEVER_ACKNOWLEDGED: Final = 504
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
_CAUSE_OF_NETWORKS: Final[Mapping[int, Cause]] = {
    1: Cause.UNKNOWN_NUMBER,
    2: Cause.UNREACHABLE,
    3: Cause.UNREACHABLE,
    17: Cause.BUSY,
    20: Cause.UNREACHABLE,
    21: Cause.DECLINED,
    22: Cause.UNKNOWN_NUMBER,
    27: Cause.UNREACHABLE,
    28: Cause.UNKNOWN_NUMBER,
    34: Cause.NETWORK_FAILURE,
    38: Cause.NETWORK_FAILURE,
    41: Cause.NETWORK_FAILURE,
    42: Cause.NETWORK_FAILURE,
    44: Cause.NETWORK_FAILURE,
    47: Cause.NETWORK_FAILURE,
    65: Cause.INCOMPATIBLE_MEDIA,
    79: Cause.INCOMPATIBLE_MEDIA,
    88: Cause.INCOMPATIBLE_MEDIA,
}
_NOBODY_ANSWERED: Final = frozenset({18, 19, 102})
_NETWORKS_WORDS: Final[Mapping[int, str]] = {
    1: "Unallocated (unassigned) number",
    16: "Normal call clearing",
    17: "User busy",
    19: "No answer from user",
    20: "Subscriber absent",
    21: "Call rejected",
    26: "Non-selected user clearing",
    31: "Normal, unspecified",
    34: "No circuit/channel available",
    38: "Network out of order",
    41: "Temporary failure",
    42: "Switching equipment congestion",
    88: "Incompatible destination",
    102: "Recovery on timer expiry",
}
_NETWORKS_CAUSE: Final[Mapping[Cause, int]] = {
    Cause.HUNG_UP: 16,
    Cause.CALLER_GONE: 16,
    Cause.CANCELLED: 16,
    Cause.TRANSFERRED: 16,
    Cause.SAID: 16,
    Cause.BY_COMMAND: 16,
    Cause.ANSWERED_ELSEWHERE: 26,
    Cause.BUSY: 17,
    Cause.BUSY_DESTINATION: 17,
    Cause.QUEUE_FULL: 17,
    Cause.DECLINED: 21,
    Cause.NOT_ALLOWED: 21,
    Cause.NO_ANSWER: 19,
    Cause.MAX_WAIT: 19,
    Cause.UNREACHABLE: 20,
    Cause.UNKNOWN_NUMBER: 1,
    Cause.NETWORK_FAILURE: 38,
    Cause.NO_MEDIA_PORTS: 34,
    Cause.MEDIA_LOST: 41,
    Cause.CRASH: 41,
    Cause.DRAINING: 42,
    Cause.INCOMPATIBLE_MEDIA: 88,
    Cause.SILENT: 102,
    Cause.NOT_CONFIRMED: 102,
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


def cause_of_refusal(status: int, *, was_ringing: bool, network: int | None = None) -> Cause:
    """What a final status above 299 to our INVITE means for the call. `network`: the Q.850 cause that came with it."""
    if network in _NOBODY_ANSWERED or (network not in _CAUSE_OF_NETWORKS and status in _AFTER_OR_BEFORE_RINGING):
        return Cause.NO_ANSWER if was_ringing else Cause.UNREACHABLE
    known = _CAUSE_OF_NETWORKS.get(-1 if network is None else network) or _CAUSE_OF_STATUS.get(status)
    if known is not None:
        return known
    return Cause.UNREACHABLE if status < 400 else Cause.NETWORK_FAILURE


def cause_of_bye(reason: str | None) -> Cause:
    """Why a far end that has talked with us is gone; `reason`: what its BYE says, None where that is not believed.

    Networks say "normal" of every end that a person chose. What they blame on themselves was nobody's choice.
    """
    network = cause_in(Q850, reason)
    is_fault = _CAUSE_OF_NETWORKS.get(-1 if network is None else network) is Cause.NETWORK_FAILURE
    return Cause.NETWORK_FAILURE if is_fault else Cause.HUNG_UP


def cause_of_cancel(reason: str | None) -> Cause:
    """Why a caller whom we had not answered is gone."""
    said = cause_in(SIP, reason)
    if said == _ELSEWHERE:
        return Cause.ANSWERED_ELSEWHERE
    return Cause.NOT_CONFIRMED if said == _NEVER_ACKNOWLEDGED else Cause.CANCELLED


def refusal_of_cause(cause: Cause, *, is_carrier: bool = False) -> tuple[int, tuple[tuple[str, str], ...]]:
    """The status, and the headers that go with it, for a caller whom we do not answer."""
    status = _STATUS_OF_CAUSE.get(cause, 500)
    headers = (("Retry-After", str(RETRY_AFTER_S)),) if status == 503 else ()
    return status, (*headers, _networks(cause, otherwise=31)) if is_carrier else headers


def headers_of_hang_up(cause: Cause | None, *, is_carrier: bool = False) -> tuple[tuple[str, str], ...]:
    """What goes along with the CANCEL or BYE that ends a leg."""
    elsewhere = (COMPLETED_ELSEWHERE,) if cause is Cause.ANSWERED_ELSEWHERE else ()
    return (*elsewhere, _networks(cause, otherwise=16)) if is_carrier else elsewhere


def _networks(cause: Cause | None, *, otherwise: int) -> tuple[str, str]:
    """The cause in the telephone network's terms (ITU-T Q.850, RFC 6432)."""
    number = otherwise if cause is None else _NETWORKS_CAUSE.get(cause, otherwise)
    return "Reason", str(Reason(Q850, number, _NETWORKS_WORDS[number]))
