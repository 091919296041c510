from __future__ import annotations

from sip_stack.flow import Address, Flow
from softswitch.domain import actions
from softswitch.domain.causes import Cause
from softswitch.domain.inputs import LegAnswered, LegRefused
from softswitch.domain.office import ToNumber
from softswitch.settings.model import HostName, Trunk
from softswitch.signalling.legs import NEXT_HOST_S
from softswitch.signalling.trunks import Target, Trunks
from tests.sim.offices import MOBILE
from tests.sim.sip_text import SipText
from tests.softswitch.signalling.stage import (
    CARRIER,
    OFFER,
    STRANGER,
    SWITCH,
    Stage,
    invite,
    reply,
    settings_of_office,
    with_trunk,
)

FIRST = Address("198.51.100.1", 5060)
SECOND = Address("198.51.100.2", 5080)


def trunks(*hosts: Address, listening: tuple[tuple[str, Address], ...] = (("udp", SWITCH),)) -> Trunks:
    return Trunks({"carrier": Trunk(hosts=hosts, accept_from=())}, listening)


def flows(targets: list[Target]) -> list[Flow]:
    return [target.flow for target in targets]


def dial(stage: Stage) -> SipText:
    (sent,) = stage.act(actions.DialLeg("out-1", "call-1", ToNumber(MOBILE), "+46811111111", "Support"))
    return sent


def reachable(stage: Stage) -> bool | None:
    return stage.signalling.trunks.reachability()["carrier"]


# The way out.


def test_the_hosts_are_tried_in_the_order_of_the_configuration_with_the_number_at_each() -> None:
    targets = trunks(FIRST, SECOND).targets("carrier", MOBILE, 0.0)
    assert [str(target.uri) for target in targets] == [
        f"sip:{MOBILE}@198.51.100.1:5060",
        f"sip:{MOBILE}@198.51.100.2:5080",
    ]
    assert flows(targets) == [Flow("udp", SWITCH, FIRST), Flow("udp", SWITCH, SECOND)]


def test_calls_leave_by_the_first_udp_address_we_listen_on() -> None:
    listening = (("tcp", SWITCH), ("udp", Address("10.0.0.1", 5070)), ("udp", Address("10.0.0.2", 5060)))
    assert flows(trunks(FIRST, listening=listening).targets("carrier", MOBILE, 0.0)) == [
        Flow("udp", Address("10.0.0.1", 5070), FIRST)
    ]


def test_a_host_of_the_other_address_family_needs_an_address_of_ours_in_it() -> None:
    host = Address("2001:db8::1", 5060)
    assert trunks(host).targets("carrier", MOBILE, 0.0) == []
    ours = Address("2001:db8::2", 5060)
    listening = (("udp", SWITCH), ("udp", ours))
    (target,) = trunks(host, listening=listening).targets("carrier", MOBILE, 0.0)
    assert (str(target.uri), target.flow) == (f"sip:{MOBILE}@[2001:db8::1]:5060", Flow("udp", ours, host))


def test_a_carrier_elsewhere_is_not_called_from_loopback_and_one_on_loopback_is() -> None:
    here = Address("127.0.0.1", 5060)
    for listening in ((("udp", here), ("udp", SWITCH)), (("udp", SWITCH), ("udp", here))):
        (outside,) = flows(trunks(FIRST, listening=listening).targets("carrier", MOBILE, 0.0))
        assert outside.local == SWITCH
        (inside,) = flows(trunks(Address("127.0.0.1", 5080), listening=listening).targets("carrier", MOBILE, 0.0))
        assert inside.local == here


def test_a_trunk_without_a_way_out_is_unreachable() -> None:
    stage = Stage(listening=(("tcp", SWITCH),))
    assert not stage.act(actions.DialLeg("out-1", "call-1", ToNumber(MOBILE), "+46811111111", "Support"))
    assert stage.told == [LegRefused("out-1", Cause.UNREACHABLE)]


# As last seen.


