from __future__ import annotations

from dataclasses import replace

import pytest

from media.protocol import ClosePort, Join, Leave, OpenPort, Play, SetStream, StopPlaying
from sip_stack.digest import Credentials
from sip_stack.events import SendMessage
from sip_stack.flow import Address, Flow
from softswitch.domain import actions
from softswitch.domain.causes import Cause
from softswitch.domain.inputs import FromTrunk, LegAnswered, LegInvited, LegProgressed, LegRefused
from softswitch.domain.office import ToNumber, ToPhone
from softswitch.signalling.outbox import SendMedia
from tests.sim.offices import MOBILE, SUPPORT
from tests.sim.sip_text import SipText, place_of, rtp_place, uri_of, user_of
from tests.softswitch.signalling.stage import (
    CARRIER,
    DESK,
    OFFER,
    SWITCH,
    Stage,
    cancel,
    from_caller,
    invite,
    reply,
    settings_of_office,
    with_trunk,
)

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
CALLER = "+46811111111"


def incoming(stage: Stage, text: str = "") -> str:
    """The leg of an INVITE from the carrier."""
    stage.hear(text or invite(), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    return told.leg


def dial_phone(stage: Stage, phone: str = "101", leg: str = "out-1") -> SipText:
    """Our INVITE to a phone that is registered."""
    (sent,) = stage.act(actions.DialLeg(leg, "call-1", ToPhone(phone), CALLER, "Support"))
    return sent


def dial_number(stage: Stage, leg: str = "out-1") -> SipText:
    (sent,) = stage.act(actions.DialLeg(leg, "call-1", ToNumber(MOBILE), CALLER, "Support"))
    return sent


# A caller becomes a leg.


def test_a_caller_is_told_with_his_number_his_name_and_what_he_dialled() -> None:
    stage = Stage()
    stage.hear(invite(SUPPORT), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    assert told == LegInvited(told.leg, FromTrunk("carrier"), CALLER, "Karin", SUPPORT, None)


def test_a_caller_without_a_number_is_anonymous() -> None:
    stage = Stage()
    stage.hear(invite(caller="<sip:carrier.example>"), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    assert (told.caller, told.caller_name) == ("anonymous", "")


def test_a_leg_that_could_not_be_answered_is_told_with_the_fault() -> None:
    stage = Stage(udp_ports=(20000,))
    stage.hear(invite(call="strange", body=OFFER.replace("RTP/AVP 0 8 101", "RTP/AVP 101")), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    assert told.media_fault is Cause.INCOMPATIBLE_MEDIA
    stage.hear(invite(call="second"), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    assert told.media_fault is Cause.NO_MEDIA_PORTS, "the one port is taken by the first leg"


# What the domain does with a caller.


def test_ringing_is_a_180_without_media() -> None:
    stage = Stage()
    (ringing,) = stage.act(actions.RingLeg(incoming(stage)))
    assert (ringing.status, ringing.body) == (180, "")
    assert not stage.media


def test_an_answer_goes_out_after_its_port_listens_and_knows_its_stream() -> None:
    stage = Stage()
    leg = incoming(stage)
    (ok,) = stage.act(actions.AnswerLeg(leg))
    kinds = [type(each.command if isinstance(each, SendMedia) else each) for each in stage.turn]
    assert [kind for kind in kinds if kind in (OpenPort, SetStream, SendMessage)] == [OpenPort, SetStream, SendMessage]
    (opened,), (stream,) = stage.commanded(OpenPort), stage.commanded(SetStream)
    assert (ok.status, ok.need("Content-Type")) == (200, "application/sdp")
    assert rtp_place(ok.body) == (SWITCH.host, opened.udp_port)
    assert (stream.port, stream.codec, stream.remote) == (opened.port, "PCMA", ("10.0.3.1", 40000))
    assert place_of(uri_of(ok.need("Contact"))) == (SWITCH.host, SWITCH.port)


def test_a_caller_without_an_offer_is_given_ours_and_has_no_stream_before_his_ack() -> None:
    stage = Stage()
    leg = incoming(stage, invite(body=""))
    (ok,) = stage.act(actions.AnswerLeg(leg))
    assert "m=audio 20000 RTP/AVP 8 0 101" in ok.body
    assert not stage.commanded(SetStream)
    stage.hear(from_caller(ok, "ACK", 1, body=OFFER))
    (stream,) = stage.commanded(SetStream)
    assert (stream.codec, stream.remote, stream.sends) == ("PCMA", ("10.0.3.1", 40000), True)


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (Cause.UNKNOWN_NUMBER, 404),
        (Cause.NOT_ALLOWED, 403),
        (Cause.BUSY_DESTINATION, 486),
        (Cause.INCOMPATIBLE_MEDIA, 488),
        (Cause.NO_MEDIA_PORTS, 503),
    ],
)
def test_a_refusal_is_the_status_of_its_cause_and_the_port_is_free_again(cause: Cause, status: int) -> None:
    stage = Stage(udp_ports=(20000,))
    leg = incoming(stage)
    (refusal,) = stage.act(actions.RefuseLeg(leg, cause))
    assert refusal.status == status
    assert (refusal.get("Retry-After") is not None) == (status == 503)
    assert len(stage.signalling.legs) == 0
    assert stage.signalling.legs.udp_ports.free == 1
    assert not stage.act(actions.AnswerLeg(leg)), "the leg is gone"


def test_hanging_up_a_caller_who_was_not_answered_refuses_him() -> None:
    stage = Stage()
    (refusal,) = stage.act(actions.HangUpLeg(incoming(stage), Cause.BY_COMMAND))
    assert refusal.status == 480


def test_a_bye_to_a_caller_waits_for_his_ack() -> None:
    stage = Stage()
    leg = incoming(stage)
    (ok,) = stage.act(actions.AnswerLeg(leg))
    assert not stage.act(actions.HangUpLeg(leg, Cause.SAID)), "RFC 3261 §15: no BYE before the ACK"
    (bye,) = stage.hear(from_caller(ok, "ACK", 1))
    assert (bye.method, bye.uri) == ("BYE", f"sip:line@{CARRIER}")
    assert not stage.told


# What the domain does with a device.


def test_a_phone_is_rung_at_its_contact_and_shown_the_callers_number_and_the_queues_name() -> None:
    stage = Stage()
    stage.register("101", contact="sip:101@10.0.2.1:5060;line=2")
    sent = dial_phone(stage)
    assert sent.first_line == "INVITE sip:101@10.0.2.1:5060;line=2 SIP/2.0"
    assert sent.need("From").startswith(f'"Support" <sip:{CALLER}@office.example>;tag=')
    assert stage.went_to == [Flow("udp", SWITCH, DESK)]
    assert "m=audio 20000 RTP/AVP 8 0 101" in sent.body
    assert sent.need("Max-Forwards") == "70"


def test_a_number_is_dialled_through_the_trunk_and_shown_the_trunks_caller_id_only() -> None:
    stage = Stage()
    sent = dial_number(stage)
    assert sent.uri == f"sip:{MOBILE}@{CARRIER}"
    assert user_of(uri_of(sent.need("From"))) == SUPPORT
    assert CALLER not in sent.need("From")
    assert "Support" not in sent.need("From")
    assert stage.went_to == [Flow("udp", SWITCH, CARRIER)]


def test_a_trunk_without_a_caller_id_shows_nobodys_number() -> None:
    stage = Stage(with_trunk(settings_of_office(), caller_id=None))
    assert user_of(uri_of(dial_number(stage).need("From"))) == "anonymous"


def test_via_and_contact_carry_the_address_we_listen_on_never_the_domain() -> None:
    stage = Stage()
    sent = dial_number(stage)
    assert sent.need("Via").startswith(f"SIP/2.0/UDP {SWITCH};")
    assert place_of(uri_of(sent.need("Contact"))) == (SWITCH.host, SWITCH.port)


def test_behind_nat_via_and_contact_carry_the_advertised_address() -> None:
    settings = settings_of_office()
    stage = Stage(replace(settings, sip=replace(settings.sip, advertised_address="198.51.100.7")))
    sent = dial_number(stage)
    assert sent.need("Via").startswith("SIP/2.0/UDP 198.51.100.7:5060;")
    assert place_of(uri_of(sent.need("Contact"))) == ("198.51.100.7", 5060)
    assert stage.went_to == [Flow("udp", SWITCH, CARRIER)], "it still leaves by the address that is bound"


def test_a_phone_that_is_not_registered_is_unreachable_and_keeps_no_port() -> None:
    stage = Stage(udp_ports=(20000,))
    assert not stage.act(actions.DialLeg("out-1", "call-1", ToPhone("101"), CALLER, "Support"))
    assert stage.told == [LegRefused("out-1", Cause.UNREACHABLE)]
    assert stage.signalling.legs.udp_ports.free == 1


def test_without_a_free_media_port_nothing_is_dialled() -> None:
    stage = Stage(udp_ports=())
    stage.register("101")
    assert not stage.act(actions.DialLeg("out-1", "call-1", ToPhone("101"), CALLER, "Support"))
    assert stage.told == [LegRefused("out-1", Cause.NO_MEDIA_PORTS)]


OTHER = Address("10.0.2.9", 5060)


def dial_both(stage: Stage) -> tuple[SipText, SipText]:
    """Phone 101 is registered at two places and called; the INVITEs to the desk and to the other place."""
    stage.register("101", OTHER)
    stage.register("101", DESK)
    desk, other = stage.act(actions.DialLeg("out-1", "c1", ToPhone("101"), "+4681", "Support"))
    return desk, other


def test_all_contacts_of_a_phone_are_rung_at_once_with_one_offer() -> None:
    stage = Stage()
    desk, other = dial_both(stage)
    assert (desk.uri, other.uri) == ("sip:101@10.0.2.1:5060", "sip:101@10.0.2.9:5060")
    assert desk.call_id != other.call_id
    assert desk.body == other.body


def test_the_first_contact_to_answer_wins_and_the_others_are_cancelled_as_answered_elsewhere() -> None:
    stage = Stage()
    desk, other = dial_both(stage)
    stage.hear(reply(desk, 180, "Ringing"), DESK)
    stage.hear(reply(other, 180, "Ringing"), OTHER)
    ack, cancel = stage.hear(reply(other, 200, "OK", body=OFFER), OTHER)
    assert (ack.method, ack.call_id) == ("ACK", other.call_id)
    assert (cancel.method, cancel.call_id, cancel.all("Reason")) == ("CANCEL", desk.call_id, [ELSEWHERE])
    assert stage.told == [LegAnswered("out-1")]
    (bye,) = stage.act(actions.HangUpLeg("out-1", Cause.HUNG_UP))
    assert (bye.method, bye.call_id) == ("BYE", other.call_id)


def test_a_contact_that_picks_up_too_late_is_acknowledged_and_hung_up() -> None:
    stage = Stage()
    desk, other = dial_both(stage)
    stage.hear(reply(desk, 180, "Ringing"), DESK)
    stage.hear(reply(other, 200, "OK", body=OFFER), OTHER)
    assert [sent.method for sent in stage.hear(reply(desk, 200, "OK", body=OFFER), DESK)] == ["ACK", "BYE"]
    assert not stage.told


def test_a_contact_that_is_not_there_leaves_it_to_the_other() -> None:
    stage = Stage()
    desk, other = dial_both(stage)
    stage.hear(reply(desk, 503, "Service Unavailable"), DESK)
    assert not stage.told
    stage.hear(reply(other, 180, "Ringing"), OTHER)
    assert stage.told == [LegProgressed("out-1")]


@pytest.mark.parametrize("order", [(486, 480), (480, 486)])
def test_what_the_last_contact_says_does_not_hide_that_another_was_busy(order: tuple[int, int]) -> None:
    stage = Stage()
    desk, other = dial_both(stage)
    stage.hear(reply(desk, order[0], "No"), DESK)
    assert not stage.told
    stage.hear(reply(other, order[1], "No"), OTHER)
    assert stage.told == [LegRefused("out-1", Cause.BUSY)]


def test_a_person_who_declines_at_one_contact_declines_for_all() -> None:
    stage = Stage()
    desk, other = dial_both(stage)
    stage.hear(reply(desk, 180, "Ringing"), DESK)
    sent = stage.hear(reply(other, 603, "Decline"), OTHER)
    assert [message.method for message in sent] == ["ACK", "CANCEL"]
    assert stage.told == [LegRefused("out-1", Cause.DECLINED)]


def test_hanging_up_before_the_answer_cancels_every_contact() -> None:
    stage = Stage()
    desk, other = dial_both(stage)
    stage.hear(reply(desk, 180, "Ringing"), DESK)
    stage.hear(reply(other, 180, "Ringing"), OTHER)
    sent = stage.act(actions.HangUpLeg("out-1", Cause.CALLER_GONE))
    assert [(message.method, message.call_id) for message in sent] == [
        ("CANCEL", desk.call_id),
        ("CANCEL", other.call_id),
    ]


def test_two_contacts_behind_one_source_are_one_telephone() -> None:
    stage = Stage()
    stage.register("101", DESK)
    stage.wait(60)
    stage.register("101", DESK, contact="sip:101@192.168.1.20:5062")
    (sent,) = stage.act(actions.DialLeg("out-1", "c1", ToPhone("101"), "+4681", "Support"))
    assert sent.uri == "sip:101@192.168.1.20:5062"


# Carriers that ask who we are, and calls that go round in a circle.


def test_a_carriers_challenge_is_answered_with_its_credentials_and_the_call_goes_on() -> None:
    settings = with_trunk(settings_of_office(), credentials=Credentials("office", "secret", "carrier.example"))
    stage = Stage(settings)
    challenge = 'Proxy-Authenticate: Digest realm="carrier.example", nonce="n1", qop="auth"'
    ack, again = stage.hear(reply(dial_number(stage), 407, "Proxy Authentication Required", more=challenge), CARRIER)
    assert (ack.method, again.method) == ("ACK", "INVITE")
    assert 'username="office"' in again.need("Proxy-Authorization")
    assert not stage.told
    stage.hear(reply(again, 180, "Ringing"), CARRIER)
    assert stage.told == [LegProgressed("out-1")]


def test_a_phones_challenge_is_never_answered() -> None:
    settings = with_trunk(settings_of_office(), credentials=Credentials("office", "secret", "carrier.example"))
    stage = Stage(settings)
    stage.register("101")
    challenge = 'Proxy-Authenticate: Digest realm="carrier.example", nonce="n1", qop="auth"'
    sent = stage.hear(reply(dial_phone(stage), 407, "Proxy Authentication Required", more=challenge), DESK)
    assert [message.method for message in sent] == ["ACK"]
    assert stage.told == [LegRefused("out-1", Cause.NETWORK_FAILURE)]


def test_the_hops_that_a_caller_has_left_are_told_and_passed_on() -> None:
    stage = Stage()
    stage.hear(invite().replace("Max-Forwards: 70", "Max-Forwards: 9"), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    assert told.hops_left == 9
    (sent,) = stage.act(actions.DialLeg("out-1", "c1", ToNumber(MOBILE), CALLER, "", hops_left=8))
    assert sent.need("Max-Forwards") == "8"


# Letting a device go.


def test_a_device_that_has_not_said_anything_is_cancelled_at_its_first_sign() -> None:
    stage = Stage()
    stage.register("101")
    sent = dial_phone(stage)
    assert not stage.act(actions.HangUpLeg("out-1", Cause.CALLER_GONE)), "RFC 3261 §9.1: not before a provisional"
    (asked,) = stage.hear(reply(sent, 100, "Trying"), DESK)
    assert asked.method == "CANCEL"
    assert (asked.uri, asked.need("Via"), asked.cseq) == (sent.uri, sent.need("Via"), sent.cseq)
    assert (asked.need("From"), asked.need("To"), asked.call_id) == (sent.need("From"), sent.need("To"), sent.call_id)


def test_the_cancel_of_a_device_that_lost_the_race_says_that_the_call_was_completed_elsewhere() -> None:
    stage = Stage()
    stage.register("101")
    stage.hear(reply(dial_phone(stage), 180, "Ringing"), DESK)
    (sent,) = stage.act(actions.HangUpLeg("out-1", Cause.ANSWERED_ELSEWHERE))
    assert (sent.method, sent.all("Reason")) == ("CANCEL", [ELSEWHERE])


@pytest.mark.parametrize("cause", [Cause.CALLER_GONE, Cause.NO_ANSWER])
def test_a_device_that_rang_in_vain_keeps_its_missed_call(cause: Cause) -> None:
    stage = Stage()
    stage.register("101")
    stage.hear(reply(dial_phone(stage), 180, "Ringing"), DESK)
    (sent,) = stage.act(actions.HangUpLeg("out-1", cause))
    assert (sent.method, sent.all("Reason")) == ("CANCEL", [])


def test_a_200_that_crosses_our_cancel_is_acknowledged_and_ended_and_told_to_nobody() -> None:
    stage = Stage()
    stage.register("101")
    sent = dial_phone(stage)
    stage.hear(reply(sent, 180, "Ringing"), DESK)
    stage.act(actions.HangUpLeg("out-1", Cause.ANSWERED_ELSEWHERE))
    ack, bye = stage.hear(reply(sent, 200, "OK", body=OFFER), DESK)
    assert (ack.method, bye.method, bye.all("Reason")) == ("ACK", "BYE", [ELSEWHERE])
    assert not stage.told
    assert not stage.commanded(SetStream)


def test_a_device_that_answered_is_hung_up_with_bye_at_its_contact() -> None:
    stage = Stage()
    stage.register("101")
    stage.hear(reply(dial_phone(stage), 200, "OK", body=OFFER), DESK)
    (bye,) = stage.act(actions.HangUpLeg("out-1", Cause.HUNG_UP))
    assert (bye.method, bye.uri) == ("BYE", f"sip:called@{DESK}")
    assert [type(command) for command in stage.media] == [ClosePort]


def test_hanging_up_twice_sends_one_bye() -> None:
    stage = Stage()
    stage.register("101")
    stage.hear(reply(dial_phone(stage), 200, "OK", body=OFFER), DESK)
    assert len(stage.act(actions.HangUpLeg("out-1", Cause.HUNG_UP))) == 1
    assert not stage.act(actions.HangUpLeg("out-1", Cause.HUNG_UP))


# Sound.


def test_sounds_are_played_by_their_files_on_the_legs_port_and_silenced_by_their_tag() -> None:
    stage = Stage()
    leg = incoming(stage)
    stage.act(actions.AnswerLeg(leg))
    port = stage.commanded(OpenPort)[0].port
    stage.act(actions.PlayOnLeg(leg, "waiting", once=("welcome",), loop=("music/calm",)))
    assert stage.media == [Play(port, "waiting", once=("/sounds/welcome.wav",), loop=("/sounds/music/calm.wav",))]
    stage.act(actions.StopPlayingOnLeg(leg, "waiting"))
    assert stage.media == [StopPlaying(port, "waiting")]


def test_joining_and_leaving_name_the_bridge_and_the_legs_own_port() -> None:
    stage = Stage()
    ports = {}
    for call in ("one", "two"):
        leg = incoming(stage, invite(call=call))
        stage.act(actions.AnswerLeg(leg))
        ports[leg] = stage.commanded(OpenPort)[0].port
    assert len(set(ports.values())) == 2
    for leg, port in ports.items():
        stage.act(actions.JoinLeg("bridge", leg))
        assert stage.media == [Join("bridge", port)]
        stage.act(actions.LeaveLeg("bridge", leg))
        assert stage.media == [Leave("bridge", port)]


def test_what_is_asked_of_a_leg_that_is_gone_comes_to_nothing() -> None:
    stage = Stage()
    leg = incoming(stage)
    stage.hear(cancel(), CARRIER)
    for action in (
        actions.RingLeg(leg),
        actions.AnswerLeg(leg),
        actions.PlayOnLeg(leg, "waiting", loop=("music/calm",)),
        actions.StopPlayingOnLeg(leg, "waiting"),
        actions.JoinLeg("bridge", leg),
        actions.LeaveLeg("bridge", leg),
        actions.StartRecording("recording", "bridge", leg, "2026-01-01/recording.wav"),
        actions.HangUpLeg(leg, Cause.HUNG_UP),
    ):
        assert not stage.act(action)
        assert not stage.turn


def test_calls_by_trunk_count_both_ways_and_no_phones() -> None:
    stage = Stage()
    stage.register("101")
    incoming(stage)
    dial_number(stage, "out-1")
    dial_phone(stage, leg="out-2")
    assert (len(stage.signalling.legs), stage.signalling.legs.calls_by_trunk("carrier")) == (3, 2)
    stage.act(actions.HangUpLeg("out-1", Cause.HUNG_UP))
    assert stage.signalling.legs.calls_by_trunk("carrier") == 1
