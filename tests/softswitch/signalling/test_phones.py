from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from sip_stack.events import SendMessage
from sip_stack.flow import Address, Flow
from softswitch.domain import actions
from softswitch.domain.inputs import PhoneRegistrationChanged
from softswitch.domain.office import ToPhone
from softswitch.signalling.legs import NEXT_CONTACTS_S
from softswitch.signalling.outbox import AppendRecord
from softswitch.signalling.records import BindingDropped, BindingRecorded
from tests.sim.offices import office, settings_of
from tests.sim.sip_text import SipText, parameter
from tests.softswitch.signalling.stage import DESK, OFFER, SWITCH, WALL_S, Stage, prove, register, reply

REGISTERED = PhoneRegistrationChanged("101", is_registered=True)
GONE = PhoneRegistrationChanged("101", is_registered=False)
SECOND = Address("10.0.2.9", 5060)


def again(stage: Stage, *, cseq: int, expires_s: int, source: Address = DESK, password: str | None = None) -> SipText:
    """Phone 101 registers once more in the same registration, after a fresh challenge."""
    contact = f"sip:101@{source}"
    (challenge,) = stage.hear(register("101", contact, source, cseq=cseq, expires_s=expires_s), source)
    assert challenge.status == 401
    proof = prove(challenge, "REGISTER", "101", password)
    text = register("101", contact, source, cseq=cseq + 1, expires_s=expires_s, proof=proof)
    (answer,) = stage.hear(text, source)
    return answer


def rung(stage: Stage) -> list[str]:
    """The contacts of phone 101, in the order in which they would be tried."""
    return [str(target.uri) for target in stage.signalling.phones.targets("101")]


def started_from(records: Iterable[BindingRecorded], phones: tuple[str, ...] = ("101", "102", "103")) -> Stage:
    """A new process, whose clock began anew, that reads these records in an office with these phones."""
    stage = Stage(settings_of(office(phones=phones)), now=7.0)
    for record in records:
        stage.restore(record)
    return stage


# Registering.


def test_a_registration_is_recorded_and_told_before_it_is_answered_with_its_contact_and_time() -> None:
    stage = Stage()
    answer = again(stage, cseq=1, expires_s=600)
    assert answer.status == 200
    (contact,) = answer.all("Contact")
    assert contact.startswith(f"<sip:101@{DESK}>")
    assert parameter(contact, "expires") == "600"
    assert stage.told == [REGISTERED]
    (record,) = stage.recorded(BindingRecorded)
    assert record.expires_wall_at == WALL_S + 600
    kinds = [type(output) for output in stage.turn]
    assert kinds.index(AppendRecord) < kinds.index(SendMessage)


def test_each_fresh_registration_is_told_anew() -> None:
    stage = Stage()
    stage.register("101")
    assert again(stage, cseq=3, expires_s=600).status == 200
    assert stage.told == [REGISTERED]
    assert len(rung(stage)) == 1


def test_a_time_too_short_is_refused_with_the_shortest_that_will_do() -> None:
    stage = Stage()
    answer = again(stage, cseq=1, expires_s=5)
    assert answer.status == 423
    assert int(answer.need("Min-Expires")) > 5
    assert (stage.told, rung(stage)) == ([], [])


def test_a_register_that_is_caught_and_sent_again_proves_nothing() -> None:
    stage = Stage()
    (challenge,) = stage.hear(register("101", f"sip:101@{DESK}", DESK, cseq=1), DESK)
    text = register("101", f"sip:101@{DESK}", DESK, cseq=2, proof=prove(challenge, "REGISTER", "101"))
    assert [answer.status for answer in stage.hear(text, DESK)] == [200]
    replayed = text.replace("branch=z9hG4bK-", "branch=z9hG4bK-thief-").replace("CSeq: 2 ", "CSeq: 3 ")
    assert [answer.status for answer in stage.hear(replayed, SECOND)] == [401]
    assert rung(stage) == [f"sip:101@{DESK}"]


def test_a_phone_that_takes_its_contact_back_is_gone() -> None:
    stage = Stage()
    stage.register("101")
    answer = again(stage, cseq=3, expires_s=0)
    assert (answer.status, answer.all("Contact")) == (200, [])
    assert stage.told == [GONE]
    assert [record.contact for record in stage.recorded(BindingDropped)] == [f"sip:101@{DESK}"]


def test_a_registration_that_is_not_renewed_runs_out() -> None:
    stage = Stage()
    stage.register("101", expires_s=60)
    stage.wait(59)
    assert rung(stage) == [f"sip:101@{DESK}"]
    stage.wait(1.5)
    assert stage.told == [GONE]
    assert len(stage.recorded(BindingDropped)) == 1
    assert rung(stage) == []