def test_nothing_is_said_of_a_trunk_of_which_nothing_was_seen() -> None:
    stage = Stage()
    assert reachable(stage) is None
    stage.hear(invite(), STRANGER)
    assert reachable(stage) is None


def test_an_invite_from_it_shows_that_it_is_there() -> None:
    stage = Stage()
    stage.hear(invite(), CARRIER)
    assert reachable(stage) is True


def test_any_answer_shows_that_it_is_there_also_a_refusal() -> None:
    for status in (180, 200, 486, 503):
        stage = Stage()
        stage.hear(reply(dial(stage), status, "Answer", source=CARRIER), CARRIER)
        assert reachable(stage) is True, status


def test_an_invite_without_any_answer_shows_that_it_is_not_there_until_it_is_heard_of_again() -> None:
    stage = Stage()
    dial(stage)
    stage.wait(33)
    assert reachable(stage) is False
    assert stage.told == [LegRefused("out-1", Cause.UNREACHABLE)]
    stage.hear(invite(), CARRIER)
    assert reachable(stage) is True


def test_a_200_that_cannot_be_used_is_an_answer_all_the_same() -> None:
    stage = Stage()
    text = reply(dial(stage), 200, "OK", source=CARRIER).replace("Contact: <sip:called@10.0.1.1:5080>", "Contact: <@>")
    stage.hear(text, CARRIER)
    assert stage.told == [LegRefused("out-1", Cause.NETWORK_FAILURE)]
    assert reachable(stage) is True


# A new configuration.


def test_a_reload_keeps_what_is_known_of_carriers_that_stay_and_knows_nothing_of_new_ones() -> None:
    carriers = trunks(FIRST)
    carriers.saw("carrier", is_reachable=False)
    entry = Trunk(hosts=(SECOND,), accept_from=())
    carriers.reload({"carrier": entry, "other": entry})
    assert dict(carriers.reachability()) == {"carrier": False, "other": None}
    carriers.reload({"other": entry})
    carriers.saw("carrier", is_reachable=True)
    assert dict(carriers.reachability()) == {"other": None}
    assert carriers.hosts("other") == ["198.51.100.2:5080"]


def test_a_carrier_over_tcp_is_called_by_the_connection_to_it_and_told_so() -> None:
    stage = Stage(with_trunk(settings_of_office(), transport="tcp"))
    (sent,) = stage.act(actions.DialLeg("call-l1", "call", ToNumber(MOBILE), "+46812345678", "", 70))
    assert stage.went_to == [Flow("tcp", SWITCH, CARRIER)]
    assert sent.uri == f"sip:{MOBILE}@{CARRIER};transport=tcp"
    assert sent.need("Via").startswith("SIP/2.0/TCP ")
    assert ";transport=tcp" in sent.need("Contact")


def test_a_connection_that_cannot_be_had_is_an_unreachable_number() -> None:
    stage = Stage(with_trunk(settings_of_office(), transport="tcp"))
    stage.act(actions.DialLeg("call-l1", "call", ToNumber(MOBILE), "+46812345678", "", 70))
    stage.lose_flow(CARRIER, "tcp")
    assert stage.told == [LegRefused("call-l1", Cause.NETWORK_FAILURE)]


def test_what_is_too_large_for_a_datagram_goes_to_a_carrier_over_tcp_where_we_listen_on_it() -> None:
    both = trunks(FIRST, listening=(("udp", SWITCH), ("tcp", SWITCH)))
    assert both.stream_beside(Flow("udp", SWITCH, FIRST)) == Flow("tcp", SWITCH, FIRST)
    assert both.stream_beside(Flow("udp", SWITCH, STRANGER)) is None, "nobody but carriers is connected to"
    assert trunks(FIRST).stream_beside(Flow("udp", SWITCH, FIRST)) is None


