"""RFC 7616's own example, and what a server must not accept."""

from sip_stack.digest import DigestServer, answer_challenge, ha1, parse_digest, response_of

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


def test_an_old_nonce_is_stale_and_a_forged_one_is_not() -> None:
    server = _server()
    old = _answer(server, 0.0)
    assert server.verify([old], "REGISTER", URI, _ha1_of, 61.0).is_stale
    forged = _answer(server, 0.0, nonce_from=f'Digest realm="{REALM}", nonce="Zm9yZ2Vk", algorithm=MD5, qop="auth"')
    verdict = server.verify([forged], "REGISTER", URI, _ha1_of, 0.0)
    assert not verdict.is_stale
    assert not verdict.is_accepted


def test_an_answer_for_another_method_or_host_is_rejected() -> None:
    server = _server()
    assert not server.verify([_answer(server, 0.0)], "INVITE", URI, _ha1_of, 0.0).is_accepted
    assert not server.verify([_answer(server, 0.0)], "REGISTER", "sip:other.example", _ha1_of, 0.0).is_accepted


def test_quoted_commas_stay_inside_their_value() -> None:
    parsed = parse_digest('Digest username="a, b", realm="r"')
    assert parsed == {"username": "a, b", "realm": "r"}