def test_a_phone_with_two_contacts_is_gone_only_with_the_last_of_them() -> None:
    stage = Stage()
    stage.register("101", DESK, expires_s=60)
    stage.register("101", SECOND, expires_s=600)
    assert rung(stage) == [f"sip:101@{SECOND}", f"sip:101@{DESK}"]
    stage.wait(61)
    assert (stage.told, rung(stage)) == ([], [f"sip:101@{SECOND}"])
    stage.wait(600)
    assert stage.told == [GONE]


# Reaching.


def test_a_phone_behind_a_nat_is_reached_at_its_source_by_the_uri_it_gave() -> None:
    stage = Stage()
    source = Address("203.0.113.9", 31007)
    stage.register("101", source, contact="sip:101@192.168.1.20:5062")
    (sent,) = stage.act(actions.DialLeg("out-1", "call-1", ToPhone("101"), "+46811111111", "Support"))
    assert sent.uri == "sip:101@192.168.1.20:5062"
    assert stage.went_to == [Flow("udp", SWITCH, source)]


def test_a_phone_that_gives_a_number_for_its_contact_is_called_by_it() -> None:
    """RFC 3261 §10.2.1 lets a contact be any URI, also one of RFC 3966."""
    stage = Stage()
    stage.register("101", Address("10.0.2.1", 5060), contact="tel:+46850010101")
    (sent,) = stage.act(actions.DialLeg("out-1", "call-1", ToPhone("101"), "+46811111111", "Support"))
    assert sent.uri == "tel:+46850010101"
    assert sent.need("To") == "<tel:+46850010101>"


def test_a_phone_on_tcp_is_reached_by_the_connection_it_registered_on() -> None:
    stage = Stage()
    source = Address("10.0.2.1", 49321)
    (challenge,) = stage.hear(register("101", "sip:101@10.0.2.1:5060", source, cseq=1), source, transport="tcp")
    proof = prove(challenge, "REGISTER", "101")
    stage.hear(register("101", "sip:101@10.0.2.1:5060", source, cseq=2, proof=proof), source, transport="tcp")
    (sent,) = stage.act(actions.DialLeg("out-1", "call-1", ToPhone("101"), "+46811111111", "Support"))
    assert stage.went_to == [Flow("tcp", SWITCH, source)]
    assert sent.need("Via").startswith("SIP/2.0/TCP ")


# A new process.


def test_contacts_come_back_after_a_restart_until_the_wall_time_they_were_given() -> None:
    before = Stage()
    before.register("101", expires_s=600)
    (record,) = before.signalling.phones.snapshot(before.now)
    after = started_from([record])
    assert after.told == [REGISTERED]
    assert rung(after) == [f"sip:101@{DESK}"]
    after.wait(599)
    assert rung(after) == [f"sip:101@{DESK}"]
    after.wait(1.5)
    assert after.told == [GONE]


def test_a_contact_that_expired_while_we_were_away_or_whose_phone_is_gone_does_not_come_back() -> None:
    before = Stage()
    before.register("101", expires_s=600)
    (record,) = before.signalling.phones.snapshot(before.now)
    expired = BindingRecorded(record.at, WALL_S - 1, record.binding)
    assert rung(started_from([expired])) == []
    gone = started_from([record], phones=("102", "103"))
    assert (gone.told, rung(gone)) == ([], [])


def test_several_contacts_keep_their_order_through_a_restart() -> None:
    before = Stage()
    before.register("101", DESK)
    before.register("101", SECOND)
    assert rung(started_from(before.signalling.phones.snapshot(before.now))) == rung(before)


def test_an_old_register_is_out_of_order_after_a_restart_too() -> None:
    before = Stage()
    before.register("101")
    again(before, cseq=7, expires_s=600)
    after = started_from(before.signalling.phones.snapshot(before.now))
    assert again(after, cseq=3, expires_s=0).status == 500
    assert rung(after) == [f"sip:101@{DESK}"]


# A new configuration.


def test_a_phone_that_is_taken_out_of_the_office_loses_its_contacts() -> None:
    stage = Stage()
    stage.register("101")
    stage.reload(settings_of(office(phones=("102", "103"))))
    assert stage.told == [GONE]
    assert len(stage.recorded(BindingDropped)) == 1
    assert rung(stage) == []
    (challenge,) = stage.hear(register("101", f"sip:101@{DESK}", DESK, cseq=3), DESK)
    proof = prove(challenge, "REGISTER", "101")
    assert [answer.status for answer in stage.hear(register("101", f"sip:101@{DESK}", DESK, cseq=4, proof=proof))] == [
        401
    ]


