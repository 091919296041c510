"""What callers dial (`number`), which of them count for more (`vip`), and where they leave messages (`voicemail`)."""

from __future__ import annotations

from typing import Final

from softswitch.domain.office import PRIORITY_S_MAX, Destination, MailboxPlan, Terms, ToBusy
from softswitch.settings.destinations import E164, INTERNAL_DIGITS, DestinationReader, read_destination
from softswitch.settings.faults import Faults
from softswitch.settings.naming import keyed
from softswitch.settings.section import Placed, Section
from softswitch.settings.skills import read_skills
from softswitch.settings.sounds import SoundSearch

MESSAGE_S_MAX: Final = 1_800
MESSAGE_S_MIN: Final = 5
MESSAGES_MAX: Final = 10_000


def read_number(section: Section, faults: Faults, destinations: DestinationReader) -> tuple[Destination, Terms]:
    """Where a number leads, and what its callers bring with them."""
    to = read_destination(section, "to", destinations, needed='"queue:NAME"')
    terms = Terms(section.number("priority_s", low=0, high=PRIORITY_S_MAX) or 0, read_skills(section, faults))
    section.close()
    return to or ToBusy(), terms


def read_vip(section: Section, faults: Faults) -> tuple[list[Placed[str]], float]:
    """The numbers of a list of callers, and how many seconds of wait they count for more."""
    numbers: list[Placed[str]] = []
    for number in section.texts("numbers", needed='["+46701234567"]') or ():
        if E164.fullmatch(number.value) or INTERNAL_DIGITS.fullmatch(number.value):
            numbers.append(number)
        else:
            faults.refuse(
                number.place,
                f'"{number.value}" is no number that somebody calls from',
                'write it with country code, "+46701234567", or as a phone here is called',
            )
    priority_s = section.number("priority_s", low=0, high=PRIORITY_S_MAX, needed="300")
    section.close()
    return numbers, priority_s or 0


def read_mailbox(
    section: Section, name: str, faults: Faults, sounds: SoundSearch, destinations: DestinationReader
) -> MailboxPlan:
    """A mailbox: who can open it is said by a number with a PIN, by phones, or both."""
    greeting = section.text("greeting")
    if greeting is not None and not sounds.use(greeting, section.place_of("greeting")):
        greeting = None
    number, pin = (
        keyed(section, "number", "a mailbox's number", "50", faults),
        keyed(section, "pin", "a PIN", "8041", faults),
    )
    for given, missing in (("number", "pin"), ("pin", "number")):
        if section.has(given) and not section.has(missing):
            faults.refuse(
                section.place_of(given), f"a mailbox with a {given} needs a {missing} too", f'add {missing} = "…"'
            )
    lamps = [
        phone.value
        for phone in section.texts("lamps", example='["101"]') or ()
        if destinations.expect("phone", phone.value, phone.place)
    ]
    standard = MailboxPlan(name, name)
    plan = MailboxPlan(
        mailbox=name,
        name=section.text("name") or name,
        greeting=greeting or standard.greeting,
        number=number,
        pin=pin,
        lamps=tuple(lamps),
        message_s_max=section.number("message_s_max", low=MESSAGE_S_MIN, high=MESSAGE_S_MAX) or standard.message_s_max,
        messages_max=section.whole("messages_max", low=1, high=MESSAGES_MAX) or standard.messages_max,
    )
    section.close()
    return plan
