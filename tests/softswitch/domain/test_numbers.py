from dataclasses import replace

import pytest

from softswitch.domain.causes import Cause
from softswitch.domain.inputs import FromPhone, FromTrunk
from softswitch.domain.numbers import Route, may_dial, outside_number, route
from softswitch.domain.office import (
    Destination,
    PhonePlan,
    ToAgent,
    ToBusy,
    ToNumber,
    ToPhone,
    ToQueue,
    ToSay,
)
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


def test_a_phone_has_no_way_out_by_default_and_only_by_its_prefixes_otherwise() -> None:
    assert route(OFFICE, PHONE, MOBILE) is Cause.NOT_ALLOWED
    phones = {**OFFICE.phones, "103": PhonePlan("103", "", ("+46",))}
    office = replace(OFFICE, phones=phones)
    assert isinstance(route(office, PHONE, MOBILE), Route)
    assert route(office, PHONE, "+4790000000") is Cause.NOT_ALLOWED
    assert route(office, PHONE, "102") is Cause.NOT_ALLOWED
    assert route(office, PHONE, "nobody") is Cause.UNKNOWN_NUMBER
    assert route(office, PHONE, "+46" + "1" * 20) is Cause.UNKNOWN_NUMBER


def test_an_own_number_that_leads_outside_is_no_way_round_the_policy() -> None:
    office = replace(OFFICE, numbers={"900": ToNumber(MOBILE)})
    assert route(office, PHONE, "900") is Cause.NOT_ALLOWED
    assert isinstance(route(office, TRUNK, "900"), Route)


def test_each_word_of_may_dial_opens_one_kind_of_destination() -> None:
    kinds: dict[str, Destination] = {
        "queues": ToQueue("support"), "phones": ToPhone("101"), "agents": ToAgent("anna"), "+46": ToNumber(MOBILE)
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
    assert outside_number(OFFICE, prefixes, keyed) == number
