"""Why a leg, a presentation or a call ended: the one documented list.

Signalling translates SIP status codes and media facts into these on their way in, and back on their way out; records,
reports and commands show them as they are written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Literal, TypeAlias


class Cause(StrEnum):
    """Each value's comment is its meaning for the person who reads a record."""

    HUNG_UP = "hung-up"  # someone put the phone down after the call was answered
    CANCELLED = "cancelled"  # the calling party gave up before our answer
    NO_CONFIRMATION = "no-confirmation"  # it was picked up, and the key that was asked for did not come
    NO_ANSWER = "no-answer"  # it rang (180 or 183) and nobody answered in time
    BUSY = "busy"
    DECLINED = "declined"  # the person pressed it away (603)
    UNREACHABLE = "unreachable"  # not registered, no answer to INVITE, or the network says the number cannot be had
    NETWORK_FAILURE = "network-failure"  # a fault of a carrier or phone (5xx), or of the network behind it
    UNKNOWN_NUMBER = "unknown-number"  # nothing is configured for what was dialled, or the carrier knows no such number
    NOT_ALLOWED = "not-allowed"  # the caller may not dial this
    OUTGOING_FULL = "outgoing-full"  # as many calls are out as may be: of the phone or agent, or by every trunk
    INCOMPATIBLE_MEDIA = "incompatible-media"  # no common codec, or an SDP that cannot be used
    NO_MEDIA_PORTS = "no-media-ports"  # every media port is taken, or no media process is up
    MEDIA_LOST = "media-lost"  # the media process that carried the call died
    SILENT = "silent"  # no RTP came and the phone did not answer our probe
    NOT_CONFIRMED = "not-confirmed"  # our answer was never acknowledged
    ANSWERED_ELSEWHERE = "answered-elsewhere"  # another device or agent was first
    CALLER_GONE = "caller-gone"  # the caller left while this device rang
    QUEUE_FULL = "queue-full"
    MAX_WAIT = "max-wait"
    OVERFLOW_STEP = "overflow-step"  # a step of the queue's `overflow` was due
    NO_AGENTS = "no-agents"  # the queue has nobody whom its rules for joining and staying ask for
    CLOSED = "closed"  # outside the queue's hours
    KEY_PRESSED = "key-pressed"  # the caller chose to go elsewhere
    CALLBACK = "callback"  # the caller keeps his place without the line
    TRANSFERRED = "transferred"  # whoever talked with the caller gave him on
    MAILBOX_FULL = "mailbox-full"
    BUSY_DESTINATION = "busy-destination"  # the number leads to `busy`
    SAID = "said"  # a `say:` destination was played to its end
    BY_COMMAND = "by-command"
    DRAINING = "draining"  # the switch is stopping and takes no new calls
    CRASH = "crash"


TELLING: Final = (Cause.DECLINED, Cause.BUSY, Cause.NO_ANSWER, Cause.NO_CONFIRMATION)
"""What a person at a telephone did, the most telling first; whatever else came of a call says less."""


def most_telling(causes: Sequence[Cause], ranking: Sequence[Cause] = TELLING) -> Cause:
    """What several tries came to, in one word: the first in the ranking, else the first that there was."""
    return min(causes, key=lambda cause: ranking.index(cause) if cause in ranking else len(ranking))


Outcome: TypeAlias = Literal["answered", "abandoned", "overflowed", "refused", "failed", "direct"]
EndedBy: TypeAlias = Literal["caller", "agent", "switch"]
