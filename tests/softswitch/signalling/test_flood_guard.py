from __future__ import annotations

import pytest

from sip_stack.flow import Address, Flow
from softswitch.signalling import flood_guard
from softswitch.signalling.flood_guard import (
    FAILURE_WINDOW_S,
    SILENCE_S,
    SOURCE_BURST,
    SOURCE_FAILURES_MAX,
    SOURCE_PER_S,
    STRANGERS_BURST,
    USER_FAILURES_MAX,
    USER_TRY_S,
    FloodGuard,
)

SWITCH = Address("127.0.0.1", 5060)


def flow(host: str, port: int = 5060) -> Flow:
    return Flow("udp", SWITCH, Address(host, port))


FRIEND = flow("127.0.0.2")
STRANGER = flow("127.0.0.66")


def test_the_figures_are_those_that_were_promised() -> None:
    assert (SOURCE_FAILURES_MAX, FAILURE_WINDOW_S, SILENCE_S) == (10, 60, 300)
    assert (USER_FAILURES_MAX, USER_TRY_S) == (30, 1)


def guard() -> FloodGuard:
    return FloodGuard(lambda each: each == FRIEND)


def admitted(guard_: FloodGuard, source: Flow, tries: int, now: float) -> int:
    return sum(guard_.admits(source, now) for _ in range(tries))


def test_a_source_is_heard_up_to_its_burst_and_then_at_its_rate() -> None:
    one = guard()
    assert admitted(one, STRANGER, 3_000, 0.0) == SOURCE_BURST
    assert admitted(one, STRANGER, 3_000, 1.0) == SOURCE_PER_S
    assert admitted(one, flow("127.0.0.67"), 1, 1.0) == 1, "another host has a bucket of its own"


def test_another_port_of_a_host_is_the_same_source() -> None:
    one = guard()
    assert sum(one.admits(flow("127.0.0.66", port), 0.0) for port in range(1, 3_001)) == SOURCE_BURST


def test_all_addresses_of_an_ipv6_network_are_one_source() -> None:
    one = guard()
    near = [flow(f"2001:db8:1:2:{number:x}::1") for number in range(1, 3_001)]
    assert sum(one.admits(each, 0.0) for each in near) == SOURCE_BURST
    assert one.admits(flow("2001:db8:1:3::1"), 0.0), "the next network is another"
    for number in range(SOURCE_FAILURES_MAX):
        one.failed(flow(f"2001:db8:1:4::{number:x}"), f"user-{number}", 0.0)
    assert not one.admits(flow("2001:db8:1:4:ffff::"), 1.0)
    assert one.admits(flow("fe80::1%eth0"), 1.0)


def test_ipv4_addresses_stay_apart_where_a_socket_shows_them_as_ipv6() -> None:
    one = guard()
    assert sum(one.admits(flow("::ffff:192.0.2.1"), 0.0) for _ in range(3_000)) == SOURCE_BURST
    assert one.admits(flow("::ffff:192.0.2.2"), 0.0)
    assert not one.admits(flow("192.0.2.1"), 0.0)


def test_strangers_of_any_number_leave_the_known_their_share() -> None:
    one = guard()
    strangers = [flow(f"127.0.{third}.{fourth}") for third in range(1, 21) for fourth in range(1, 251)]
    assert sum(one.admits(each, 0.0) for each in strangers) == STRANGERS_BURST
    assert admitted(one, FRIEND, 1_000, 0.0) == 1_000


def test_a_host_that_fails_ten_times_within_a_minute_is_not_heard_for_five_minutes() -> None:
    one = guard()
    for number in range(SOURCE_FAILURES_MAX - 1):
        one.failed(STRANGER, f"user-{number}", float(number))
    assert one.admits(STRANGER, 9.0)
    one.failed(STRANGER, "user", 10.0)
    assert not one.admits(STRANGER, 10.0)
    assert not one.admits(STRANGER, 10.0 + SILENCE_S - 0.1)
    assert one.admits(STRANGER, 10.0 + SILENCE_S)


def test_failures_that_are_spread_over_more_than_a_minute_silence_nobody() -> None:
    one = guard()
    step_s = FAILURE_WINDOW_S / (SOURCE_FAILURES_MAX - 1)
    for number in range(40):
        one.failed(STRANGER, f"user-{number}", number * step_s)
    assert one.admits(STRANGER, 40 * step_s)


def test_a_known_flow_is_heard_though_its_host_is_silenced() -> None:
    one = guard()
    for _ in range(SOURCE_FAILURES_MAX):
        one.failed(flow(FRIEND.remote.host, 6060), "user", 0.0)
    assert not one.admits(flow(FRIEND.remote.host, 6060), 1.0)
    assert one.admits(FRIEND, 1.0)


def test_a_user_who_is_guessed_at_from_everywhere_gets_one_try_a_second() -> None:
    one = guard()
    for number in range(USER_FAILURES_MAX):
        assert one.may_try("101", 0.0)
        one.failed(flow(f"127.0.1.{number}"), "101", 0.0)
    assert [one.may_try("101", now) for now in (1.0, 1.5, 1.0 + USER_TRY_S, 2.5)] == [True, False, True, False]
    assert one.may_try("102", 1.5), "no other user pays for it"
    assert all(one.may_try("101", FAILURE_WINDOW_S) for _ in range(3)), "and it is over after a minute"


def test_what_the_guard_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood_guard, "SOURCES_MAX", 20)
    monkeypatch.setattr(flood_guard, "USERS_MAX", 10)
    one = FloodGuard(lambda _: True)
    for number in range(1_000):
        source = flow(f"127.0.{number // 250}.{number % 250}")
        one.admits(source, 0.0)
        for _ in range(SOURCE_FAILURES_MAX):
            one.failed(source, f"user-{number}", 0.0)
        one.admits(source, 0.0)
    assert one.remembered <= 4 * 20 + 10
