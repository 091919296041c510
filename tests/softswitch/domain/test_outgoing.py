"""The policy for every way out: prefixes, principals, caps and emergency numbers."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain.causes import Cause
from softswitch.domain.office import (
    CallbackPlan,
    Office,
    OutgoingPlan,
    OverflowStep,
    PhonePlan,
    ToNumber,
    TrunkPlan,
)
from softswitch.domain.outgoing import (
    COSTLY,
    Allowed,
    Denied,
    Principal,
    emergency_number,
    home_countries,
    may_ever_leave,
    may_leave,
)
from tests.softswitch.domain.small_office import BO, MOBILE, OFFICE, SUPPORT, office_with

PHONE, AGENT, QUEUE = Principal("phone", "103"), Principal("agent", "bo"), Principal("queue", "support")
THE_OFFICE = Principal("office")
ANOTHER = "+46709998877"


def with_phone(*may_dial: str, deny: tuple[str, ...] = (), **more: object) -> Office:
    """The small office with phone 103 allowed so much."""
    plan = PhonePlan("103", "", may_dial, **more)  # type: ignore[arg-type]  # names are checked by the class
    return replace(OFFICE, phones={**OFFICE.phones, "103": plan}, outgoing=OutgoingPlan(deny=deny))


def none_out(_: Principal) -> int:
    return 0


def may(office: Office, number: str, principal: Principal = PHONE) -> bool:
    return isinstance(may_leave(principal, number, office, none_out), Allowed)


def test_nothing_dials_out_that_nobody_allowed() -> None:
    verdict = may_leave(PHONE, MOBILE, OFFICE, none_out)
    assert verdict == Denied(Cause.NOT_ALLOWED, f"no rule of phone:103 allows {MOBILE}")
    assert not may(OFFICE, MOBILE, Principal("phone", "no-such-phone"))
    assert not may(OFFICE, ANOTHER, QUEUE)


def test_a_phone_leaves_by_all_trunks_in_their_order_for_what_its_prefixes_allow() -> None:
    trunks = {name: TrunkPlan(name) for name in ("second", "first")}
    office = replace(with_phone("phones", "+46", caller_id="+46850010009"), trunks=trunks)
    assert may_leave(PHONE, MOBILE, office, none_out) == Allowed(("second", "first"), caller_id="+46850010009")
    assert not may(office, "+4790000000")


@pytest.mark.parametrize(
    ("may_dial", "may_not_dial", "deny", "is_allowed"),
    [
        (("+46",), (), (), True),
        (("+46",), ("+4670",), (), False),
        (("+46", "+46709"), ("+4670",), (), True),
        (("+46",), (), ("+4670",), False),
        (("+46", "+4670"), (), ("+4670",), True),
        (("+",), (), ("+46",), False),
        (("+4670",), (), ("+46",), True),
    ],
)
def test_the_longest_prefix_counts_and_of_equal_ones_the_phones_own(
    may_dial: tuple[str, ...], may_not_dial: tuple[str, ...], deny: tuple[str, ...], is_allowed: bool
) -> None:
    assert may(with_phone(*may_dial, deny=deny, may_not_dial=may_not_dial), ANOTHER) == is_allowed


@pytest.mark.parametrize(("prefix", "words"), COSTLY)
def test_premium_rates_and_satellites_are_shut_until_they_are_named(prefix: str, words: str) -> None:
    number = f"{prefix}1234567"
    verdict = may_leave(PHONE, number, with_phone("+"), none_out)
    assert verdict == Denied(Cause.NOT_ALLOWED, f"{prefix} is denied: {words}")
    assert may(with_phone("+", prefix), number)


def test_an_agent_may_be_rung_at_what_she_answers_at_and_set_what_she_may() -> None:
    bo = replace(BO, may_answer_at=("+47",))
    office = replace(OFFICE, agents={"bo": bo}, outgoing=OutgoingPlan(allow=()))
    assert may(office, MOBILE, AGENT)
    assert may(office, "+4791234567", AGENT)
    assert not may(office, "+4787012345678", Principal("agent", "anna"))
    assert not may(office, ANOTHER, AGENT)


def test_agents_and_people_in_charge_give_on_to_the_countries_of_the_office_unless_told_otherwise() -> None:
    assert home_countries(OFFICE) == ("+46",)
    for principal in (AGENT, THE_OFFICE):
        assert may(OFFICE, ANOTHER, principal)
        assert not may(OFFICE, "+4791234567", principal)
        assert not may(OFFICE, "+469001234567", principal)
        assert may(replace(OFFICE, outgoing=OutgoingPlan(allow=("+47",))), "+4791234567", principal)


def test_a_queue_calls_whom_it_may_call_back_and_where_its_entry_leads() -> None:
    far = "+8811234567"
    office = office_with(callback=CallbackPlan(("+4670",)), overflow=(OverflowStep(ToNumber(far)),))
    assert may(office, ANOTHER, QUEUE)
    assert may(office, far, QUEUE), "somebody wrote it down in full"
    assert not may(office, "+46812345678", QUEUE)
    assert not may_ever_leave(QUEUE, "+8811234568", office)


def test_a_number_of_the_office_that_leads_outside_is_no_way_round_for_a_phone() -> None:
    office = replace(OFFICE, numbers={"900": ToNumber("+4791234567")})
    assert may(office, "+4791234567", THE_OFFICE)
    assert not may(office, "+4791234567", PHONE)


@pytest.mark.parametrize("principal", [PHONE, AGENT])
def test_no_more_calls_are_out_at_once_than_may_be(principal: Principal) -> None:
    office = with_phone("+46", calls_out_max=2)
    office = replace(office, agents={"bo": replace(BO, calls_out_max=2)})
    assert isinstance(may_leave(principal, MOBILE, office, lambda _: 1), Allowed)
    full = may_leave(principal, MOBILE, office, lambda _: 2)
    assert full == Denied(Cause.OUTGOING_FULL, f"{principal} has calls_out_max = 2 calls out already")


def test_without_a_trunk_nothing_leaves() -> None:
    verdict = may_leave(PHONE, MOBILE, replace(with_phone("+46"), trunks={}), none_out)
    assert isinstance(verdict, Denied)
    assert verdict.cause is Cause.UNREACHABLE


# Emergency.


def test_no_rule_and_no_cap_stops_an_emergency_call() -> None:
    office = with_phone(deny=("+",), calls_out_max=0)
    assert may_leave(PHONE, "112", office, lambda _: 100) == Allowed(("carrier",), is_emergency=True)
    assert not may(office, "112", THE_OFFICE), "help is called by telephones only"
    assert not may(office, "112", QUEUE)


@pytest.mark.parametrize("dialled", ["112", "0112", "9112", "00112", "90112", "+46112", "0046112", "46112"])
def test_an_emergency_number_is_known_behind_what_people_dial_first(dialled: str) -> None:
    assert emergency_number(OFFICE, dialled) == "112"


@pytest.mark.parametrize("dialled", ["1120", "11", "112112", "+47112", "8112", "+112", "", "112 ", "٠112"])
def test_nothing_else_is_an_emergency_number(dialled: str) -> None:
    assert emergency_number(OFFICE, dialled) is None


def test_a_name_of_the_house_is_called_where_only_a_prefix_would_make_it_an_emergency_number() -> None:
    office = replace(OFFICE, phones={"9112": PhonePlan("9112", ""), "112": PhonePlan("112", "")})
    assert emergency_number(office, "9112") is None
    assert emergency_number(office, "0112") == emergency_number(office, "112") == "112"


def test_an_emergency_call_goes_by_the_trunks_that_carry_it() -> None:
    trunks = {"abroad": TrunkPlan("abroad", carries_emergency=False), "home": TrunkPlan("home", country="+44")}
    office = replace(OFFICE, trunks=trunks, outgoing=OutgoingPlan(emergency_numbers=("999", "112")))
    assert may_leave(PHONE, "999", office, none_out) == Allowed(("home",), is_emergency=True)
    assert emergency_number(office, "+44999") == "999"
    none = replace(office, trunks=MappingProxyType({"abroad": trunks["abroad"]}))
    assert emergency_number(none, "999") is None


def test_the_queue_that_is_gone_allows_nothing() -> None:
    assert not may(replace(office_with(OFFICE, overflow_to=ToNumber(MOBILE)), queues={}), MOBILE, QUEUE)
    assert SUPPORT.callback is None
