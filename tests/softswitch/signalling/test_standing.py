"""Carriers are asked whether they are there, and told where we are; calls go where somebody answers."""

from __future__ import annotations

from dataclasses import replace

from sip_stack.digest import Credentials
from sip_stack.flow import Address
from sip_stack.uri import SipUri
from softswitch.domain import actions
from softswitch.domain.inputs import LegInvited, LegRefused, TrunkReachabilityChanged
from softswitch.domain.office import ToNumber
from softswitch.settings import Settings, Trunk
from tests.sim.offices import MOBILE
from tests.sim.sip_text import SipText
from tests.softswitch.signalling.stage import CARRIER, Stage, invite, reply, settings_of_office, with_trunk

EVERY_S = 30.0
SECOND = Address("10.0.1.2", 5080)
OTHER_CARRIER = Address("10.0.4.1", 5060)
CHALLENGE = 'WWW-Authenticate: Digest realm="carrier.example", nonce="n1", algorithm=MD5, qop="auth"'
REGISTERING = {
    "register": SipUri.parse("sip:office@carrier.example"),
    "credentials": Credentials("office", "secret-9", "carrier.example"),
}


def asked(**changes: object) -> Settings:
    return with_trunk(settings_of_office(), qualify_s=EVERY_S, **changes)


def with_another_trunk(settings: Settings) -> Settings:
    other = Trunk(hosts=(OTHER_CARRIER,), accept_from=(), caller_id="+46850019999")
    return replace(settings, trunks={**settings.trunks, "other": other})


def requests(stage: Stage, method: str) -> list[SipText]:
    """Those of the last turn, each once however often it is repeated."""
    return list({sent.branch: sent for sent in stage.sent if sent.method == method}.values())


def answer_all(stage: Stage, seconds: float, *silent: Address) -> list[TrunkReachabilityChanged]:
    """Lets time pass in small steps; every host but the silent ones answers its OPTIONS. Returns what was told."""
    told: list[TrunkReachabilityChanged] = []
    for _ in range(round(seconds)):
        stage.wait(1)
        turn = [thing for thing in stage.told if isinstance(thing, TrunkReachabilityChanged)]
        for flow, request in zip(stage.went_to, stage.sent, strict=True):
            if request.method == "OPTIONS" and flow.remote not in silent:
                stage.hear(reply(request, 200, "OK", source=flow.remote), flow.remote)
                turn += [thing for thing in stage.told if isinstance(thing, TrunkReachabilityChanged)]
        told += turn
    return told


def dial(stage: Stage) -> SipText:
    (sent,) = stage.act(actions.DialLeg("out-1", "call-1", ToNumber(MOBILE), "+46811111111", "Support"))
    return sent


# Whether they are there.


def test_a_carrier_that_is_not_to_be_asked_is_not() -> None:
    stage = Stage()
    assert stage.start() == []
    stage.wait(1000)
    assert stage.sent == []
    assert stage.signalling.standing.registered("carrier") is None


def test_a_carrier_that_answers_is_reachable() -> None:
    stage = Stage(asked())
    stage.start()
    assert answer_all(stage, 3) == []
    assert stage.signalling.trunks.reachability()["carrier"] is True


def test_a_carrier_that_goes_silent_gets_no_calls_and_gets_them_again_when_it_is_back() -> None:
    stage = Stage(asked())
    stage.start()
    answer_all(stage, 3)
    assert answer_all(stage, 60, CARRIER) == [TrunkReachabilityChanged("carrier", is_reachable=False)]
    assert stage.signalling.trunks.reachability()["carrier"] is False
    assert answer_all(stage, 30) == [TrunkReachabilityChanged("carrier", is_reachable=True)]


def test_a_host_that_is_silent_is_tried_after_the_others() -> None:
    stage = Stage(asked(hosts=(CARRIER, SECOND)))
    stage.start()
    assert answer_all(stage, 60, CARRIER) == [], "one host is enough"
    assert dial(stage).uri == f"sip:{MOBILE}@{SECOND}"


# Where calls go out.


def test_calls_go_by_the_first_trunk_that_is_not_down_with_its_own_number() -> None:
    stage = Stage(with_another_trunk(asked()))
    stage.start()
    assert answer_all(stage, 60, CARRIER) == [TrunkReachabilityChanged("carrier", is_reachable=False)]
    invite = dial(stage)
    assert stage.went_to[0].remote == OTHER_CARRIER
    assert "+46850019999" in invite.need("From")


def test_where_the_first_trunk_cannot_carry_a_call_the_next_one_does() -> None:
    stage = Stage(with_another_trunk(settings_of_office()))
    first = dial(stage)
    assert stage.went_to[0].remote == CARRIER
    stage.hear(reply(first, 503, "Service Unavailable", source=CARRIER), CARRIER)
    (second,) = requests(stage, "INVITE")
    assert stage.went_to[-1].remote == OTHER_CARRIER
    assert "+46850019999" in second.need("From")
    stage.hear(reply(second, 486, "Busy Here", source=OTHER_CARRIER), OTHER_CARRIER)
    assert [type(thing) for thing in stage.told] == [LegRefused]


def test_where_all_trunks_are_down_the_first_is_tried_all_the_same() -> None:
    stage = Stage(asked())
    stage.start()
    answer_all(stage, 60, CARRIER)
    dial(stage)
    assert stage.went_to[0].remote == CARRIER


