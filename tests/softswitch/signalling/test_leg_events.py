from __future__ import annotations

import pytest

from media import protocol
from media.protocol import ClosePort, OpenPort, SetStream
from sip_stack.flow import Address
from softswitch.domain import actions, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.inputs import LegAnswered, LegEnded, LegHeld, LegInvited, LegProgressed, LegRefused
from softswitch.domain.office import ToNumber, ToPhone
from softswitch.signalling.leg_events import SOUND_FAULTS_TOLD_MAX
from softswitch.signalling.legs import HELD_ASKED_S
from tests.sim.offices import MOBILE
from tests.sim.sip_text import SipText
from tests.softswitch.signalling.stage import (
    CARRIER,
    DESK,
    OFFER,
    Stage,
    cancel,
    from_called,
    from_caller,
    invite,
    reply,
    settings_of_office,
    with_trunk,
)

TRANSACTION_S = 32.0
"""64·T1 (RFC 3261 §17): after it nobody answers any more."""
DEVICE = "out-1"


def dial(stage: Stage) -> SipText:
    """Our INVITE to phone 101, from which nothing was heard yet."""
    stage.register("101")
    (sent,) = stage.act(actions.DialLeg(DEVICE, "call-1", ToPhone("101"), "+46811111111", "Support"))
    return sent


def up_device(stage: Stage) -> SipText:
    """Phone 101 has picked up; returns our INVITE."""
    sent = dial(stage)
    stage.hear(reply(sent, 200, "OK", body=OFFER), DESK)
    assert stage.told == [LegAnswered(DEVICE)]
    return sent


