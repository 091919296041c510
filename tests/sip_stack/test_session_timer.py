"""What two sides agree on as a session's interval (RFC 4028 §7–9)."""

from __future__ import annotations

import pytest

from sip_stack import session_timer
from sip_stack.errors import MalformedMessage
from sip_stack.message import Headers, Request, Response
from sip_stack.session_timer import Expires, SessionTimer


def invite(*headers: tuple[str, str]) -> Request:
    return Request("INVITE", "sip:bob@example.org", Headers(headers))


def ok(*headers: tuple[str, str]) -> Response:
    return Response(200, "OK", Headers(headers))


@pytest.mark.parametrize(
    ("text", "expires"),
    [
        ("1800", Expires(1800, None)),
        ("1800;refresher=uac", Expires(1800, "uac")),
        (" 90 ; refresher=UAS", Expires(90, "uas")),
        ("1800;refresher=proxy", Expires(1800, None)),
        ("4294967295", Expires(session_timer.INTERVAL_S_MAX, None)),
    ],
)
def test_session_expires_is_read(text: str, expires: Expires) -> None:
    assert Expires.parse(text) == expires


@pytest.mark.parametrize("text", ["", "soon", "-1", ";refresher=uac", "18 00"])
def test_a_session_expires_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        Expires.parse(text)


@pytest.mark.parametrize(
    ("headers", "timer", "said"),
    [
        ((), None, {}),
        ((("Supported", "timer"),), None, {}),
        (
            (("Supported", "timer"), ("Session-Expires", "600")),
            SessionTimer(600, is_ours=False),
            {"Session-Expires": "600;refresher=uac", "Require": "timer"},
        ),
        (
            (("Supported", "100rel, timer"), ("Session-Expires", "600;refresher=uas")),
            SessionTimer(600, is_ours=True),
            {"Session-Expires": "600;refresher=uas", "Supported": "timer"},
        ),
        (
            (("Session-Expires", "600;refresher=uac"),),
            SessionTimer(600, is_ours=True),
            {"Session-Expires": "600;refresher=uas"},
        ),
        (
            (("Session-Expires", "30"),),
            SessionTimer(session_timer.INTERVAL_S_MIN, is_ours=True),
            {"Session-Expires": "90;refresher=uas"},
        ),
    ],
)
def test_the_called_side_keeps_the_interval_and_names_who_refreshes(
    headers: tuple[tuple[str, str], ...], timer: SessionTimer | None, said: dict[str, str]
) -> None:
    """§9 with its table 2: a caller that knows no timers cannot refresh."""
    decided, told = session_timer.answer(invite(*headers))
    assert decided == timer
    assert dict(told) == said


@pytest.mark.parametrize(
    ("headers", "is_too_short"),
    [
        ((("Supported", "timer"), ("Session-Expires", "89")), True),
        ((("Supported", "timer"), ("Session-Expires", "90")), False),
        ((("Session-Expires", "89"),), False),
        ((("Supported", "timer"),), False),
    ],
)
def test_only_who_can_ask_again_is_refused_for_a_short_interval(
    headers: tuple[tuple[str, str], ...], *, is_too_short: bool
) -> None:
    assert session_timer.is_too_short(invite(*headers)) == is_too_short


@pytest.mark.parametrize(
    ("headers", "timer"),
    [
        ((), None),
        ((("Session-Expires", "1800;refresher=uac"),), SessionTimer(1800, is_ours=True)),
        ((("Session-Expires", "1800;refresher=uas"),), SessionTimer(1800, is_ours=False)),
        ((("x", "1200;refresher=uas"),), SessionTimer(1200, is_ours=False)),
        ((("Session-Expires", "1800"),), SessionTimer(1800, is_ours=True)),
    ],
)
def test_the_calling_side_goes_by_the_answer(headers: tuple[tuple[str, str], ...], timer: SessionTimer | None) -> None:
    assert session_timer.agreed(ok(*headers)) == timer


@pytest.mark.parametrize(
    ("interval_s", "end_s"), [(1800, 1768.0), (96, 64.0), (90, 60.0)], ids=["32 s early", "as early", "a third early"]
)
def test_the_session_ends_a_little_before_the_interval(interval_s: int, end_s: float) -> None:
    """§10: by the smaller of 32 s and a third of the interval."""
    assert SessionTimer(interval_s, is_ours=False).end_s == end_s


@pytest.mark.parametrize(
    ("least", "longer_s"), [("1200", 1200), ("1200;x=y", 1200), ("90", None), ("", None), ("long", None), (None, None)]
)
def test_a_422_asks_for_a_longer_interval(least: str | None, longer_s: int | None) -> None:
    headers = () if least is None else (("Min-SE", least),)
    assert session_timer.longer_s(Response(422, "", Headers(headers))) == longer_s