def test_a_trunk_that_carries_as_many_calls_as_it_may_is_left_out() -> None:
    stage = Stage(with_another_trunk(with_trunk(settings_of_office(), calls_max=1)))
    stage.hear(invite(), CARRIER)
    dial(stage)
    assert stage.went_to[0].remote == OTHER_CARRIER


def test_numbers_are_written_as_the_carrier_wants_them_and_read_as_it_writes_them() -> None:
    stage = Stage(with_trunk(settings_of_office(), country="+46", number_form="national"))
    sent = dial(stage)
    assert sent.uri == f"sip:0{MOBILE.removeprefix('+46')}@{CARRIER}"
    assert "<sip:0850010000@" in sent.need("From")
    stage.hear(invite("0850010000", caller="<sip:0046811111111@carrier.example>"), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    assert (told.dialled, told.caller) == ("+46850010000", "+46811111111")


# Being known.


def test_a_trunk_that_registers_does_so_at_once_and_proves_who_it_is() -> None:
    stage = Stage(with_trunk(settings_of_office(), **REGISTERING))
    (register,) = stage.start()
    assert (register.method, register.uri) == ("REGISTER", "sip:carrier.example")
    assert register.need("Contact").startswith("<sip:office@10.0.0.1:5060>")
    assert stage.signalling.standing.registered("carrier") is False
    (again,) = stage.hear(reply(register, 401, "Unauthorized", source=CARRIER, more=CHALLENGE), CARRIER)
    assert 'username="office"' in again.need("Authorization")
    granted = "Contact: <sip:office@10.0.0.1:5060>;expires=120"
    stage.hear(reply(again, 200, "OK", source=CARRIER, more=granted), CARRIER)
    assert stage.signalling.standing.registered("carrier") is True
    assert stage.told == []


def test_a_trunk_that_is_refused_is_down_until_it_is_known() -> None:
    stage = Stage(with_trunk(settings_of_office(), **REGISTERING))
    (register,) = stage.start()
    stage.hear(reply(register, 403, "Forbidden", source=CARRIER), CARRIER)
    assert stage.told == [TrunkReachabilityChanged("carrier", is_reachable=False)]
    stage.wait(149)
    assert stage.sent == [], "a refusal is not asked again so soon"
    while not requests(stage, "REGISTER"):
        stage.wait(1)
    (again,) = requests(stage, "REGISTER")
    granted = "Contact: <sip:office@10.0.0.1:5060>;expires=120"
    stage.hear(reply(again, 200, "OK", source=CARRIER, more=granted), CARRIER)
    assert stage.told == [TrunkReachabilityChanged("carrier", is_reachable=True)]


def test_a_host_that_cannot_register_us_now_is_followed_by_the_next() -> None:
    stage = Stage(with_trunk(settings_of_office(), **REGISTERING, hosts=(CARRIER, SECOND)))
    (register,) = stage.start()
    stage.hear(reply(register, 503, "Service Unavailable", source=CARRIER), CARRIER)
    stage.wait(6)
    assert len(requests(stage, "REGISTER")) == 1
    assert {flow.remote for flow in stage.went_to} == {SECOND}


def test_at_the_end_the_registration_is_taken_back() -> None:
    stage = Stage(with_trunk(settings_of_office(), **REGISTERING))
    (register,) = stage.start()
    granted = "Contact: <sip:office@10.0.0.1:5060>;expires=120"
    stage.hear(reply(register, 200, "OK", source=CARRIER, more=granted), CARRIER)
    (last,) = stage.stop()
    assert last.need("Expires") == "0"
    assert (last.call_id, last.cseq) == (register.call_id, register.cseq + 1)
    stage.wait(1000)
    assert {request.cseq for request in stage.sent} == {last.cseq}


def test_a_reload_begins_anew_where_the_trunk_has_changed_and_leaves_the_others_alone() -> None:
    settings = with_trunk(settings_of_office(), **REGISTERING)
    stage = Stage(settings)
    stage.start()
    stage.reload(settings)
    assert stage.sent == []
    stage.reload(with_trunk(settings, caller_id="+46850010009"))
    assert [request.need("Expires") for request in stage.sent] == ["0", "600"]
    stage.reload(with_trunk(settings, register=None))
    assert [request.need("Expires") for request in stage.sent] == ["0"]
    assert stage.signalling.standing.registered("carrier") is None


def test_a_trunk_that_was_down_and_is_asked_no_more_counts_as_up() -> None:
    stage = Stage(asked())
    stage.start()
    answer_all(stage, 60, CARRIER)
    stage.reload(with_trunk(stage.settings, qualify_s=0))
    assert stage.told == [TrunkReachabilityChanged("carrier", is_reachable=True)]


def test_a_carrier_whose_name_leads_elsewhere_stays_registered_and_is_refreshed_there() -> None:
    stage = Stage(with_trunk(settings_of_office(), **REGISTERING))
    (asked_first,) = stage.start()
    granted = "Contact: <sip:office@10.0.0.1:5060>;expires=120"
    stage.hear(reply(asked_first, 200, "OK", source=CARRIER, more=granted), CARRIER)
    assert stage.signalling.standing.registered("carrier") is True
    moved = with_trunk(stage.settings, hosts=(SECOND,))
    stage.signalling.move(moved, stage.now)
    stage.wait(0.0)
    assert stage.sent == [], "nothing is taken back and nothing begun anew"
    stage.wait(120.0)
    assert {flow.remote for flow in stage.went_to} == {SECOND}
    assert {each.call_id for each in stage.sent} == {asked_first.call_id}