def test_a_new_password_counts_from_its_reload_on_and_the_contact_stays() -> None:
    stage = Stage()
    stage.register("101")
    phones = {**stage.settings.phones, "101": replace(stage.settings.phones["101"], password="new")}
    stage.reload(replace(stage.settings, phones=phones))
    assert rung(stage) == [f"sip:101@{DESK}"]
    assert again(stage, cseq=3, expires_s=600).status == 401
    assert again(stage, cseq=5, expires_s=600, password="new").status == 200


# Proxies and preferences.

INVITED = actions.DialLeg("call-l1", "call", ToPhone("101"), "+46701234567", "", 70)
PATH = "<sip:edge.example.org;lr>"


def test_a_phone_behind_proxies_is_called_through_them() -> None:
    """RFC 3327 §5.4; it survives a restart."""
    stage = Stage()
    stage.register("101", path=PATH)
    (record,) = stage.recorded(BindingRecorded)
    for each in (stage, started_from([record])):
        (sent,) = each.act(INVITED)
        assert (sent.all("Route"), sent.uri) == ([PATH], f"sip:101@{DESK}")
        assert each.went_to == [Flow("udp", SWITCH, DESK)]


def uris(sent: list[SipText]) -> list[str]:
    return [each.uri for each in sent if each.method == "INVITE"]


def preferring() -> Stage:
    """101 is registered at its desk with q 1, and at a second place with less."""
    stage = Stage()
    stage.register("101", SECOND, params=";q=0.3")
    stage.register("101", params=";q=1.0")
    return stage


def test_a_contact_with_less_q_is_rung_when_the_other_refuses() -> None:
    stage = preferring()
    (first,) = stage.act(INVITED)
    assert first.uri == f"sip:101@{DESK}"
    assert uris(stage.hear(reply(first, 486, "Busy Here"), DESK)) == [f"sip:101@{SECOND}"]
    assert stage.told == []


def test_a_contact_with_less_q_is_rung_too_after_a_while() -> None:
    stage = preferring()
    (first,) = stage.act(INVITED)
    stage.hear(reply(first, 180, "Ringing"), DESK)
    stage.wait(NEXT_CONTACTS_S - 0.1)
    assert uris(stage.sent) == []
    stage.wait(0.2)
    assert uris(stage.sent) == [f"sip:101@{SECOND}"]


def test_nobody_else_is_rung_once_somebody_has_answered_or_declined() -> None:
    for status, reason in ((200, "OK"), (603, "Decline")):
        stage = preferring()
        (first,) = stage.act(INVITED)
        stage.hear(reply(first, status, reason, body=OFFER if status == 200 else ""), DESK)
        stage.wait(NEXT_CONTACTS_S + 1)
        assert [each for each in stage.ever if f"101@{SECOND} SIP/2.0" in str(each)] == []


# What a challenge tells.


def algorithm_for(stage: Stage, name: str) -> str | None:
    (challenge,) = stage.hear(register(name, f"sip:{name}@{DESK}", DESK, cseq=1), DESK)
    found = re.search(r"algorithm=([A-Z0-9-]+)", challenge.need("WWW-Authenticate"))
    return None if found is None else found.group(1)


def test_a_challenge_does_not_tell_a_phone_from_a_name_that_is_nobodys() -> None:
    settings = settings_of(office())
    strong = {name: replace(phone, digest="SHA-256") for name, phone in settings.phones.items()}
    stage = Stage(replace(settings, phones=strong))
    assert {algorithm_for(stage, name) for name in ("101", "nobody", "admin", "999")} == {"SHA-256"}
    mixed = Stage(replace(settings, phones={**strong, "101": settings.phones["101"]}))
    asked = [algorithm_for(mixed, f"nobody-{index}") for index in range(40)]
    assert set(asked) == {"MD5", "SHA-256"}
    assert asked == [algorithm_for(mixed, f"nobody-{index}") for index in range(40)]


def test_a_nonce_counts_only_where_it_was_given() -> None:
    stage = Stage()
    contact = f"sip:101@{DESK}"
    (challenge,) = stage.hear(register("101", contact, SECOND, cseq=1), SECOND)
    proof = prove(challenge, "REGISTER", "101")
    (answer,) = stage.hear(register("101", contact, DESK, cseq=2, proof=proof), DESK)
    assert answer.status == 401
    (answer,) = stage.hear(register("101", contact, SECOND, cseq=3, proof=proof), SECOND)
    assert answer.status == 200
