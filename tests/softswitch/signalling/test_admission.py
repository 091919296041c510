from __future__ import annotations

import ipaddress
import re
from dataclasses import replace

import pytest

from sip_stack.events import SendMessage
from sip_stack.flow import Address, Flow
from sip_stack.uri import SipUri
from softswitch.domain.inputs import FromPhone, FromTrunk, LegInvited
from softswitch.settings.model import AcceptFrom
from softswitch.signalling.flood_guard import SOURCE_FAILURES_MAX, USER_FAILURES_MAX
from tests.sim.offices import SUPPORT
from tests.sim.sip_text import SipText
from tests.softswitch.signalling.stage import (
    CARRIER,
    DESK,
    STRANGER,
    SWITCH,
    Stage,
    invite,
    prove,
    register,
    settings_of_office,
    with_body,
    with_trunk,
)


def accept(network: str, port: int | None = None) -> AcceptFrom:
    return AcceptFrom(ipaddress.ip_network(network), port)


def invited(stage: Stage) -> LegInvited:
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    return told


def statuses(answers: list[SipText]) -> list[int | None]:
    return [answer.status for answer in answers]


def options(source: Address, *, call: str = "ping", proof: str = "") -> str:
    return with_body(
        f"""\
OPTIONS sip:office.example SIP/2.0
Via: SIP/2.0/UDP {source};branch=z9hG4bK-{call}-{"2" if proof else "1"};rport
Max-Forwards: 70
From: <sip:101@office.example>;tag=1
To: <sip:office.example>
Call-ID: {call}
CSeq: {"2" if proof else "1"} OPTIONS
{proof}
""",
        "",
    )


# Who is a trunk.


def test_an_invite_from_the_trunks_address_and_port_is_the_trunks() -> None:
    stage = Stage()
    assert statuses(stage.hear(invite(), CARRIER)) == [100]
    assert invited(stage).origin == FromTrunk("carrier")


def test_on_udp_another_port_of_the_trunks_host_is_not_the_trunk() -> None:
    stage = Stage()
    assert statuses(stage.hear(invite(), Address(CARRIER.host, 5081))) == [401]
    assert not stage.told


def test_on_tcp_the_port_is_not_compared_because_connections_come_from_any() -> None:
    stage = Stage()
    stage.hear(invite(), Address(CARRIER.host, 49152), transport="tcp")
    assert invited(stage).origin == FromTrunk("carrier")


def test_without_a_port_in_accept_from_every_port_of_the_host_is_the_trunk() -> None:
    stage = Stage(with_trunk(settings_of_office(), accept_from=(accept("10.0.1.1"),)))
    stage.hear(invite(), Address("10.0.1.1", 6789))
    assert invited(stage).origin == FromTrunk("carrier")


def test_a_prefix_in_accept_from_takes_in_its_hosts_and_no_other() -> None:
    stage = Stage(with_trunk(settings_of_office(), accept_from=(accept("10.7.0.0/24"),)))
    stage.hear(invite(call="inside"), Address("10.7.0.255", 5060))
    assert invited(stage).origin == FromTrunk("carrier")
    assert statuses(stage.hear(invite(call="outside"), Address("10.7.1.0", 5060))) == [401]


def test_what_a_stranger_writes_into_from_via_and_contact_makes_him_no_trunk() -> None:
    stage = Stage()
    assert statuses(stage.hear(invite(source=CARRIER), STRANGER)) == [401]
    assert not stage.told


# Who must prove himself.


METHODS = (
    "INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE", "REFER", "INFO", "BYE", "UPDATE", "PRACK", "NOTIFY", "MESSAGE",
    "PUBLISH", "DANCE",
)  # fmt: skip


def of_method(method: str, *, call: str = "odd", proof: str = "", more: str = "") -> str:
    text = options(STRANGER, call=call, proof=proof).replace("OPTIONS", method)
    contact = f"Contact: <sip:101@{STRANGER}>\nEvent: dialog\nRefer-To: <sip:102@office.example>"
    return text.replace("\n\n", f"\n{contact}\n{more}\n\n".replace("\n\n\n", "\n\n"), 1)


@pytest.mark.parametrize("method", METHODS)
def test_a_stranger_is_challenged_whatever_he_asks_for_and_nothing_is_kept_of_it(method: str) -> None:
    stage = Stage()
    assert statuses(stage.hear(of_method(method), STRANGER)) == [401]
    endpoint = stage.endpoint
    assert (endpoint.transaction_count, endpoint.session_count, endpoint.next_deadline()) == (0, 0, None)
    assert not stage.told


