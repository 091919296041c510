"""Session timers (RFC 4028): what two sides agree on, so that a call whose BYE was lost does not stand for ever.

One of them refreshes the session at half of the interval; whoever hears no refresh ends it a little before the interval
is over. The caller asks with `Session-Expires`; the called side answers with the same interval and says who refreshes:
whom the caller wanted, else the caller if it knows timers, else we. An interval below ours is refused with 422 and our
`Min-SE`. A caller who does not ask gets no timer: media that falls silent tells of a dead far end much sooner.

Here are values and their reading; `session_refresh` lets them act.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from sip_stack.errors import MalformedMessage
from sip_stack.grammar import parse_params, read_number
from sip_stack.message import Request, Response

INTERVAL_S: Final = 1800
"""What we ask for (§4 recommends it)."""
INTERVAL_S_MIN: Final = 90
"""What we accept, and the least that there may be (§4)."""
INTERVAL_S_MAX: Final = 86_400 * 7
"""A longer one is as good as none, and is taken for this."""
END_EARLY_S_MAX: Final = 32.0
OPTION: Final = "timer"

HeaderPairs: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SessionTimer:
    """What is in force: seconds, and whether refreshing is on us."""

    interval_s: int
    is_ours: bool

    @property
    def refresh_s(self) -> float:
        """So long after the last refresh we send one."""
        return self.interval_s / 2

    @property
    def end_s(self) -> float:
        """So long after the last refresh the session is ended (§10)."""
        return self.interval_s - min(END_EARLY_S_MAX, self.interval_s / 3)


@dataclass(frozen=True, slots=True)
class Expires:
    """A `Session-Expires` value; `refresher` is "uac", "uas" or not said."""

    interval_s: int
    refresher: str | None

    @classmethod
    def parse(cls, text: str) -> Expires:
        """Raises MalformedMessage."""
        digits, semicolon, rest = text.partition(";")
        interval_s = read_number(digits.strip(), 2**32 - 1)
        if interval_s is None:
            raise MalformedMessage("a Session-Expires without a number")
        params = dict(parse_params(semicolon + rest))
        refresher = (params.get("refresher") or "").lower()
        return cls(min(interval_s, INTERVAL_S_MAX), refresher if refresher in ("uac", "uas") else None)

    def __str__(self) -> str:
        return f"{self.interval_s};refresher={self.refresher}" if self.refresher else str(self.interval_s)


def wish(interval_s: int, *, refresher: str | None = None, least_s: int = INTERVAL_S_MIN) -> HeaderPairs:
    """Headers of an INVITE or UPDATE of ours."""
    expires = str(Expires(interval_s, refresher))
    return (("Supported", OPTION), ("Session-Expires", expires), ("Min-SE", str(least_s)))


def wish_in(timer: SessionTimer | None) -> HeaderPairs:
    """Headers of a request of ours inside a session: who refreshed goes on doing so (§7.4)."""
    if timer is None:
        return (("Supported", OPTION),)
    return wish(timer.interval_s, refresher="uac" if timer.is_ours else "uas")


def is_too_short(request: Request) -> bool:
    """Whether a 422 is due: an interval below ours, from somebody who can ask for a longer one (§9)."""
    asked = _expires(request)
    return asked is not None and asked.interval_s < INTERVAL_S_MIN and _knows_timers(request)


def answer(request: Request) -> tuple[SessionTimer | None, HeaderPairs]:
    """What is in force once this request is accepted, and the headers of the 2xx that say so (§9)."""
    asked = _expires(request)
    if asked is None:
        return None, ()
    knows = _knows_timers(request)
    refresher = (asked.refresher or "uac") if knows else "uas"
    timer = SessionTimer(max(asked.interval_s, INTERVAL_S_MIN), is_ours=refresher == "uas")
    headers = [("Session-Expires", str(Expires(timer.interval_s, refresher)))]
    if knows:
        headers += [("Supported", OPTION)] if timer.is_ours else [("Require", OPTION)]
    return timer, tuple(headers)


def agreed(response: Response) -> SessionTimer | None:
    """What is in force after a 2xx to a request of ours; None when the far end knows nothing of timers (§7.2)."""
    asked = _expires(response)
    if asked is None:
        return None
    return SessionTimer(max(asked.interval_s, INTERVAL_S_MIN), is_ours=asked.refresher != "uas")


def longer_s(response: Response) -> int | None:
    """The interval that a 422 asks for, None when it names none that could be used."""
    least = response.headers.get("Min-SE")
    seconds = None if least is None else read_number(least.partition(";")[0].strip(), INTERVAL_S_MAX)
    return seconds if seconds is not None and seconds > INTERVAL_S_MIN else None


def _expires(message: Request | Response) -> Expires | None:
    value = message.headers.get("Session-Expires")
    return None if value is None else Expires.parse(value)


def _knows_timers(request: Request) -> bool:
    return OPTION in request.headers.all("Supported") or OPTION in request.headers.all("Require")
