"""`[outgoing]`: what holds for all calls that leave the house, and how it fits the rest of the office."""

from __future__ import annotations

import re
from typing import Final

from softswitch.domain.office import OutgoingPlan
from softswitch.settings.destinations import E164, INTERNAL_DIGITS
from softswitch.settings.faults import Faults
from softswitch.settings.naming import read_prefixes
from softswitch.settings.section import Section
from softswitch.settings.whole import Whole

CALLS_OUT_MAX_MAX: Final = 10_000

_EMERGENCY: Final = re.compile(r"[0-9]{2,6}")
_OUTSIDE_PREFIX: Final = re.compile(r"[0-9*#]{1,3}")


def read_outgoing(section: Section, faults: Faults) -> OutgoingPlan:
    """The table; what is not said in it is as if there were no table."""
    standard = OutgoingPlan()
    allow, deny = read_prefixes(section, "allow", faults), read_prefixes(section, "deny", faults)
    emergency = section.texts("emergency_numbers", example='["112"]')
    for number in emergency or ():
        if not _EMERGENCY.fullmatch(number.value):
            faults.refuse(number.place, f'"{number.value}" is no emergency number', 'write it as people dial it, "112"')
    prefixes = section.texts("outside_prefixes", example='["0"]')
    for prefix in prefixes or ():
        if not _OUTSIDE_PREFIX.fullmatch(prefix.value):
            faults.refuse(prefix.place, f'"{prefix.value}" is nothing that is dialled first', 'write digits: "0"')
    for both in (prefix for prefix in allow if prefix in deny):
        faults.refuse(section.place_of("deny"), f'"{both}" is allowed and denied', "take it out of one of the lists")
    section.close()
    return OutgoingPlan(
        allow if section.has("allow") else None,
        deny,
        standard.emergency_numbers if emergency is None else tuple(number.value for number in emergency),
        standard.outside_prefixes if prefixes is None else tuple(prefix.value for prefix in prefixes),
    )


def read_caller_id(section: Section, key: str, faults: Faults) -> str | None:
    """A number that is shown to whoever is called outside."""
    number = section.text(key)
    if number is not None and not (E164.fullmatch(number) or INTERNAL_DIGITS.fullmatch(number)):
        faults.refuse(section.place_of(key), f'"{number}" is no telephone number', 'write it like "+46850010000"')
    return number


def read_calls_out_max(section: Section) -> int | None:
    """How many calls may be out at once."""
    return section.whole("calls_out_max", low=0, high=CALLS_OUT_MAX_MAX)


def check_emergency(whole: Whole, faults: Faults) -> None:
    """Whoever dials an emergency number must reach help and nobody else."""
    numbers = whole.outgoing.emergency_numbers
    if not whole.phones or not whole.is_complete:
        return
    carriers = [name for name, trunk in whole.trunks.items() if trunk.carries_emergency]
    if numbers and whole.trunks and not carriers:
        faults.warn(
            whole.place("trunk", next(iter(whole.trunks)), "emergency"),
            f"nobody here can call {' or '.join(numbers)}: no trunk carries emergency calls",
            "take emergency = false out of one that does",
        )
    if not numbers:
        faults.warn(
            whole.place("outgoing", "emergency_numbers"),
            "there is no emergency number, so nobody here can call for help",
            'write emergency_numbers = ["112"]',
        )
    for kind, names in (("phone", whole.phones), ("agent", whole.agents), ("queue", whole.queues)):
        for name in (name for name in names if name in numbers and carriers):
            faults.warn(
                whole.place(kind, name),
                f"phones that dial {name} call for help; they do not reach this {kind}",
                "give it another name",
            )
    for number in (number for number in whole.numbers if number in numbers and carriers):
        faults.warn(
            whole.place("number", number),
            f"phones that dial {number} call for help; they do not get here",
            "take it out, or choose another number",
        )