@pytest.mark.parametrize("more", ["Require: dancing", "Max-Forwards: 0", "Replaces: a;to-tag=b;from-tag=c"])
def test_a_stranger_learns_nothing_else_before_he_has_proved_himself(more: str) -> None:
    stage = Stage()
    text = of_method("INVITE", more=more)
    if more.startswith("Max-Forwards"):
        text = text.replace("Max-Forwards: 70\n", "")
    assert statuses(stage.hear(text, STRANGER)) == [401]


def test_a_flood_of_strangers_takes_no_room_from_the_known() -> None:
    stage = Stage()
    for number in range(2_000):
        stage.hear(of_method(METHODS[number % len(METHODS)], call=f"flood-{number}"), STRANGER)
        tagged = of_method("INVITE", call=f"tagged-{number}").replace("office.example>\nC", "office.example>;tag=9\nC")
        stage.hear(tagged, STRANGER)
        stage.hear(of_method("CANCEL", call=f"cancel-{number}"), STRANGER)
    assert (stage.endpoint.transaction_count, stage.endpoint.session_count) == (0, 0)
    assert statuses(stage.hear(invite(), CARRIER)) == [100]


def test_a_proof_counts_for_the_request_that_brought_it_only() -> None:
    stage = Stage()
    (challenge,) = stage.hear(options(STRANGER), STRANGER)
    proof = prove(challenge, "OPTIONS", "101")
    assert statuses(stage.hear(options(STRANGER, proof=proof), STRANGER)) == [200]
    assert statuses(stage.hear(options(STRANGER, call="again", proof=proof), STRANGER)) == [401]
    assert statuses(stage.hear(options(STRANGER, call="without"), STRANGER)) == [401]


def test_a_phones_invite_is_challenged_and_then_counts_as_the_phone_whatever_its_from_says() -> None:
    stage = Stage()
    liar = '"The boss" <sip:102@office.example>'
    uri = f"sip:101@{SWITCH}"
    (challenge,) = stage.hear(invite("101", caller=liar, source=DESK), DESK)
    assert challenge.status == 401
    assert 'realm="office.example"' in challenge.need("WWW-Authenticate")
    stage.hear(invite("101", caller=liar, source=DESK, proof=prove(challenge, "INVITE", "103", uri=uri)), DESK)
    told = invited(stage)
    assert (told.origin, told.caller, told.caller_name) == (FromPhone("103"), "103", "Phone 103")


def test_a_register_is_challenged_even_from_the_trunks_address() -> None:
    stage = Stage()
    answers = stage.hear(register("101", "sip:101@10.0.1.1:5080", CARRIER, cseq=1), CARRIER)
    assert statuses(answers) == [401]
    assert answers[0].get("WWW-Authenticate") is not None


def test_an_unknown_user_and_a_wrong_password_get_the_same_answer() -> None:
    answers = []
    for phone in ("101", "199"):
        stage = Stage()
        (first,) = stage.hear(register(phone, f"sip:{phone}@{DESK}", DESK, cseq=1), DESK)
        proof = prove(first, "REGISTER", phone, "guessed")
        (second,) = stage.hear(register(phone, f"sip:{phone}@{DESK}", DESK, cseq=2, proof=proof), DESK)
        answers.append([(answer.first_line, [name for name, _ in answer.headers]) for answer in (first, second)])
        challenges = [answer.need("WWW-Authenticate") for answer in (first, second)]
        assert "stale" not in challenges[1], "a wrong password is no matter of an old nonce"
        assert challenges[0] != challenges[1], "the second challenge is a fresh one"
    assert answers[0] == answers[1]
    assert answers[0][1][0] == "SIP/2.0 401 Unauthorized"


def test_an_unknown_user_and_a_wrong_password_get_the_same_bytes_but_for_the_nonce_and_the_tag() -> None:
    """The users' names are of one length, and stand only where the request had them."""

    def answers(phone: str, method: str) -> list[bytes]:
        stage = Stage()
        found = []
        proof = ""
        for cseq in (1, 2):
            text = register(phone, f"sip:{phone}@{STRANGER}", STRANGER, cseq=cseq, proof=proof)
            (answer,) = stage.hear(text.replace("REGISTER", method), STRANGER)
            (sent,) = [output.data for output in stage.turn if isinstance(output, SendMessage)]
            found.append(re.sub(rb'nonce="[^"]*"|;tag=[0-9a-f]{16}', b"", sent.replace(phone.encode(), b"NAME")))
            proof = prove(answer, method, phone, "guessed")
        return found

    for method in ("REGISTER", "INVITE", "SUBSCRIBE"):
        known, unknown = answers("101", method), answers("199", method)
        assert known == unknown
        assert known[0].startswith(b"SIP/2.0 401 Unauthorized\r\n")