def test_a_large_call_to_a_carrier_is_cancelled_the_way_it_went() -> None:
    stage = Stage()
    far = ToNumber("+46" + "7" * 600)
    (sent,) = stage.act(actions.DialLeg("out-1", "call-1", far, "+46812345678", ""))
    assert stage.went_to == [Flow("tcp", SWITCH, CARRIER)]
    assert sent.need("Via").startswith("SIP/2.0/TCP ")
    stage.hear(reply(sent, 180, "Ringing", source=CARRIER), CARRIER, transport="tcp")
    (cancelled,) = stage.act(actions.HangUpLeg("out-1", Cause.CALLER_GONE))
    assert stage.went_to == [Flow("tcp", SWITCH, CARRIER)]
    assert cancelled.need("Via") == sent.need("Via")


# Failover (RFC 3263 §4.3).


def two_hosts(**changes: object) -> Stage:
    return Stage(with_trunk(settings_of_office(), hosts=(CARRIER, SECOND), **changes))


def redial(stage: Stage, leg: str = "out-2", *, is_emergency: bool = False) -> SipText:
    action = actions.DialLeg(leg, "call-2", ToNumber(MOBILE), "+46811111111", "", is_emergency=is_emergency)
    (sent,) = stage.act(action)
    return sent


def test_a_host_that_says_nothing_at_all_is_given_up_within_seconds_and_called_last_from_then_on() -> None:
    stage = two_hosts()
    first = dial(stage)
    stage.wait(NEXT_HOST_S - 0.1)
    assert {flow.remote for flow in stage.went_to} == {CARRIER}
    stage.wait(0.2)
    (second,) = [each for each in stage.sent if f"@{SECOND}" in each.uri]
    stage.hear(reply(second, 200, "OK", body=OFFER, source=SECOND), SECOND)
    assert stage.told == [LegAnswered("out-1")]
    (late,) = stage.hear(reply(first, 180, "Ringing", source=CARRIER), CARRIER)
    assert late.method == "CANCEL"
    redial(stage)
    assert stage.went_to[0].remote == SECOND


def test_a_host_that_says_anything_is_waited_for() -> None:
    stage = two_hosts()
    stage.hear(reply(dial(stage), 100, "Trying", source=CARRIER), CARRIER)
    stage.wait(20.0)
    assert stage.sent == []


def test_a_host_that_asks_to_be_spared_is_called_again_when_its_time_is_over() -> None:
    stage = two_hosts()
    busy = reply(dial(stage), 503, "Service Unavailable", source=CARRIER, more="Retry-After: 60")
    _, second = stage.hear(busy, CARRIER)
    assert f"@{SECOND}" in second.uri
    stage.hear(reply(second, 486, "Busy Here", source=SECOND), SECOND)
    stage.hear(reply(redial(stage), 503, "Service Unavailable", source=SECOND, more="Retry-After: 60"), SECOND)
    assert stage.told == [LegRefused("out-2", Cause.NETWORK_FAILURE)], "the first is left alone"
    assert redial(stage, "out-3", is_emergency=True).method == "INVITE", "help is called all the same"
    stage.wait(60.0)
    redial(stage, "out-4")
    assert stage.went_to[0].remote == CARRIER


def test_a_host_with_a_name_is_called_by_it() -> None:
    named = {CARRIER: HostName("sip.carrier.example")}
    stage = Stage(with_trunk(settings_of_office(), hosts=(CARRIER,), places=tuple(named.values()), led=named))
    assert dial(stage).uri == f"sip:{MOBILE}@sip.carrier.example"
    assert stage.went_to[0].remote == CARRIER
    assert stage.signalling.trunks.hosts("carrier") == [str(CARRIER)]
    nowhere = Stage(with_trunk(settings_of_office(), hosts=(), places=tuple(named.values())))
    nowhere.act(actions.DialLeg("out-1", "call-1", ToNumber(MOBILE), "+46811111111", "Support"))
    assert nowhere.told == [LegRefused("out-1", Cause.UNREACHABLE)]
    assert nowhere.signalling.trunks.hosts("carrier") == ["sip.carrier.example"]