def up_caller(stage: Stage, *, body: str = OFFER) -> tuple[str, int, SipText]:
    """A caller who is answered and has not acknowledged it yet: his leg, media port and our 200."""
    stage.hear(invite(body=body), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    (ok,) = stage.act(actions.AnswerLeg(told.leg))
    return told.leg, stage.commanded(OpenPort)[0].port, ok


def directed(direction: str) -> str:
    return OFFER + f"a={direction}\n"


# A device that we ring.


@pytest.mark.parametrize(("status", "is_told"), [(180, True), (183, True), (181, False), (182, False), (100, False)])
def test_only_a_180_or_183_tells_that_it_rings(status: int, *, is_told: bool) -> None:
    stage = Stage()
    stage.hear(reply(dial(stage), status, "Progress"), DESK)
    assert stage.told == ([LegProgressed(DEVICE)] if is_told else [])


def test_an_answer_is_acknowledged_and_told_after_its_stream_is_set() -> None:
    stage = Stage()
    sent = dial(stage)
    (ack,) = stage.hear(reply(sent, 200, "OK", body=OFFER), DESK)
    assert (ack.method, ack.cseq, ack.uri) == ("ACK", sent.cseq, f"sip:called@{DESK}")
    assert stage.told == [LegAnswered(DEVICE)]
    (stream,) = stage.commanded(SetStream)
    assert (stream.codec, stream.remote) == ("PCMA", ("10.0.3.1", 40000))
    assert stream.is_source_learnt, "a phone whose SDP names another address than it signals from"


def test_a_repeated_200_is_acknowledged_again_and_told_once() -> None:
    stage = Stage()
    sent = up_device(stage)
    (ack,) = stage.hear(reply(sent, 200, "OK", body=OFFER), DESK)
    assert ack.method == "ACK"
    assert not stage.told


@pytest.mark.parametrize("body", ["", OFFER.replace("RTP/AVP 0 8 101", "RTP/AVP 18"), OFFER.replace("40000", "0")])
def test_an_answer_whose_media_cannot_be_had_is_acknowledged_ended_and_told_as_a_refusal(body: str) -> None:
    stage = Stage()
    ack, bye = stage.hear(reply(dial(stage), 200, "OK", body=body), DESK)
    assert (ack.method, bye.method) == ("ACK", "BYE")
    assert stage.told == [LegRefused(DEVICE, Cause.INCOMPATIBLE_MEDIA)]
    assert len(stage.commanded(ClosePort)) == 1


def test_a_200_without_sdp_takes_that_of_the_183() -> None:
    stage = Stage()
    sent = dial(stage)
    stage.hear(reply(sent, 183, "Session Progress", body=OFFER), DESK)
    assert not stage.commanded(SetStream), "early media is not passed on"
    stage.hear(reply(sent, 200, "OK"), DESK)
    assert stage.told == [LegAnswered(DEVICE)]
    assert stage.commanded(SetStream)[0].remote == ("10.0.3.1", 40000)


@pytest.mark.parametrize(
    ("status", "rings", "cause"),
    [
        (486, True, Cause.BUSY),
        (600, False, Cause.BUSY),
        (603, True, Cause.DECLINED),
        (480, True, Cause.NO_ANSWER),
        (480, False, Cause.UNREACHABLE),
        (408, True, Cause.NO_ANSWER),
        (404, False, Cause.UNKNOWN_NUMBER),
        (403, False, Cause.NOT_ALLOWED),
        (488, False, Cause.INCOMPATIBLE_MEDIA),
        (500, True, Cause.NETWORK_FAILURE),
        (503, False, Cause.NETWORK_FAILURE),
        (302, False, Cause.UNREACHABLE),
    ],
)
def test_a_refusal_is_acknowledged_and_told_by_its_cause(status: int, cause: Cause, *, rings: bool) -> None:
    stage = Stage()
    sent = dial(stage)
    if rings:
        stage.hear(reply(sent, 180, "Ringing"), DESK)
    (ack,) = stage.hear(reply(sent, status, "No"), DESK)
    assert (ack.method, ack.need("Via")) == ("ACK", sent.need("Via"))
    assert stage.told == [LegRefused(DEVICE, cause)]
    assert len(stage.signalling.legs) == 0


def test_a_device_that_says_nothing_at_all_is_unreachable_after_64_t1() -> None:
    stage = Stage()
    dial(stage)
    stage.wait(TRANSACTION_S - 1)
    assert not stage.told
    stage.wait(2)
    assert stage.told == [LegRefused(DEVICE, Cause.UNREACHABLE)]


def test_the_trunks_next_host_is_tried_when_the_first_is_not_there_and_not_when_it_refuses() -> None:
    hosts = (CARRIER, Address("10.0.1.2", 5080))
    for status, tried in ((503, ["ACK", "INVITE"]), (408, ["ACK", "INVITE"]), (486, ["ACK"]), (500, ["ACK"])):
        stage = Stage(with_trunk(settings_of_office(), hosts=hosts))
        (sent,) = stage.act(actions.DialLeg(DEVICE, "call-1", ToNumber(MOBILE), "+46811111111", "Support"))
        answers = stage.hear(reply(sent, status, "No", source=CARRIER), CARRIER)
        assert [answer.method for answer in answers] == tried
        if len(answers) > 1:
            assert (answers[1].uri, stage.went_to[1].remote) == (f"sip:{MOBILE}@10.0.1.2:5080", hosts[1])
            stage.hear(reply(answers[1], 200, "OK", body=OFFER, source=hosts[1]), hosts[1])
            assert stage.told == [LegAnswered(DEVICE)]


def test_a_host_that_rang_before_it_went_away_had_its_chance() -> None:
    stage = Stage(with_trunk(settings_of_office(), hosts=(CARRIER, Address("10.0.1.2", 5080))))
    (sent,) = stage.act(actions.DialLeg(DEVICE, "call-1", ToNumber(MOBILE), "+46811111111", "Support"))
    stage.hear(reply(sent, 180, "Ringing", source=CARRIER), CARRIER)
    assert [answer.method for answer in stage.hear(reply(sent, 408, "Timeout", source=CARRIER), CARRIER)] == ["ACK"]
    assert stage.told == [LegRefused(DEVICE, Cause.NO_ANSWER)]


# A caller.


def test_a_cancel_before_our_answer_is_told_as_cancelled() -> None:
    stage = Stage()
    stage.hear(invite(), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    answers = stage.hear(cancel(), CARRIER)
    assert sorted((answer.status, answer.method) for answer in answers) == [(200, "CANCEL"), (487, "INVITE")]
    assert stage.told == [LegEnded(told.leg, Cause.CANCELLED)]


def test_a_bye_is_told_as_hung_up_from_either_side() -> None:
    stage = Stage()
    leg, port, ok = up_caller(stage)
    stage.hear(from_caller(ok, "ACK", 1))
    (answer,) = stage.hear(from_caller(ok, "BYE", 2))
    assert answer.status == 200
    assert (stage.told, stage.media) == ([LegEnded(leg, Cause.HUNG_UP)], [ClosePort(port)])
    sent = up_device(stage)
    stage.hear(from_called(sent, "BYE", 1), DESK)
    assert stage.told == [LegEnded(DEVICE, Cause.HUNG_UP)]


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ('SIP;cause=200;text="Call completed elsewhere"', Cause.ANSWERED_ELSEWHERE),
        ("SIP;cause=487, Q.850;cause=16", Cause.CANCELLED),
    ],
)
def test_a_cancel_may_say_that_somebody_else_has_the_call(reason: str, cause: Cause) -> None:
    stage = Stage()
    stage.hear(invite(), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    stage.hear(cancel(more=f"Reason: {reason}"), CARRIER)
    assert stage.told == [LegEnded(told.leg, cause)]


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ('Q.850;cause=16;text="Normal call clearing"', Cause.HUNG_UP),
        ("Q.850;cause=31", Cause.HUNG_UP),
        ("Q.850;cause=17", Cause.HUNG_UP),
        ("SIP;cause=200, Q.850;cause=41", Cause.NETWORK_FAILURE),
        ("Q.850;cause=38", Cause.NETWORK_FAILURE),
    ],
)
def test_what_the_network_blames_on_itself_is_nobodys_hanging_up(reason: str, cause: Cause) -> None:
    stage = Stage()
    leg, _, ok = up_caller(stage)
    stage.hear(from_caller(ok, "ACK", 1))
    stage.hear(from_caller(ok, "BYE", 2, more=f"Reason: {reason}"))
    assert stage.told == [LegEnded(leg, cause)]