def test_a_right_password_with_an_old_nonce_is_told_that_only_the_nonce_is_stale() -> None:
    stage = Stage()
    (first,) = stage.hear(register("101", f"sip:101@{DESK}", DESK, cseq=1), DESK)
    stage.wait(3600)
    proof = prove(first, "REGISTER", "101")
    (second,) = stage.hear(register("101", f"sip:101@{DESK}", DESK, cseq=2, proof=proof), DESK)
    assert second.status == 401
    assert "stale=true" in second.need("WWW-Authenticate")


def test_the_challenge_offers_md5_unless_the_phones_entry_says_sha_256() -> None:
    settings = settings_of_office()
    phones = {**settings.phones, "102": replace(settings.phones["102"], digest="SHA-256")}
    stage = Stage(replace(settings, phones=phones))
    for phone, algorithm in (("101", "MD5"), ("102", "SHA-256")):
        (answer,) = stage.hear(register(phone, f"sip:{phone}@{DESK}", DESK, cseq=1), DESK)
        assert [f"algorithm={algorithm}" in value for value in answer.all("WWW-Authenticate")] == [True]
        stage.register(phone)


# REGISTER.


def test_a_phone_cannot_register_anothers_address() -> None:
    stage = Stage()
    (first,) = stage.hear(register("101", f"sip:101@{DESK}", DESK, cseq=1), DESK)
    proof = prove(first, "REGISTER", "102")
    answers = stage.hear(register("101", f"sip:101@{DESK}", DESK, cseq=2, proof=proof), DESK)
    assert statuses(answers) == [403]
    assert not stage.told


def test_a_phone_cannot_register_an_address_of_another_domain() -> None:
    stage = Stage()
    (first,) = stage.hear(register("101", f"sip:101@{DESK}", DESK, cseq=1), DESK)
    text = register("101", f"sip:101@{DESK}", DESK, cseq=2, proof=prove(first, "REGISTER", "101"))
    assert statuses(stage.hear(text.replace("To: <sip:101@office.example>", "To: <sip:101@other.example>"), DESK)) == [
        403
    ]


@pytest.mark.parametrize(("uri", "status"), [("sip:@@@", 400), ("sip:[::1", 400), ("urn:service:sos", 416)])
@pytest.mark.parametrize("source", [STRANGER, CARRIER])
def test_a_register_to_a_uri_that_cannot_be_read_is_answered_and_raises_nothing(
    uri: str, status: int, source: Address
) -> None:
    stage = Stage()
    text = register("101", f"sip:101@{source}", source, cseq=1).replace("sip:office.example SIP/2.0", f"{uri} SIP/2.0")
    assert statuses(stage.hear(text, source)) == [status]


def test_an_options_to_a_uri_that_cannot_be_read_is_answered_and_raises_nothing() -> None:
    stage = Stage()
    text = options(STRANGER).replace("OPTIONS sip:office.example", "OPTIONS sip:@@@")
    assert statuses(stage.hear(text, STRANGER)) == [400]


# OPTIONS.


def test_options_are_answered_to_a_trunk_and_challenged_for_everyone_else() -> None:
    stage = Stage()
    (answer,) = stage.hear(options(CARRIER), CARRIER)
    assert answer.status == 200
    assert answer.need("Accept") == "application/sdp"
    (challenge,) = stage.hear(options(STRANGER, call="other"), STRANGER)
    assert challenge.status == 401
    proof = prove(challenge, "OPTIONS", "101")
    assert statuses(stage.hear(options(STRANGER, call="other", proof=proof), STRANGER)) == [200]


def test_options_tell_every_method_that_is_understood_also_those_within_a_call() -> None:
    (answer,) = Stage().hear(options(CARRIER), CARRIER)
    allowed = {method.strip() for method in answer.need("Allow").split(",")}
    inside = {"ACK", "CANCEL", "BYE", "INFO", "PRACK", "REFER", "UPDATE"}
    assert allowed == inside | {"INVITE", "OPTIONS", "REGISTER", "SUBSCRIBE"}
    assert answer.need("Allow-Events") == "dialog, message-summary"
    assert answer.need("Supported") == "timer, replaces, norefersub"


