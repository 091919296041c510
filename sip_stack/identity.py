"""Who calls, and whom he called first, as carriers write it beside From and To.

P-Asserted-Identity (RFC 3325) and its forerunner Remote-Party-ID tell the caller that a network vouches for; whether to
believe it is the owner's to know. Privacy (RFC 3323), a Remote-Party-ID with `privacy=full` and an anonymous From ask
that he be shown to nobody. Diversion (RFC 5806) and History-Info (RFC 7044) tell through which numbers the call came;
of interest is the first, the one that the caller meant. All of it is advice: what cannot be read is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sip_stack.errors import MalformedMessage
from sip_stack.headers import NameAddr
from sip_stack.message import Request

VALUES_MAX: Final = 10
"""So many values of one header are read."""
ANONYMOUS_HOST: Final = "anonymous.invalid"
_HIDING: Final = frozenset({"id", "user", "header"})


def asserted(request: Request) -> NameAddr | None:
    """Whom the network vouches for: of a sip and a tel identity (RFC 3325 §9.1) the number, else the first; else the
    calling party of a Remote-Party-ID.
    """
    identities = list(_values(request, "P-Asserted-Identity"))
    numbers = [each for each in identities if each.uri.scheme == "tel"]
    parties = [each for each in _values(request, "Remote-Party-ID") if _param(each, "party") in ("", "calling")]
    return next(iter([*numbers, *identities, *parties]), None)


def wants_privacy(request: Request) -> bool:
    """Whether the caller is not to be shown."""
    wished = {part.strip().lower() for line in request.headers.all("Privacy") for part in line.split(";")}
    if wished & _HIDING:
        return True
    if any(_param(each, "privacy") == "full" for each in _values(request, "Remote-Party-ID")):
        return True
    return request.from_.uri.host == ANONYMOUS_HOST


def first_called(request: Request) -> str | None:
    """The user part or number that was called before the call was sent on to us, None when nothing tells of it.

    The latest Diversion comes first (RFC 5806 §3.2), the first entry of a History-Info (RFC 7044 §9.1).
    """
    diversions = list(_values(request, "Diversion"))
    if diversions:
        return diversions[-1].uri.user
    history = list(_values(request, "History-Info"))
    return history[0].uri.user if len(history) > 1 else None


def _values(request: Request, name: str) -> Iterator[NameAddr]:
    for value in request.headers.all(name)[:VALUES_MAX]:
        try:
            found = NameAddr.parse(value)
        except MalformedMessage:
            continue
        if found.uri.user:
            yield found


def _param(address: NameAddr, name: str) -> str:
    return next(((value or "").lower() for key, value in address.params if key == name), "")