def test_a_telephone_is_no_network() -> None:
    stage = Stage()
    sent = up_device(stage)
    bye = from_called(sent, "BYE", 1).replace("CSeq: 1 BYE", "CSeq: 1 BYE\nReason: Q.850;cause=38")
    stage.hear(bye, DESK)
    assert stage.told == [LegEnded(DEVICE, Cause.HUNG_UP)]


# A caller who requires reliable answers and makes no offer (RFC 3262 §5).


def ring_with_offer(stage: Stage) -> tuple[str, SipText]:
    """His leg, and our ringing."""
    stage.hear(invite(body="", more="Require: 100rel"), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    (ringing,) = stage.act(actions.RingLeg(told.leg))
    return told.leg, ringing


def acknowledge(ringing: SipText, body: str = OFFER) -> str:
    return from_caller(ringing, "PRACK", 2, body=body, more=f"RAck: {ringing.need('RSeq')} 1 INVITE")


def test_our_ringing_carries_the_offer_and_the_answer_nothing_more() -> None:
    stage = Stage()
    leg, ringing = ring_with_offer(stage)
    assert (ringing.status, len(stage.commanded(OpenPort))) == (180, 1)
    assert "m=audio 20000 RTP/AVP 8 0 101" in ringing.body
    assert stage.act(actions.RingLeg(leg)) == [], "the next one waits for the PRACK of this"
    _, again = stage.hear(acknowledge(ringing))
    assert (again.status, again.body) == (180, "")
    stage.hear(from_caller(ringing, "PRACK", 3, more=f"RAck: {again.need('RSeq')} 1 INVITE"))
    assert stage.commanded(SetStream) == []
    (ok,) = stage.act(actions.AnswerLeg(leg))
    assert (ok.status, ok.body) == (200, "")
    assert [stream.remote for stream in stage.commanded(SetStream)] == [("10.0.3.1", 40000)]
    assert stage.commanded(OpenPort) == []


def test_an_answer_given_before_the_offer_has_arrived_goes_out_with_the_prack() -> None:
    stage = Stage()
    leg, ringing = ring_with_offer(stage)
    assert stage.act(actions.AnswerLeg(leg)) == []
    sent = stage.hear(acknowledge(ringing))
    assert [(each.status, each.body) for each in sent] == [(200, ""), (200, "")]
    assert [stream.remote for stream in stage.commanded(SetStream)] == [("10.0.3.1", 40000)]


@pytest.mark.parametrize("is_answered", [False, True])
def test_an_answer_in_the_prack_that_will_not_do_ends_the_call(*, is_answered: bool) -> None:
    stage = Stage()
    leg, ringing = ring_with_offer(stage)
    if is_answered:
        stage.act(actions.AnswerLeg(leg))
    sent = stage.hear(acknowledge(ringing, OFFER.replace("RTP/AVP 0 8 101", "RTP/AVP 18")))
    assert stage.told == [LegEnded(leg, Cause.INCOMPATIBLE_MEDIA)]
    assert [each.status for each in sent] == ([200, 200] if is_answered else [200, 488])
    if is_answered:
        assert [each.method for each in stage.hear(from_caller(sent[1], "ACK", 1))] == ["BYE"]


def test_a_ringing_that_never_arrives_is_no_cancel() -> None:
    stage = Stage()
    leg, _ = ring_with_offer(stage)
    stage.wait(TRANSACTION_S)
    assert stage.told == [LegEnded(leg, Cause.NOT_CONFIRMED)]


def test_an_answer_that_is_never_acknowledged_ends_with_bye_after_64_t1() -> None:
    stage = Stage()
    leg, _, _ = up_caller(stage)
    stage.wait(TRANSACTION_S - 0.5)
    assert {message.status for message in stage.sent} == {200}, "the 200 is repeated (§13.3.1.4)"
    assert not stage.told
    stage.wait(1)
    assert stage.told == [LegEnded(leg, Cause.NOT_CONFIRMED)]
    assert stage.sent[-1].method == "BYE"


@pytest.mark.parametrize("body", ["", OFFER.replace("RTP/AVP 0 8 101", "RTP/AVP 18")])
def test_an_ack_that_owes_us_an_answer_and_has_none_that_will_do_ends_the_leg(body: str) -> None:
    stage = Stage()
    leg, _, ok = up_caller(stage, body="")
    (bye,) = stage.hear(from_caller(ok, "ACK", 1, body=body))
    assert bye.method == "BYE"
    assert stage.told == [LegEnded(leg, Cause.INCOMPATIBLE_MEDIA)]


def test_an_ack_with_an_sdp_that_nobody_asked_for_changes_nothing() -> None:
    stage = Stage()
    _, _, ok = up_caller(stage)
    assert not stage.hear(from_caller(ok, "ACK", 1, body=OFFER.replace("40000", "50000")))
    assert (stage.told, stage.media) == ([], [])


# Hold.


def test_hold_and_resume_are_answered_in_kind_and_told_once_each() -> None:
    stage = Stage()
    leg, _, ok = up_caller(stage)
    stage.hear(from_caller(ok, "ACK", 1))
    story = [("sendonly", "recvonly", [LegHeld(leg, is_held=True)]), ("inactive", "inactive", [])]
    story += [("sendrecv", "sendrecv", [LegHeld(leg, is_held=False)]), ("sendrecv", "sendrecv", [])]
    for cseq, (offered, answered, told) in enumerate(story, start=2):
        answers = stage.hear(from_caller(ok, "INVITE", cseq, body=directed(offered)))
        assert [answer.status for answer in answers] == [100, 200]
        assert f"a={answered}" in answers[-1].body.split("\r\n")
        assert stage.told == told
        assert [stream.sends for stream in stage.commanded(SetStream)] == [answered == "sendrecv"]
        stage.hear(from_caller(ok, "ACK", cseq))


def test_a_device_that_answers_held_is_told_as_answered_and_held() -> None:
    stage = Stage()
    stage.hear(reply(dial(stage), 200, "OK", body=directed("sendonly")), DESK)
    assert stage.told == [LegAnswered(DEVICE), LegHeld(DEVICE, is_held=True)]


def test_a_caller_who_comes_held_is_told_as_held_once_he_is_there() -> None:
    stage = Stage()
    leg, _, ok = up_caller(stage, body=directed("inactive"))
    stage.hear(from_caller(ok, "ACK", 1))
    assert stage.told == [LegHeld(leg, is_held=True)]


def test_an_offer_in_the_call_that_will_not_do_is_refused_and_the_call_goes_on() -> None:
    stage = Stage()
    _, _, ok = up_caller(stage)
    stage.hear(from_caller(ok, "ACK", 1))
    answers = stage.hear(from_caller(ok, "INVITE", 2, body=OFFER.replace("RTP/AVP 0 8 101", "RTP/AVP 18")))
    assert [answer.status for answer in answers] == [100, 488]
    assert (stage.told, stage.media) == ([], [])
    assert [answer.status for answer in stage.hear(from_caller(ok, "BYE", 3))] == [200]


def test_a_reinvite_without_an_offer_gets_ours_and_its_ack_moves_the_stream() -> None:
    stage = Stage()
    sent = up_device(stage)
    _, ok = stage.hear(from_called(sent, "INVITE", 1), DESK)
    assert "m=audio 20000 RTP/AVP 8 0 101" in ok.body
    stage.hear(from_called(sent, "ACK", 1, body=OFFER.replace("40000", "50000")), DESK)
    assert [stream.remote for stream in stage.commanded(SetStream)] == [("10.0.3.1", 50000)]


# Silence.


def probe(stage: Stage, port: int) -> list[SipText]:
    stage.learn(protocol.PortSilent(port, 30.0))
    return stage.sent


@pytest.mark.parametrize(("status", "is_gone"), [(481, True), (408, True), (200, False), (500, False), (405, False)])
def test_a_silent_leg_is_probed_and_ends_only_when_the_peer_does_not_know_it(status: int, *, is_gone: bool) -> None:
    stage = Stage()
    leg, port, ok = up_caller(stage)
    stage.hear(from_caller(ok, "ACK", 1))
    (asked,) = probe(stage, port)
    assert (asked.method, asked.call_id) == ("OPTIONS", ok.call_id)
    assert not probe(stage, port), "one at a time"
    stage.hear(reply(asked, status, "Answer", source=CARRIER))
    assert stage.told == ([LegEnded(leg, Cause.SILENT)] if is_gone else [])
    assert [message.method for message in stage.sent] == (["BYE"] if is_gone else [])
    if not is_gone:
        assert [message.method for message in probe(stage, port)] == ["OPTIONS"]


def test_a_probe_without_any_answer_ends_the_leg() -> None:
    stage = Stage()
    leg, port, ok = up_caller(stage)
    stage.hear(from_caller(ok, "ACK", 1))
    probe(stage, port)
    stage.wait(TRANSACTION_S + 1)
    assert stage.told == [LegEnded(leg, Cause.SILENT)]


@pytest.mark.parametrize("offered", [directed("sendonly"), OFFER.replace("10.0.3.1", "0.0.0.0")])
def test_a_held_leg_is_not_probed_whether_it_was_put_on_hold_or_came_so(offered: str) -> None:
    for came_so in (True, False):
        stage = Stage()
        _, port, ok = up_caller(stage, body=offered if came_so else OFFER)
        stage.hear(from_caller(ok, "ACK", 1))
        if not came_so:
            stage.hear(from_caller(ok, "INVITE", 2, body=offered))
            stage.hear(from_caller(ok, "ACK", 2))
        assert not probe(stage, port)


def hold(stage: Stage) -> tuple[str, SipText]:
    """A caller who holds us: his leg, and our 200 to his INVITE."""
    leg, _, ok = up_caller(stage)
    stage.hear(from_caller(ok, "ACK", 1))
    stage.hear(from_caller(ok, "INVITE", 2, body=directed("sendonly")))
    stage.hear(from_caller(ok, "ACK", 2))
    return leg, ok


def test_who_holds_us_is_asked_each_minute_whether_he_is_there_and_ended_when_he_is_not() -> None:
    """No sound comes from him that could be missed; without a session timer nothing else would ever end it."""
    stage = Stage()
    leg, _ = hold(stage)
    for _ in range(3):
        stage.wait(HELD_ASKED_S)
        (asked,) = stage.sent
        assert asked.method == "OPTIONS"
        stage.hear(reply(asked, 200, "OK", source=CARRIER), CARRIER)
    stage.wait(HELD_ASKED_S + TRANSACTION_S)
    assert stage.told == [LegEnded(leg, Cause.SILENT)]


def test_who_holds_us_no_more_is_not_asked_any_longer() -> None:
    stage = Stage()
    _, ok = hold(stage)
    stage.hear(from_caller(ok, "INVITE", 3, body=directed("sendrecv")))
    stage.hear(from_caller(ok, "ACK", 3))
    stage.wait(3 * HELD_ASKED_S)
    assert stage.sent == []


def test_a_silence_before_the_ack_does_not_keep_a_later_one_from_being_probed() -> None:
    stage = Stage()
    _, port, ok = up_caller(stage)
    assert not probe(stage, port)
    stage.hear(from_caller(ok, "ACK", 1))
    assert [message.method for message in probe(stage, port)] == ["OPTIONS"]


# Facts of the media process.


def test_keys_ends_of_sounds_and_first_sounds_are_told_of_the_leg_that_has_the_port_and_of_no_other() -> None:
    stage = Stage()
    leg, port, _ = up_caller(stage)
    stage.learn(protocol.DigitPressed(port, "5"))
    assert stage.told == [inputs.DigitPressed(leg, "5")]
    stage.learn(protocol.PlaybackEnded(port, "welcome"))
    assert stage.told == [inputs.PlaybackEnded(leg, "welcome")]
    stage.learn(protocol.PortHeard(port))
    assert stage.told == [inputs.LegHeard(leg)]
    stage.act(actions.HangUpLeg(leg, Cause.SAID))
    for fact in (protocol.DigitPressed(port, "5"), protocol.PortHeard(port)):
        stage.learn(fact)
        assert not stage.told


def test_a_finished_recording_is_told_as_it_is() -> None:
    stage = Stage()
    stage.learn(protocol.RecordingEnded("recording-1", 2.5, "abc", None))
    assert stage.told == [inputs.RecordingCompleted("recording-1", 2.5, "abc", None)]


def test_faults_of_media_go_to_the_log_and_not_without_end() -> None:
    stage = Stage()
    stage.learn(protocol.PortFailed(3, "connection refused"))
    assert len(stage.faults) == 1
    stage.learn(protocol.SoundsLoaded(tuple((f"/{number}.wav", "no such file") for number in range(100))))
    assert len(stage.faults) == SOUND_FAULTS_TOLD_MAX
    assert not stage.told


def test_when_the_media_process_is_lost_every_leg_ends_as_its_phase_asks() -> None:
    stage = Stage()
    stage.register("101")
    talking, _, ok = up_caller(stage)
    stage.hear(from_caller(ok, "ACK", 1))
    stage.hear(invite(call="waiting"), CARRIER)
    (waiting,) = stage.told
    assert isinstance(waiting, LegInvited)
    (ringing,) = stage.act(actions.DialLeg(DEVICE, "call-1", ToPhone("101"), "", ""))
    stage.hear(reply(ringing, 180, "Ringing"), DESK)
    stage.lose_media()
    assert sorted((message.method, message.status or 0) for message in stage.sent) == [
        ("BYE", 0),
        ("CANCEL", 0),
        ("INVITE", 503),
    ]
    assert stage.told == [
        LegEnded(talking, Cause.MEDIA_LOST),
        LegEnded(waiting.leg, Cause.MEDIA_LOST),
        LegRefused(DEVICE, Cause.MEDIA_LOST),
    ]
    assert (len(stage.signalling.legs), stage.signalling.legs.udp_ports.total) == (0, 0)


@pytest.mark.parametrize(("agrees", "told"), [(True, 0), (False, 1)])
def test_a_key_in_an_info_counts_where_no_telephone_events_were_agreed(*, agrees: bool, told: int) -> None:
    stage = Stage()
    rung = dial(stage)
    answer = OFFER if agrees else OFFER.replace(" 101\n", "\n").replace("a=rtpmap:101 telephone-event/8000\n", "")
    stage.hear(reply(rung, 200, "OK", body=answer), DESK)
    info = from_called(rung, "INFO", 1, body="Signal=7\n").replace("application/sdp", "application/dtmf-relay")
    assert [each.status for each in stage.hear(info, DESK)] == [200]
    assert stage.told == [inputs.DigitPressed(DEVICE, "7")] * told
