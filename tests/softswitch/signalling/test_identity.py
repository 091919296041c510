"""Who is shown: what a carrier's word counts for, and what carriers are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.domain.actions import DialLeg
from softswitch.domain.inputs import LegInvited
from softswitch.domain.office import ToNumber
from tests.sim.offices import SUPPORT
from tests.sim.sip_text import SipText
from tests.softswitch.signalling.stage import CARRIER, Stage, invite, settings_of_office, with_trunk

PAI = 'P-Asserted-Identity: "Real" <sip:0046709999999@carrier.example>'
MOBILE = "+46701234567"


def heard(*lines: str, **trunk: object) -> LegInvited:
    """What the domain is told of a carrier's call with these lines."""
    stage = Stage(with_trunk(settings_of_office(), country="+46", **trunk))
    stage.hear(invite().replace("\nCSeq:", "\n" + "\n".join((*lines, "CSeq:")), 1), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    return told


def sent(diverted: str | None = None, **trunk: object) -> SipText:
    """The INVITE that a carrier gets for a call to a mobile."""
    stage = Stage(with_trunk(settings_of_office(), country="+46", **trunk))
    (request,) = stage.act(DialLeg("call-l1", "call", ToNumber(MOBILE), "+46812345678", "", 70, diverted=diverted))
    return request


def test_a_trusted_carrier_says_who_calls() -> None:
    told = heard(PAI, trust_identity=True)
    assert (told.caller, told.caller_name) == ("+46709999999", "Real")


def test_the_word_of_another_counts_for_nothing() -> None:
    assert heard(PAI).caller == heard().caller


@pytest.mark.parametrize("trusts", [True, False])
def test_whoever_wants_privacy_is_shown_to_nobody(trusts: bool) -> None:  # a row of the table
    told = heard(PAI, "Privacy: id", trust_identity=trusts)
    assert (told.caller, told.caller_name) == ("anonymous", "")


def test_the_number_that_was_called_first_is_told() -> None:
    told = heard("Diversion: <sip:0850099999@carrier.example>;reason=no-answer")
    assert told.diverted_from == "+46850099999"
    assert heard().diverted_from is None


def test_a_carrier_is_told_our_number_where_it_looks_for_it() -> None:
    shown = f"<sip:{SUPPORT}@office.example>"
    assert sent().get("P-Asserted-Identity") is None
    assert sent(identity="p-asserted-identity").get("P-Asserted-Identity") == shown
    assert sent(identity="remote-party-id").get("Remote-Party-ID") == f"{shown};party=calling;screen=yes;privacy=off"


def test_a_carrier_is_told_whom_the_caller_called() -> None:
    assert sent(SUPPORT).get("Diversion") is None
    diverted = sent(SUPPORT, diversion="diversion", number_form="00")
    assert diverted.get("Diversion") == "<sip:0046850010000@office.example>;reason=unconditional;counter=1"
    assert sent(None, diversion="diversion").get("Diversion") is None
    history = sent(SUPPORT, diversion="history-info").get("History-Info")
    target = replace_user(MOBILE)
    assert history == f"<sip:{SUPPORT}@office.example>;index=1, <{target};cause=302>;index=1.1;mp=1"


def replace_user(number: str) -> str:
    return f"sip:{number}@{CARRIER}"


def test_a_reloaded_trunk_counts_at_once() -> None:
    settings = with_trunk(settings_of_office(), country="+46")
    stage = Stage(settings)
    stage.reload(replace(with_trunk(settings, trust_identity=True), folder=settings.folder))
    stage.hear(invite().replace("\nCSeq:", f"\n{PAI}\nCSeq:", 1), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    assert told.caller == "+46709999999"
