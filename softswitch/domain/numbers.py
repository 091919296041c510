"""From what was dialled to where it leads, and whether the caller may go there.

A carrier's calls reach only what `[number.…]` entries lead to. A phone's dial plan is, in this order: emergency
numbers, the office's own numbers, phones, agents, queues by name, and outside numbers (`+…`, E.164). Whether a phone
may go where that leads inside the house is asked of `may_dial`; whether a call may leave it, of `outgoing`, when a
number is rung.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from softswitch.domain.causes import Cause
from softswitch.domain.country_codes import country_code
from softswitch.domain.inputs import FromPhone, FromTrunk, Presence
from softswitch.domain.office import (
    Destination,
    Office,
    PhonePlan,
    ToAgent,
    ToAgentLine,
    ToBusy,
    ToCallback,
    ToFeature,
    ToMessages,
    ToNumber,
    ToPhone,
    ToQueue,
    ToSay,
    ToVoicemail,
)
from softswitch.domain.outgoing import Principal, emergency_number, may_ever_leave

_OUTSIDE_NUMBER: Final = re.compile(r"\+[0-9]{3,15}")
"""E.164 allows 15 digits; three keeps short codes of carriers within reach of a prefix that allows them."""


_CALLABLE: Final = re.compile(r"\+[1-9][0-9]{6,14}")
"""Nobody can be had at a short code."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a call goes, and by what rule."""

    destination: Destination
    rule: str


def route(office: Office, origin: FromTrunk | FromPhone, dialled: str) -> Route | Cause:
    """The way for what was dialled, or why there is none: UNKNOWN_NUMBER or NOT_ALLOWED."""
    if isinstance(origin, FromTrunk):
        destination = office.numbers.get(dialled)
        return Cause.UNKNOWN_NUMBER if destination is None else Route(destination, f"number {dialled}")
    emergency = emergency_number(office, dialled)
    if emergency is not None:
        return Route(ToNumber(emergency), "an emergency number")
    found = _by_dial_plan(office, dialled)
    if found is None:
        return Cause.UNKNOWN_NUMBER
    plan = office.phones.get(origin.phone)
    if plan is None or not may_dial(plan, found.destination):
        return Cause.NOT_ALLOWED
    return found


def outside_number(office: Office, principal: Principal, prefixes: Sequence[str], wanted: str) -> str | None:
    """The number as E.164 if it may be called for this principal, else None: for numbers that people key or set.

    It must begin with one of the prefixes and be none of the office's own. One that was keyed without country code (0…)
    is taken for one of the first prefix's country, 00… for an international one. A prefix may say more than a country.
    """
    wanted = international(wanted, country_code(prefixes[0]) if prefixes else None)
    is_allowed = any(wanted.startswith(prefix) for prefix in prefixes)
    if not is_allowed or wanted in office.numbers or not _CALLABLE.fullmatch(wanted):
        return None
    return wanted if may_ever_leave(principal, wanted, office) else None


def international(written: str, country: str | None) -> str:
    """`00…` as E.164, and `0…` where its country is known; anything else as it is."""
    if written.startswith("00"):
        return f"+{written[2:]}"
    if written.startswith("0") and country is not None:
        return f"{country}{written[1:]}"
    return written


def destination_of(text: str) -> Destination | None:
    """A destination that a command names: a queue, agent, phone or number; None when it is no such text."""
    kind, _, name = text.partition(":")
    if not name:
        return None
    match kind:
        case "queue":
            return ToQueue(name)
        case "agent":
            return ToAgent(name)
        case "phone":
            return ToPhone(name)
        case "number":
            return ToNumber(name) if _CALLABLE.fullmatch(name) else None
        case _:
            return None


def may_dial(phone: PhonePlan, destination: Destination) -> bool:
    """Whether this phone may reach this destination; `outgoing` decides when a number is rung."""
    match destination:
        case ToQueue():
            return "queues" in phone.may_dial
        case ToPhone():
            return "phones" in phone.may_dial
        case ToAgent():
            return "agents" in phone.may_dial
        case ToNumber() | ToSay() | ToBusy() | ToVoicemail() | ToAgentLine() | ToMessages() | ToFeature():
            return True
        case ToCallback():
            return False


def _by_dial_plan(office: Office, dialled: str) -> Route | None:
    if dialled in office.numbers:
        return Route(office.numbers[dialled], f"number {dialled}")
    if dialled in (codes := _feature_codes(office)):
        return Route(ToFeature(codes[dialled]), "a feature code")
    if dialled in office.phones:
        return Route(ToPhone(dialled), "a phone's name")
    if dialled in office.agents:
        return Route(ToAgent(dialled), "an agent's name")
    if dialled in office.queues:
        return Route(ToQueue(dialled), "a queue's name")
    if _OUTSIDE_NUMBER.fullmatch(dialled):
        return Route(ToNumber(dialled), "an outside number")
    return None


def _feature_codes(office: Office) -> dict[str, Presence]:
    features = office.features
    codes: tuple[tuple[str | None, Presence], ...] = (
        (features.ready, "ready"),
        (features.pause, "paused"),
        (features.log_out, "logged-out"),
    )
    return {code: presence for code, presence in codes if code is not None}
