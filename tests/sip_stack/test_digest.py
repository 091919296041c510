"""RFC 7616's own example, and what a server must not accept."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip_stack.digest import (
    COUNT_WINDOW,
    NONCE_TTL_S,
    NONCES_IN_USE_MAX,
    Credentials,
    DigestServer,
    Verdict,
    answer_challenge,
    ha1,
    parse_digest,
    prove,
    response_of,
)
from sip_stack.errors import MalformedMessage

REALM = "office.example"
URI = "sip:office.example"


def test_the_examples_of_rfc_7616_section_3_9_1() -> None:
    nonce, cnonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    for algorithm, expected in (
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ):
        secret = ha1("Mufasa", "http-auth@example.org", "Circle of Life", algorithm)
        assert response_of(secret, nonce, "00000001", cnonce, "GET", "/dir/index.html", algorithm) == expected


def _server() -> DigestServer:
    return DigestServer(REALM, b"k" * 32)


def _answer(server: DigestServer, now: float, *, password: str = "secret", count: int = 1, nonce_from: str = "") -> str:
    challenge = nonce_from or server.challenge(now)[0]
    return answer_challenge(
        challenge, username="101", password=password, method="REGISTER", uri=URI, cnonce="c", count=count
    )


def _ha1_of(username: str, algorithm: str) -> str | None:
    return ha1("101", REALM, "secret", algorithm) if username == "101" else None


def test_the_right_password_is_accepted_once_for_each_count() -> None:
    server = _server()
    challenge = server.challenge(0.0)[0]
    first = _answer(server, 0.0, nonce_from=challenge)
    assert server.verify([first], "REGISTER", URI, _ha1_of, 1.0).username == "101"
    assert not server.verify([first], "REGISTER", URI, _ha1_of, 1.0).is_accepted
    third = _answer(server, 0.0, nonce_from=challenge, count=3)
    second = _answer(server, 0.0, nonce_from=challenge, count=2)
    assert server.verify([third], "REGISTER", URI, _ha1_of, 1.0).is_accepted
    assert server.verify([second], "REGISTER", URI, _ha1_of, 1.0).is_accepted, "phones pipeline over UDP"
    assert not server.verify([second], "REGISTER", URI, _ha1_of, 1.0).is_accepted


def test_a_wrong_password_and_an_unknown_user_get_the_same_verdict() -> None:
    server = _server()
    wrong = server.verify([_answer(server, 0.0, password="guess")], "REGISTER", URI, _ha1_of, 0.0)
    unknown = server.verify([_answer(server, 0.0)], "REGISTER", URI, lambda *_: None, 0.0)
    assert wrong == unknown
    assert not wrong.is_accepted


def test_an_old_nonce_is_stale_and_so_is_one_that_is_not_ours_with_the_right_password() -> None:
    """RFC 7616 §3.3: whoever knows the password tries again with the new one, and asks nobody for it."""
    server = _server()
    old = _answer(server, 0.0)
    assert server.verify([old], "REGISTER", URI, _ha1_of, 60.01).is_stale
    assert server.verify([old], "REGISTER", URI, _ha1_of, 60.0).is_accepted
    forged = _answer(server, 0.0, nonce_from=f'Digest realm="{REALM}", nonce="Zm9yZ2Vk", algorithm=MD5, qop="auth"')
    verdict = server.verify([forged], "REGISTER", URI, _ha1_of, 0.0)
    assert verdict.is_stale
    assert not verdict.is_accepted
    guessed = _answer(server, 0.0, nonce_from=forged.replace("Digest ", "Digest algorithm=MD5, "), password="guess")
    verdict = server.verify([guessed], "REGISTER", URI, _ha1_of, 0.0)
    assert (verdict.is_stale, verdict.is_wrong) == (False, True)


def test_an_answer_for_another_method_or_host_is_rejected() -> None:
    server = _server()
    assert not server.verify([_answer(server, 0.0)], "INVITE", URI, _ha1_of, 0.0).is_accepted
    assert not server.verify([_answer(server, 0.0)], "REGISTER", "sip:other.example", _ha1_of, 0.0).is_accepted


def test_quoted_commas_stay_inside_their_value() -> None:
    parsed = parse_digest('Digest username="a, b", realm="r"')
    assert parsed == {"username": "a, b", "realm": "r"}


def _verify(server: DigestServer, authorization: str, now: float = 0.0) -> Verdict:
    return server.verify([authorization], "REGISTER", URI, _ha1_of, now)


def test_a_count_far_ahead_or_far_behind_costs_nothing_and_is_judged() -> None:
    server = _server()
    challenge = server.challenge(0.0)[0]
    assert _verify(server, _answer(server, 0.0, nonce_from=challenge, count=0xFFFFFFFF)).is_accepted
    inside, outside = 0xFFFFFFFF - COUNT_WINDOW + 1, 0xFFFFFFFF - COUNT_WINDOW
    assert _verify(server, _answer(server, 0.0, nonce_from=challenge, count=inside)).is_accepted
    assert _verify(server, _answer(server, 0.0, nonce_from=challenge, count=outside)).is_stale
    assert _verify(server, _answer(server, 0.0, nonce_from=challenge, count=1)).is_stale


def test_count_zero_is_never_accepted() -> None:
    server = _server()
    assert not _verify(server, _answer(server, 0.0, count=0)).is_accepted


@given(st.lists(st.integers(1, 2 * COUNT_WINDOW), max_size=40))
def test_no_count_is_ever_accepted_twice(counts: list[int]) -> None:
    server = _server()
    challenge = server.challenge(0.0)[0]
    taken: list[int] = []
    for count in counts:
        verdict = _verify(server, _answer(server, 0.0, nonce_from=challenge, count=count))
        is_within_window = count > max(taken, default=0) - COUNT_WINDOW
        assert verdict.is_accepted == (count not in taken and is_within_window)
        if verdict.is_accepted:
            taken.append(count)


def test_windows_go_with_their_nonces() -> None:
    server = _server()
    for second in range(5):
        assert _verify(server, _answer(server, float(second)), float(second)).is_accepted
    assert server.nonces_in_use == 5
    much_later = NONCE_TTL_S + 100.0
    assert _verify(server, _answer(server, much_later), much_later).is_accepted
    assert server.nonces_in_use == 1


def test_more_nonces_than_there_is_room_for_make_the_oldest_stale_and_not_repeatable() -> None:
    server = _server()
    first = _answer(server, 0.0)
    assert _verify(server, first).is_accepted
    for _ in range(NONCES_IN_USE_MAX):
        assert _verify(server, _answer(server, 1.0), 1.0).is_accepted
    assert server.nonces_in_use == NONCES_IN_USE_MAX
    assert _verify(server, first, 1.0) == Verdict(is_stale=True)


def test_a_challenge_costs_no_memory() -> None:
    server = _server()
    challenges = {server.challenge(0.0)[0] for _ in range(1000)}
    assert len(challenges) == 1000, "no nonce is given out twice, even at the same moment"
    assert server.nonces_in_use == 0


def test_a_challenge_says_what_is_asked_for() -> None:
    md5, sha = _server().challenge(0.0, algorithms=("MD5", "SHA-256"), is_stale=True)
    asked = parse_digest(md5)
    assert asked is not None
    assert (asked["realm"], asked["qop"], asked["algorithm"], asked["stale"]) == (REALM, "auth", "MD5", "true")
    assert (parse_digest(sha) or {})["algorithm"] == "SHA-256"
    assert "stale" not in _server().challenge(0.0)[0]


def test_sha_256_is_accepted_like_md5() -> None:
    server = _server()
    challenge = server.challenge(0.0, algorithms=("SHA-256",))[0]
    answer = answer_challenge(challenge, username="101", password="secret", method="REGISTER", uri=URI, cnonce="c")
    known = {("101", "SHA-256"): ha1("101", REALM, "secret", "SHA-256")}
    verdict = server.verify([answer], "REGISTER", URI, lambda *asked: known.get(asked), 0.0)
    assert verdict.username == "101"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("qop=auth", "qop=auth-int"),
        (", qop=auth", ""),
        ("nc=00000001", "nc=1"),
        ("nc=00000001", "nc=+0000001"),
        ("nc=00000001", "nc=0000000²"),
        ('cnonce="c"', 'cnonce=""'),
        ("algorithm=MD5", "algorithm=MD4"),
        (f'realm="{REALM}"', 'realm="other"'),
        ("Digest ", "Basic "),
        ('response="', 'response="²'),
        ('nonce="', 'nonce="²'),
        ('nonce="', 'nonce="!'),
    ],
)
def test_an_answer_that_says_something_else_is_rejected(old: str, new: str) -> None:
    server = _server()
    answer = _answer(server, 0.0)
    assert old in answer
    assert _verify(server, answer.replace(old, new, 1)) == Verdict()
    assert _verify(server, answer).is_accepted, "and the answer as it was still counts"


def test_a_nonce_of_the_process_before_is_stale() -> None:
    """After a restart telephones go on with the nonce that they have, and their users are not asked for a password."""
    before = DigestServer(REALM, b"x" * 32)
    assert _verify(_server(), _answer(before, 0.0)) == Verdict(is_stale=True, tried="101")


def test_without_authorization_there_is_no_verdict_for_anybody() -> None:
    assert _server().verify([], "REGISTER", URI, _ha1_of, 0.0) == Verdict()


def test_parameters_and_port_in_the_digests_uri_do_not_matter() -> None:
    server = _server()
    challenge = server.challenge(0.0)[0]
    answer = answer_challenge(
        challenge, username="101", password="secret", method="REGISTER", uri=URI + ";transport=udp", cnonce="c"
    )
    assert server.verify([answer], "REGISTER", URI + ":5060", _ha1_of, 0.0).is_accepted


def test_a_name_with_quotes_survives_the_way_to_the_server() -> None:
    server, name = _server(), 'a"b\\c, d'
    answer = answer_challenge(
        server.challenge(0.0)[0], username=name, password="p", method="REGISTER", uri=URI, cnonce="c"
    )
    known = {name: ha1(name, REALM, "p")}
    assert server.verify([answer], "REGISTER", URI, lambda user, _: known.get(user), 0.0).username == name


@pytest.mark.parametrize(
    "challenge",
    [
        'Basic realm="x"',
        'Digest realm="x", qop="auth"',
        'Digest nonce="x", qop="auth"',
        'Digest realm="x", nonce="y", qop="auth-int"',
        'Digest realm="x", nonce="y", qop="auth", algorithm=SHA-512-256',
    ],
)
def test_a_challenge_that_we_do_not_speak_is_refused(challenge: str) -> None:
    with pytest.raises(MalformedMessage):
        answer_challenge(challenge, username="101", password="p", method="REGISTER", uri=URI, cnonce="c")


def test_opaque_goes_back_as_it_came() -> None:
    challenge = 'Digest realm="x", nonce="y", qop="auth,auth-int", opaque="z"'
    answer = answer_challenge(challenge, username="101", password="p", method="REGISTER", uri=URI, cnonce="c")
    assert (parse_digest(answer) or {})["opaque"] == "z"


@given(st.text(max_size=100))
def test_any_authorization_is_judged(text: str) -> None:
    server = _server()
    for value in (text, "Digest " + text, _answer(server, 0.0).replace('uri="', f'uri="{text}')):
        assert not (_verify(server, value).is_accepted and text)


@pytest.mark.parametrize("name", ["uri", "response"])
def test_a_backslash_is_no_escape_where_there_is_no_quoted_string(name: str) -> None:
    """RFC 3261 §25.1: digest-uri-value and request-digest stand between quotes, but are no quoted-string."""
    server = _server()
    answer = _answer(server, 0.0)
    assert not _verify(server, answer.replace(f'{name}="', f'{name}="\\', 1)).is_accepted
    assert _verify(server, answer).is_accepted


def test_a_nonce_written_in_another_way_is_not_ours() -> None:
    """Base64 readers skip strange characters; if this one did, every spelling would have counts of its own."""
    server = _server()
    respelt = server.challenge(0.0)[0].replace('nonce="', 'nonce="!!!!')
    assert _verify(server, _answer(server, 0.0, nonce_from=respelt)) == Verdict(is_stale=True, tried="101")


# Clients of RFC 2069, which know no qop (RFC 3261 §22.4, point 8).


def _without_qop(server: DigestServer, password: str = "secret") -> str:
    nonce = (parse_digest(server.challenge(0.0)[0]) or {})["nonce"]
    a1 = hashlib.md5(f"101:{REALM}:{password}".encode()).hexdigest()
    a2 = hashlib.md5(f"REGISTER:{URI}".encode()).hexdigest()
    response = hashlib.md5(f"{a1}:{nonce}:{a2}".encode()).hexdigest()
    return f'Digest username="101", realm="{REALM}", nonce="{nonce}", uri="{URI}", response="{response}"'


def test_an_answer_without_qop_is_accepted_once() -> None:
    server = _server()
    answer = _without_qop(server)
    assert _verify(server, answer).username == "101"
    assert _verify(server, answer) == Verdict(is_stale=True), "whoever overheard it cannot use it again"


def test_an_answer_without_qop_and_with_the_wrong_password_is_rejected() -> None:
    server = _server()
    assert _verify(server, _without_qop(server, "guess")) == Verdict()


@pytest.mark.parametrize("added", [', cnonce="c"', ", nc=00000001", ", qop=auth"])
def test_half_of_a_qop_is_rejected(added: str) -> None:
    server = _server()
    assert _verify(server, _without_qop(server) + added) == Verdict()


# As a client.


OURS = Credentials("office", "carrier-secret", "carrier.example")


def _asked(realm: str, algorithm: str) -> str:
    return DigestServer(realm, b"key").challenge(0.0, algorithms=(algorithm,))[0]


def _proof(*challenges: str) -> str | None:
    return prove(challenges, OURS, method="INVITE", uri="sip:+4670@192.0.2.9", cnonce="c")


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_a_proof_is_accepted_by_whoever_knows_the_password(algorithm: str) -> None:
    server = DigestServer("carrier.example", b"key")
    proof = _proof(server.challenge(0.0, algorithms=(algorithm,))[0])
    assert proof is not None
    secret = ha1("office", "carrier.example", "carrier-secret", algorithm)
    assert server.verify([proof], "INVITE", "sip:+4670@192.0.2.9", lambda *_: secret, 0.0).username == "office"


def test_the_stronger_of_two_algorithms_is_answered() -> None:
    proof = _proof(_asked("carrier.example", "MD5"), _asked("carrier.example", "SHA-256"))
    assert (parse_digest(proof or "") or {})["algorithm"] == "SHA-256"


@pytest.mark.parametrize(
    "challenge",
    [_asked("elsewhere.example", "MD5"), _asked("Carrier.example", "MD5"), "Basic realm=carrier.example", ""],
)
def test_a_challenge_of_another_realm_or_kind_gets_no_proof(challenge: str) -> None:
    assert _proof(challenge) is None


def test_a_password_is_not_in_the_repr_of_its_credentials() -> None:
    assert "carrier-secret" not in repr(OURS)


def test_a_challenge_without_qop_is_answered_as_rfc_2069_has_it() -> None:
    """H(H(A1) ":" nonce ":" H(A2)), §2.1.2 there, and neither count nor cnonce."""
    answer = answer_challenge(
        'Digest realm="x", nonce="y"', username="office", password="secret", method="REGISTER", uri="sip:x", cnonce="c"
    )
    a1, a2 = (hashlib.md5(text.encode()).hexdigest() for text in ("office:x:secret", "REGISTER:sip:x"))
    said = parse_digest(answer)
    assert said is not None
    assert said["response"] == hashlib.md5(f"{a1}:y:{a2}".encode()).hexdigest()
    assert said.keys().isdisjoint({"qop", "nc", "cnonce"})
