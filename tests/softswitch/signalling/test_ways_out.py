"""By which trunk a call leaves, what it shows there, and how an emergency call is tried."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from sip_stack.flow import Address
from softswitch.domain import actions
from softswitch.domain.causes import Cause
from softswitch.domain.inputs import LegRefused
from softswitch.domain.office import ToNumber
from softswitch.settings import Settings, Trunk
from tests.sim.offices import MOBILE, SUPPORT
from tests.sim.sip_text import SipText
from tests.softswitch.signalling.stage import CARRIER, Stage, invite, reply, settings_of_office, with_trunk

OTHER_CARRIER = Address("10.0.4.1", 5060)
THIRD_CARRIER = Address("10.0.5.1", 5060)
HERE = "+46850010077"


def three_trunks(**first: object) -> Settings:
    """carrier, other and third, in this order."""
    settings = with_trunk(settings_of_office(), **first)
    other = Trunk((OTHER_CARRIER,), (), caller_id="+46850019999", emergency_caller_id=HERE)
    third = Trunk((THIRD_CARRIER,), (), caller_id="+46850018888")
    return replace(settings, trunks={**settings.trunks, "other": other, "third": third})


def call(number: str = MOBILE, *trunks: str, **more: object) -> actions.DialLeg:
    dial = actions.DialLeg("out-1", "call-1", ToNumber(number), "+46811111111", "", trunks=trunks)
    return msgspec.structs.replace(dial, **more)


def test_a_call_leaves_by_the_trunks_that_the_policy_names_and_by_no_other() -> None:
    stage = Stage(three_trunks())
    (first,) = stage.act(call(MOBILE, "third", "other"))
    assert stage.went_to[0].remote == THIRD_CARRIER
    stage.hear(reply(first, 503, "Service Unavailable", source=THIRD_CARRIER), THIRD_CARRIER)
    second = next(sent for sent in stage.sent if sent.method == "INVITE")
    assert stage.went_to[-1].remote == OTHER_CARRIER
    stage.hear(reply(second, 503, "Service Unavailable", source=OTHER_CARRIER), OTHER_CARRIER)
    assert stage.told == [LegRefused("out-1", Cause.NETWORK_FAILURE)]


@pytest.mark.parametrize(
    ("trunks", "cause"),
    [((), Cause.NOT_ALLOWED), (("carrier",), Cause.OUTGOING_FULL), (("gone",), Cause.UNREACHABLE)],
)
def test_a_call_that_no_trunk_may_carry_sends_nothing_and_says_why(trunks: tuple[str, ...], cause: Cause) -> None:
    stage = Stage(three_trunks(calls_max=1))
    stage.hear(invite(), CARRIER)
    assert stage.act(call(MOBILE, *trunks)) == []
    assert stage.told == [LegRefused("out-1", cause)]


def test_what_was_chosen_is_shown_before_the_trunks_own_number() -> None:
    stage = Stage(three_trunks())
    (sent,) = stage.act(call(MOBILE, "carrier", caller_id="+46850010009"))
    assert "sip:+46850010009@" in sent.need("From")


def test_an_emergency_call_goes_by_a_full_trunk_and_shows_the_site() -> None:
    stage = Stage(three_trunks(calls_max=1))
    stage.hear(invite(), CARRIER)
    (sent,) = stage.act(call("112", "carrier", "other", is_emergency=True, caller_id="+46850010009"))
    assert (stage.went_to[0].remote, sent.uri) == (CARRIER, f"sip:112@{CARRIER}")
    assert f"sip:{SUPPORT}@" in sent.need("From"), "the trunk's own, where there is no other for it"


@pytest.mark.parametrize("status", [403, 404, 408, 480, 500, 503])
def test_an_emergency_call_that_one_trunk_refuses_is_tried_by_the_next_with_its_number(status: int) -> None:
    stage = Stage(three_trunks())
    (first,) = stage.act(call("112", "carrier", "other", "third", is_emergency=True))
    stage.hear(reply(first, status, "No", source=CARRIER), CARRIER)
    second: SipText = next(sent for sent in stage.sent if sent.method == "INVITE")
    assert stage.went_to[-1].remote == OTHER_CARRIER
    assert HERE in second.need("From")
    stage.hear(reply(second, status, "No", source=OTHER_CARRIER), OTHER_CARRIER)
    assert stage.went_to[-1].remote == THIRD_CARRIER


def test_an_emergency_call_that_a_person_declines_is_declined() -> None:
    stage = Stage(three_trunks())
    (first,) = stage.act(call("112", "carrier", "other", is_emergency=True))
    stage.hear(reply(first, 603, "Decline", source=CARRIER), CARRIER)
    assert stage.told == [LegRefused("out-1", Cause.DECLINED)]


def test_an_emergency_call_tries_trunks_that_are_down_last() -> None:
    stage = Stage(three_trunks())
    stage.signalling.trunks.note_trunk("carrier", is_up=False)
    (first,) = stage.act(call("112", "carrier", "other", is_emergency=True))
    assert stage.went_to[0].remote == OTHER_CARRIER
    stage.hear(reply(first, 500, "Server Error", source=OTHER_CARRIER), OTHER_CARRIER)
    assert stage.went_to[-1].remote == CARRIER


def test_a_trunk_that_a_reload_took_away_is_not_tried_next() -> None:
    settings = three_trunks()
    stage = Stage(settings)
    (first,) = stage.act(call(MOBILE, "carrier", "other", "third"))
    trunks = {name: trunk for name, trunk in settings.trunks.items() if name != "other"}
    stage.signalling.reload(replace(settings, trunks=trunks), stage.now)
    stage.hear(reply(first, 503, "Service Unavailable", source=CARRIER), CARRIER)
    assert stage.went_to[-1].remote == THIRD_CARRIER
