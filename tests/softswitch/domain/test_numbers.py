from dataclasses import replace

import pytest

from softswitch.domain.causes import Cause
from softswitch.domain.inputs import FromPhone, FromTrunk
from softswitch.domain.numbers import Route, may_dial, outside_number, route
from softswitch.domain.office import (
    CallbackPlan,
    Destination,
    OutgoingPlan,
    PhonePlan,
    ToAgent,
    ToBusy,
    ToNumber,
    ToPhone,
    ToQueue,
    ToSay,
)
from softswitch.domain.outgoing import Principal
from tests.softswitch.domain.small_office import MOBILE, NUMBER, OFFICE

TRUNK, PHONE = FromTrunk("carrier"), FromPhone("103")


def test_a_carriers_call_reaches_only_what_numbers_lead_to() -> None:
    found = route(OFFICE, TRUNK, NUMBER)
    assert isinstance(found, Route)
    assert found.destination == ToQueue("support")
    for dialled in ("101", "anna", "support", MOBILE, ""):
        assert route(OFFICE, TRUNK, dialled) is Cause.UNKNOWN_NUMBER


@pytest.mark.parametrize(
    ("dialled", "destination"),
    [(NUMBER, ToQueue("support")), ("102", ToPhone("102")), ("bo", ToAgent("bo")), ("support", ToQueue("support"))],
)
def test_a_phone_reaches_numbers_phones_agents_and_queues_by_name(dialled: str, destination: Destination) -> None:
    found = route(OFFICE, PHONE, dialled)
    assert isinstance(found, Route)
    assert found.destination == destination


def test_a_phone_reaches_inside_what_it_may_dial_and_no_number_that_is_none() -> None:
    phones = {**OFFICE.phones, "103": PhonePlan("103", "", ("+46",))}
    office = replace(OFFICE, phones=phones)
    assert route(office, PHONE, MOBILE) == Route(ToNumber(MOBILE), "an outside number")
    assert route(office, PHONE, "102") is Cause.NOT_ALLOWED
    assert route(office, PHONE, "nobody") is Cause.UNKNOWN_NUMBER
    assert route(office, PHONE, "+46" + "1" * 20) is Cause.UNKNOWN_NUMBER


def test_an_emergency_number_goes_before_everything_that_phones_dial_and_is_nothing_to_a_carrier() -> None:
    office = replace(OFFICE, numbers={"112": ToQueue("support")}, phones={"112": PhonePlan("112", "", ())})
    assert route(office, FromPhone("112"), "112") == Route(ToNumber("112"), "an emergency number")
    assert route(office, TRUNK, "112") == Route(ToQueue("support"), "number 112")
    assert route(OFFICE, TRUNK, "112") is Cause.UNKNOWN_NUMBER


def test_each_word_of_may_dial_opens_one_kind_of_destination() -> None:
    kinds: dict[str, Destination] = {
        "queues": ToQueue("support"), "phones": ToPhone("101"), "agents": ToAgent("anna")
    }  # fmt: skip
    for word in kinds:
        phone = PhonePlan("1", "", (word,))
        assert [name for name, destination in kinds.items() if may_dial(phone, destination)] == [word]
        assert may_dial(phone, ToSay("closed"))
        assert may_dial(phone, ToBusy())


@pytest.mark.parametrize(
    ("prefixes", "keyed", "number"),
    [
        (("+46",), "0701234567", "+46701234567"),
        (("+467",), "0701234567", "+46701234567"),
        (("+467",), "0812345678", None),
        (("+3586", "+467"), "0612345678", "+358612345678"),
        (("+1212",), "02125550123", "+12125550123"),
        (("+467",), "00467012345678", "+467012345678"),
        (("+467",), "0012125550123", None),
        ((), "0701234567", None),
    ],
)
def test_a_number_keyed_as_at_home_is_of_the_country_of_the_first_prefix_however_much_that_says(
    prefixes: tuple[str, ...], keyed: str, number: str | None
) -> None:
    queue = replace(OFFICE.queues["support"], callback=CallbackPlan(prefixes))
    office = replace(OFFICE, queues={"support": queue})
    assert outside_number(office, Principal("queue", "support"), prefixes, keyed) == number


def test_what_is_denied_to_everybody_cannot_be_keyed_either() -> None:
    queue = replace(OFFICE.queues["support"], callback=CallbackPlan(("+46",)))
    office = replace(OFFICE, queues={"support": queue}, outgoing=OutgoingPlan(deny=("+46718",)))
    for keyed in ("+469001234567", "0939123456", "+46718123456"):
        assert outside_number(office, Principal("queue", "support"), ("+46",), keyed) is None
