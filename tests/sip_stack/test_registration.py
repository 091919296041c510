"""REGISTER as a client (RFC 3261 §10.2): the binding comes, is kept, is lost and comes back."""

from __future__ import annotations

import pytest

from sip_stack.digest import Credentials, DigestServer, ha1
from sip_stack.message import Headers, Response
from sip_stack.registration import (
    AFTER_FAULT,
    AFTER_REFUSAL,
    EXPIRES_S,
    Account,
    Registration,
    RegistrationDown,
    RegistrationUp,
)
from sip_stack.standing import RequestWanted
from sip_stack.uri import SipUri
from tests.counted_tokens import CountedTokens

ADDRESS = SipUri.parse("sip:office@carrier.example")
CONTACT = SipUri.parse("sip:office@192.0.2.7:5060")
CREDENTIALS = Credentials("office", "secret-9", "carrier.example")
OTHERS = '"Other" <sip:office@198.51.100.9:5060>;expires=7'


class Carrier:
    """A registration on a clock of its own, with the test as its registrar."""

    def __init__(self, credentials: Credentials | None = CREDENTIALS) -> None:
        self.now = 100.0
        self.registration = Registration("carrier", Account(ADDRESS, CONTACT, credentials), CountedTokens())
        self.asked: list[RequestWanted] = []
        self.told: list[RegistrationUp | RegistrationDown] = []
        self.registration.start()
        self._collect()

    @property
    def latest(self) -> RequestWanted:
        return self.asked[-1]

    def answer(self, status: int | None, *headers: tuple[str, str]) -> None:
        response = None if status is None else Response(status, headers=Headers(list(headers)))
        self.registration.take_response(self.latest.request_id, response, self.now)
        self._collect()

    def grant(self, expires_s: int) -> None:
        self.answer(200, ("Contact", OTHERS), ("Contact", f"<{CONTACT}>;expires={expires_s}"))

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while (deadline := self.registration.next_deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.registration.handle_timeout(self.now)
            self._collect()
        self.now = until

    def _collect(self) -> None:
        for output in self.registration.drain():
            if isinstance(output, RequestWanted):
                self.asked.append(output)
            else:
                self.told.append(output)


def header(request: RequestWanted, name: str) -> str:
    return dict(request.headers)[name]


def test_the_first_register_names_who_we_are_and_where() -> None:
    carrier = Carrier()
    (request,) = carrier.asked
    assert (request.method, str(request.target)) == ("REGISTER", "sip:carrier.example")
    assert str(request.from_.uri) == str(request.to.uri) == "sip:office@carrier.example"
    assert header(request, "Contact") == f"<sip:office@192.0.2.7:5060>;expires={EXPIRES_S}"
    assert request.cseq == 1


def test_what_counts_is_granted_to_our_contact_not_to_others() -> None:
    carrier = Carrier()
    carrier.grant(120)
    assert carrier.told == [RegistrationUp("carrier", 220.0)]


def test_without_a_time_of_its_own_the_contact_has_that_of_expires() -> None:
    carrier = Carrier()
    carrier.answer(200, ("Contact", f"<{CONTACT}>"), ("Expires", "90"))
    assert carrier.told == [RegistrationUp("carrier", 190.0)]


def test_a_200_without_our_contact_is_no_registration() -> None:
    carrier = Carrier()
    carrier.answer(200, ("Contact", OTHERS))
    (down,) = carrier.told
    assert isinstance(down, RegistrationDown)


def test_the_binding_is_refreshed_in_time_with_one_call_id_and_rising_cseq() -> None:
    """§10.2.4."""
    carrier = Carrier()
    carrier.grant(100)
    carrier.wait(74.9)
    assert len(carrier.asked) == 1
    carrier.wait(0.2)
    first, second = carrier.asked
    assert (second.call_id, second.cseq) == (first.call_id, 2)
    carrier.grant(100)
    assert carrier.told[-1] == RegistrationUp("carrier", carrier.now + 100)


@pytest.mark.parametrize(("status", "asks", "answers"), [
    (401, "WWW-Authenticate", "Authorization"), (407, "Proxy-Authenticate", "Proxy-Authorization"),
])  # fmt: skip
def test_a_challenge_is_answered_so_that_the_server_accepts_it(status: int, asks: str, answers: str) -> None:
    server = DigestServer("carrier.example", b"key")
    carrier = Carrier()
    (challenge,) = server.challenge(carrier.now)
    carrier.answer(status, (asks, challenge))
    verdict = server.verify(
        [header(carrier.latest, answers)],
        "REGISTER",
        str(carrier.latest.target),
        lambda user, algorithm: ha1(user, "carrier.example", "secret-9", algorithm) if user == "office" else None,
        carrier.now,
    )
    assert verdict.username == "office"
    assert carrier.latest.cseq == 2
    carrier.grant(60)
    assert carrier.registration.is_up


def test_a_second_challenge_is_a_wrong_password_unless_the_nonce_was_stale() -> None:
    server = DigestServer("carrier.example", b"key")
    carrier = Carrier()
    carrier.answer(401, ("WWW-Authenticate", server.challenge(carrier.now)[0]))
    carrier.answer(401, ("WWW-Authenticate", server.challenge(carrier.now, is_stale=True)[0]))
    assert len(carrier.asked) == 3
    carrier.answer(401, ("WWW-Authenticate", server.challenge(carrier.now)[0]))
    assert len(carrier.asked) == 3
    (down,) = carrier.told
    assert isinstance(down, RegistrationDown)
    assert down.status == 401
    assert down.again_at >= carrier.now + AFTER_REFUSAL.first_s / 2


@pytest.mark.parametrize("credentials", [None, Credentials("office", "secret-9", "another.example")])
def test_a_challenge_that_is_not_for_us_is_not_answered(credentials: Credentials | None) -> None:
    carrier = Carrier(credentials)
    carrier.answer(401, ("WWW-Authenticate", DigestServer("carrier.example", b"key").challenge(0.0)[0]))
    assert len(carrier.asked) == 1


def test_a_registrar_that_wants_longer_times_gets_them() -> None:
    """§10.2.8."""
    carrier = Carrier()
    carrier.answer(423, ("Min-Expires", "1800"))
    assert header(carrier.latest, "Contact").endswith(";expires=1800")
    carrier.grant(1800)
    carrier.wait(1800 * 0.76)
    assert header(carrier.latest, "Contact").endswith(";expires=1800"), "it is remembered"


@pytest.mark.parametrize("least", ["0", "600", "99999999", "soon", ""])
def test_a_423_that_makes_no_sense_is_a_refusal(least: str) -> None:
    carrier = Carrier()
    carrier.answer(423, ("Min-Expires", least))
    assert len(carrier.asked) == 1
    assert isinstance(carrier.told[-1], RegistrationDown)


@pytest.mark.parametrize(("status", "first_s"), [
    (None, AFTER_FAULT.first_s), (408, AFTER_FAULT.first_s), (503, AFTER_FAULT.first_s), (500, AFTER_FAULT.first_s),
    (403, AFTER_REFUSAL.first_s), (404, AFTER_REFUSAL.first_s), (603, AFTER_REFUSAL.first_s),
])  # fmt: skip
def test_faults_are_tried_again_soon_and_refusals_late(status: int | None, first_s: float) -> None:
    carrier = Carrier()
    carrier.answer(status)
    (down,) = carrier.told
    assert isinstance(down, RegistrationDown)
    assert first_s / 2 <= down.again_at - carrier.now <= first_s
    assert down.status == (status or 408)
    carrier.wait(first_s)
    assert len(carrier.asked) == 2


def test_faults_in_a_row_are_tried_less_and_less_often() -> None:
    carrier = Carrier()
    for _ in range(12):
        carrier.answer(503)
        carrier.wait(AFTER_FAULT.most_s)
    waits = [down.again_at for down in carrier.told if isinstance(down, RegistrationDown)]
    assert len(waits) == 12
    last = carrier.told[-1]
    assert isinstance(last, RegistrationDown)
    assert last.again_at - (carrier.now - AFTER_FAULT.most_s) >= AFTER_FAULT.most_s / 2


def test_retry_after_is_heeded() -> None:
    carrier = Carrier()
    carrier.answer(503, ("Retry-After", "120"))
    carrier.wait(119)
    assert len(carrier.asked) == 1
    carrier.wait(2)
    assert len(carrier.asked) == 2


def test_a_refresh_that_fails_costs_nothing_while_the_binding_lasts() -> None:
    carrier = Carrier()
    carrier.grant(100)
    carrier.wait(75)
    carrier.answer(None)
    assert carrier.registration.is_up
    assert [type(told) for told in carrier.told] == [RegistrationUp]
    carrier.wait(6)
    carrier.grant(100)
    assert carrier.registration.is_up


def test_a_binding_whose_time_is_over_is_told_of() -> None:
    carrier = Carrier()
    carrier.grant(100)
    carrier.wait(75)
    carrier.answer(None)
    carrier.wait(30)
    assert isinstance(carrier.told[-1], RegistrationDown)
    assert not carrier.registration.is_up


def test_a_refused_refresh_is_told_of_at_once() -> None:
    carrier = Carrier()
    carrier.grant(100)
    carrier.wait(75)
    carrier.answer(403)
    assert isinstance(carrier.told[-1], RegistrationDown)


def test_an_answer_to_an_older_request_changes_nothing() -> None:
    carrier = Carrier()
    first = carrier.latest
    carrier.answer(503)
    carrier.wait(5)
    carrier.registration.take_response(first.request_id, Response(403), carrier.now)
    carrier.grant(60)
    assert carrier.registration.is_up


def test_the_binding_is_taken_back_at_the_end_and_nothing_follows() -> None:
    carrier = Carrier()
    carrier.grant(100)
    carrier.registration.stop()
    carrier._collect()
    assert header(carrier.latest, "Contact").endswith(";expires=0")
    assert carrier.latest.cseq == 2
    carrier.answer(None)
    carrier.wait(1000)
    assert len(carrier.asked) == 2