# Which URIs mean us.


@pytest.mark.parametrize(
    "uri",
    [
        f"sip:{SUPPORT}@office.example",
        f"sip:{SUPPORT}@OFFICE.example:5060;user=phone",
        f"sip:{SUPPORT}@10.0.0.1",
        f"sip:{SUPPORT}@10.0.0.1:5060",
        f"sip:%2B{SUPPORT[1:]}@10.0.0.1",
        f"tel:{SUPPORT}",
    ],
)
def test_the_domain_and_our_addresses_with_or_without_port_lead_to_the_number_that_was_dialled(uri: str) -> None:
    stage = Stage()
    stage.hear(invite(uri=uri))
    assert invited(stage).dialled == SUPPORT


def dialled_by_a_phone(stage: Stage, uri: str) -> str:
    call = f"call {uri}".replace(" ", "-").replace(":", ".")
    (challenge,) = stage.hear(invite(call=call, uri=uri, source=DESK), DESK)
    stage.hear(invite(call=call, uri=uri, source=DESK, proof=prove(challenge, "INVITE", "103", uri=uri)), DESK)
    return invited(stage).dialled


@pytest.mark.parametrize("host", ["other.example", "10.0.0.2", "10.0.0.1:5080"])
def test_a_number_at_a_foreign_host_is_not_our_number_to_a_phone(host: str) -> None:
    assert dialled_by_a_phone(Stage(), f"sip:{SUPPORT}@{host}") == f"{SUPPORT}@{host.partition(':')[0]}"


def test_the_port_of_one_of_our_addresses_does_not_make_another_address_with_it_ours() -> None:
    stage = Stage(listening=(("udp", SWITCH), ("udp", Address("10.0.0.2", 5070))))
    assert dialled_by_a_phone(stage, f"sip:{SUPPORT}@10.0.0.2:5070") == SUPPORT
    assert dialled_by_a_phone(stage, f"sip:{SUPPORT}@10.0.0.1:5070") == f"{SUPPORT}@10.0.0.1"


@pytest.mark.parametrize("host", ["198.51.100.77", "office.carrier.example", "carrier.example:5080"])
def test_a_carrier_may_know_us_by_any_address(host: str) -> None:
    stage = Stage()
    stage.hear(invite(uri=f"sip:{SUPPORT}@{host}"))
    assert invited(stage).dialled == SUPPORT


def test_a_carrier_that_we_register_with_may_call_our_contact_and_tell_the_number_in_to() -> None:
    register = SipUri.parse("sip:office@carrier.example")
    stage = Stage(with_trunk(settings_of_office(), register=register))
    stage.hear(invite(SUPPORT, uri="sip:office@10.0.0.1:5060"))
    assert invited(stage).dialled == SUPPORT


def test_the_advertised_address_is_ours_too() -> None:
    settings = settings_of_office()
    stage = Stage(replace(settings, sip=replace(settings.sip, advertised_address="198.51.100.7")))
    for number, host in enumerate(("198.51.100.7", "198.51.100.7:5060", "10.0.0.1:5060")):
        stage.hear(invite(call=f"call-{number}", uri=f"sip:{SUPPORT}@{host}"))
        assert invited(stage).dialled == SUPPORT


# Who guesses, and who would be reached where no phone is.


def guess(stage: Stage, phone: str, source: Address, number: int, password: str | None = "guessed") -> SipText:
    """One try at a phone's password, as whoever comes for the first time makes it; returns the last answer."""
    contact = f"sip:{phone}@{source}"
    (first,) = stage.hear(register(phone, contact, source, cseq=2 * number + 1), source)
    proof = prove(first, "REGISTER", phone, password)
    (second,) = stage.hear(register(phone, contact, source, cseq=2 * number + 2, proof=proof), source)
    return second


def test_who_guesses_ten_passwords_from_one_address_is_not_heard_and_others_are() -> None:
    stage = Stage()
    flow = Flow("udp", SWITCH, STRANGER)
    for number in range(SOURCE_FAILURES_MAX):
        assert stage.signalling.guard.admits(flow, stage.now)
        guess(stage, f"user-{number}", STRANGER, number)
    assert not stage.signalling.guard.admits(flow, stage.now)
    assert stage.signalling.guard.admits(Flow("udp", SWITCH, DESK), stage.now)
    assert stage.signalling.guard.admits(Flow("udp", SWITCH, CARRIER), stage.now)


def test_requests_without_a_proof_and_right_ones_are_no_failures() -> None:
    stage = Stage()
    for number in range(2 * SOURCE_FAILURES_MAX):
        stage.hear(options(DESK, call=f"ping-{number}"), DESK)
        assert guess(stage, "101", DESK, number, password=None).status == 200
    assert stage.signalling.guard.admits(Flow("udp", SWITCH, DESK), stage.now)


def test_a_user_guessed_at_from_many_addresses_gets_one_try_a_second_but_where_his_phone_is_any() -> None:
    stage = Stage()
    stage.register("101", DESK)
    for number in range(USER_FAILURES_MAX + 1):
        guess(stage, "101", Address(f"10.66.0.{number + 1}", 5060), 0)
    lucky = Address("10.66.1.1", 5060)
    assert guess(stage, "101", lucky, 0, password=None).status == 401, "the second's try is taken"
    assert guess(stage, "101", DESK, 10, password=None).status == 200
    assert guess(stage, "101", DESK, 11, password=None).status == 200
    stage.wait(1.5)
    assert guess(stage, "101", lucky, 1, password=None).status == 200


def test_one_try_too_many_is_answered_like_a_wrong_password_also_with_an_old_nonce() -> None:
    stage = Stage()
    (old,) = stage.hear(register("101", f"sip:101@{STRANGER}", STRANGER, cseq=1), STRANGER)
    stage.wait(3600)
    for number in range(USER_FAILURES_MAX + 1):
        guess(stage, "101", Address(f"10.66.0.{number + 1}", 5060), 0)
    proof = prove(old, "REGISTER", "101")
    (answer,) = stage.hear(register("101", f"sip:101@{STRANGER}", STRANGER, cseq=2, proof=proof), STRANGER)
    assert answer.status == 401
    assert "stale" not in answer.need("WWW-Authenticate")


@pytest.mark.parametrize(
    "place",
    ["224.0.1.75", "255.255.255.255", "[ff02::1]", "[::ffff:224.0.1.75]", str(SWITCH), SWITCH.host, str(CARRIER)],
)
def test_a_contact_at_many_places_or_at_ours_or_at_a_carriers_is_refused(place: str) -> None:
    stage = Stage()
    contact = f"sip:101@{place}"
    (first,) = stage.hear(register("101", contact, DESK, cseq=1), DESK)
    proof = prove(first, "REGISTER", "101")
    assert statuses(stage.hear(register("101", contact, DESK, cseq=2, proof=proof), DESK)) == [403]
    assert not stage.signalling.phones.bindings("101")


@pytest.mark.parametrize("place", [f"{SWITCH.host}:5999", f"{CARRIER.host}:5999"])
def test_a_contact_at_another_port_of_our_host_or_a_carriers_is_a_phone(place: str) -> None:
    stage = Stage()
    stage.register("101", DESK, contact=f"sip:101@{place}")
    assert stage.signalling.phones.bindings("101")


def test_a_phone_has_at_most_five_contacts_and_a_sixth_changes_nothing() -> None:
    stage = Stage()
    for number in range(5):
        place = Address(f"10.0.2.{number + 1}", 5060)
        stage.register("101", place)
    kept = stage.signalling.phones.bindings("101")
    assert len(kept) == 5
    sixth = Address("10.0.2.6", 5060)
    answer = guess(stage, "101", sixth, 0, password=None)
    assert (answer.status or 0) >= 400
    assert stage.signalling.phones.bindings("101") == kept


def test_a_phone_may_still_take_back_all_its_contacts_with_a_star() -> None:
    stage = Stage()
    stage.register("101", DESK)
    star = register("101", "*", DESK, cseq=3, expires_s=0).replace("<*>", "*")
    (first,) = stage.hear(star, DESK)
    proof = prove(first, "REGISTER", "101")
    star = register("101", "*", DESK, cseq=4, expires_s=0, proof=proof).replace("<*>", "*")
    assert statuses(stage.hear(star, DESK)) == [200]
    assert not stage.signalling.phones.bindings("101")


def test_a_phone_is_known_by_its_flow_as_long_as_it_is_registered() -> None:
    stage = Stage()
    flow = Flow("udp", SWITCH, DESK)
    assert not stage.signalling.phones.is_from(flow)
    stage.register("101", DESK, expires_s=600)
    stage.wait(10)
    assert stage.signalling.phones.is_from(flow)
    stage.wait(600)
    assert not stage.signalling.phones.is_from(flow)
