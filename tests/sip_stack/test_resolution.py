"""RFC 3263 §4, with the zones that its own §4 and RFC 2782 draw."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip_stack import resolution
from sip_stack.flow import Transport
from sip_stack.resolution import (
    CACHED_ANSWERS_MAX,
    HOPS_MAX,
    NO_ANSWER_TTL_S,
    NOBODY_ANSWERED,
    STALE_S_MAX,
    TTL_S_MAX,
    TTL_S_MIN,
    DnsAnswer,
    DnsCache,
    Kind,
    Naptr,
    Question,
    Resolution,
    Srv,
    order_srvs,
)
from sip_stack.uri import SipUri

Zone = Mapping[str, DnsAnswer]
NOTHING = DnsAnswer(ttl_s=60)
ROUNDS_MAX = 10


def at(*addresses: str) -> DnsAnswer:
    return DnsAnswer(addresses=addresses, ttl_s=60)


def served(*records: tuple[int, int, int, str]) -> DnsAnswer:
    return DnsAnswer(srvs=tuple(Srv(*record) for record in records), ttl_s=60)


def offering(*records: tuple[int, int, str, str]) -> DnsAnswer:
    return DnsAnswer(
        naptrs=tuple(Naptr(order, preference, "s", service, to) for order, preference, service, to in records), ttl_s=60
    )


def first_of(most: int) -> int:
    """No chance at all."""
    del most
    return 0


EXAMPLE_COM: Zone = {
    # RFC 3263 §4.1 and §4.2
    "NAPTR example.com": offering(
        (50, 50, "SIPS+D2T", "_sips._tcp.example.com"),
        (90, 50, "SIP+D2T", "_sip._tcp.example.com"),
        (100, 50, "SIP+D2U", "_sip._udp.example.com"),
    ),
    "SRV _sips._tcp.example.com": served((0, 1, 5061, "secure.example.com")),
    "SRV _sip._tcp.example.com": served((0, 1, 5060, "server1.example.com"), (0, 2, 5060, "server2.example.com")),
    "SRV _sip._udp.example.com": served((0, 1, 5070, "server1.example.com")),
    "A server1.example.com": at("192.0.2.1"),
    "A server2.example.com": at("192.0.2.2", "192.0.2.3"),
    "A secure.example.com": at("192.0.2.4"),
    "AAAA secure.example.com": at("2001:db8::4"),
    "A example.com": at("192.0.2.9"),
}


class Walk:
    """A URI's resolution by a zone, with what was asked in each round."""

    def __init__(
        self,
        uri: str,
        zone: Zone,
        transports: Sequence[Transport] = ("udp", "tcp", "tls"),
        kinds: Sequence[str] = ("A",),
    ) -> None:
        self.rounds: list[list[str]] = []
        kinds_: list[Kind] = [kind for kind in ("A", "AAAA") if kind in kinds]
        resolution_ = Resolution(SipUri.parse(uri), draw=first_of, transports=transports, kinds=kinds_)  # type: ignore[arg-type]  # only A and AAAA
        while not resolution_.is_done:
            asked = resolution_.questions
            self.rounds.append([f"{each.kind} {each.name}" for each in asked])
            assert len(self.rounds) < ROUNDS_MAX
            for question in asked:
                resolution_.answered(question, zone.get(f"{question.kind} {question.name}", NOTHING))
        self.hops = resolution_.hops
        self.places = [f"{hop.transport} {hop.address}" for hop in self.hops]


# What the URI says by itself.


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("sip:192.0.2.1", "udp 192.0.2.1:5060"),
        ("sips:192.0.2.1", "tls 192.0.2.1:5061"),
        ("sip:192.0.2.1:5090", "udp 192.0.2.1:5090"),
        ("sip:192.0.2.1;transport=tcp", "tcp 192.0.2.1:5060"),
        ("sip:192.0.2.1;transport=TLS", "tls 192.0.2.1:5061"),
        ("sips:192.0.2.1:5090;transport=tcp", "tls 192.0.2.1:5090"),
        ("sip:[2001:db8::1]", "udp [2001:db8::1]:5060"),
        ("sip:alice@example.com;maddr=192.0.2.7", "udp 192.0.2.7:5060"),
        ("sip:alice@example.com:5090;maddr=192.0.2.7", "udp 192.0.2.7:5090"),
    ],
)
def test_a_number_needs_no_dns(uri: str, place: str) -> None:
    walk = Walk(uri, {})
    assert (walk.rounds, walk.places) == ([], [place])


@pytest.mark.parametrize(
    ("uri", "transports"),
    [
        ("sips:192.0.2.1;transport=udp", ("udp", "tcp", "tls")),
        ("sips:example.com", ("udp", "tcp")),
        ("sip:example.com;transport=tcp", ("udp",)),
        ("sip:example.com;transport=sctp", ("udp", "tcp", "tls")),
        ("sip:example.com;transport=ws", ("udp", "tcp", "tls")),
        ("tel:+46850010000", ("udp", "tcp", "tls")),
    ],
)
def test_what_we_cannot_send_by_leads_nowhere_and_asks_nobody(uri: str, transports: Sequence[Transport]) -> None:
    walk = Walk(uri, EXAMPLE_COM, transports)
    assert (walk.rounds, walk.places) == ([], [])


def test_a_name_with_a_port_needs_addresses_only() -> None:
    walk = Walk("sip:example.com:5090", EXAMPLE_COM)
    assert walk.rounds == [["A example.com"]]
    assert walk.places == ["udp 192.0.2.9:5090"]
    assert Walk("sips:example.com:5090", EXAMPLE_COM).places == ["tls 192.0.2.9:5090"]


def test_a_name_with_a_transport_needs_no_naptr() -> None:
    walk = Walk("sip:example.com;transport=tcp", EXAMPLE_COM)
    assert walk.rounds == [["SRV _sip._tcp.example.com"], ["A server1.example.com", "A server2.example.com"]]
    assert walk.places == ["tcp 192.0.2.1:5060", "tcp 192.0.2.2:5060", "tcp 192.0.2.3:5060"]


def test_tls_as_a_transport_of_a_sip_uri_is_looked_up_as_a_service_of_sips() -> None:
    assert Walk("sip:example.com;transport=tls", EXAMPLE_COM).rounds[0] == ["SRV _sips._tcp.example.com"]


def test_maddr_is_looked_up_and_the_name_that_tls_must_prove_is_the_uris() -> None:
    walk = Walk("sips:shop.example;maddr=example.com", EXAMPLE_COM)
    assert walk.rounds[0] == ["NAPTR example.com"]
    assert {hop.server_name for hop in walk.hops} == {"shop.example"}


# NAPTR.


def test_naptr_chooses_the_transport_and_srv_the_port_and_the_hosts() -> None:
    walk = Walk("sip:example.com", EXAMPLE_COM, ("udp", "tcp"))
    assert walk.rounds[:2] == [["NAPTR example.com"], ["SRV _sip._tcp.example.com"]]
    assert walk.places == ["tcp 192.0.2.1:5060", "tcp 192.0.2.2:5060", "tcp 192.0.2.3:5060"]


def test_where_we_can_tls_what_the_domain_prefers_is_taken() -> None:
    assert Walk("sip:example.com", EXAMPLE_COM).places == ["tls 192.0.2.4:5061"]


def test_what_we_cannot_is_passed_over_whatever_its_order() -> None:
    assert Walk("sip:example.com", EXAMPLE_COM, ("udp",)).places == ["udp 192.0.2.1:5070"]


def test_sips_takes_no_service_that_is_not_secure() -> None:
    insecure = {**EXAMPLE_COM, "NAPTR example.com": offering((1, 1, "SIP+D2T", "_sip._tcp.example.com"))}
    walk = Walk("sips:example.com", insecure)
    assert walk.rounds[1] == ["SRV _sips._tcp.example.com"]
    assert walk.places == ["tls 192.0.2.4:5061"]


def test_services_of_one_order_follow_one_another_by_preference() -> None:
    zone = {
        **EXAMPLE_COM,
        "NAPTR example.com": offering(
            (10, 20, "SIP+D2U", "_sip._udp.example.com"),
            (10, 10, "sip+d2t", "_sip._tcp.example.com"),
            (20, 1, "SIPS+D2T", "_sips._tcp.example.com"),
        ),
    }
    walk = Walk("sip:example.com", zone)
    assert walk.rounds[1] == ["SRV _sip._tcp.example.com", "SRV _sip._udp.example.com"]
    assert walk.places == [
        "tcp 192.0.2.1:5060", "tcp 192.0.2.2:5060", "tcp 192.0.2.3:5060", "udp 192.0.2.1:5070",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "record",
    [
        Naptr(1, 1, "u", "SIP+D2U", "_sip._udp.example.com"),
        Naptr(1, 1, "s", "SIP+D2U", ""),
        Naptr(1, 1, "s", "E2U+sip", "_sip._udp.example.com"),
        Naptr(1, 1, "s", "SIP+D2S", "_sip._sctp.example.com"),
    ],
)
def test_a_naptr_that_is_no_sip_service_of_ours_is_as_none(record: Naptr) -> None:
    zone = {**EXAMPLE_COM, "NAPTR example.com": DnsAnswer(naptrs=(record,))}
    assert Walk("sip:example.com", zone, ("udp", "tcp")).rounds[1] == [
        "SRV _sip._udp.example.com", "SRV _sip._tcp.example.com",
    ]  # fmt: skip


def test_a_service_may_be_anywhere() -> None:
    zone = {
        "NAPTR example.com": offering((1, 1, "SIP+D2U", "sip.hosting.example")),
        "SRV sip.hosting.example": served((0, 0, 5999, "a.hosting.example")),
        "A a.hosting.example": at("198.51.100.1"),
    }
    assert Walk("sip:example.com", zone).places == ["udp 198.51.100.1:5999"]


# Without NAPTR, without SRV, without anything.


def test_without_naptr_every_transport_is_asked_for_in_our_order() -> None:
    zone = {name: answer for name, answer in EXAMPLE_COM.items() if not name.startswith("NAPTR")}
    walk = Walk("sip:example.com", zone, ("tcp", "udp"))
    assert walk.rounds[1] == ["SRV _sip._tcp.example.com", "SRV _sip._udp.example.com"]
    assert walk.places[-1] == "udp 192.0.2.1:5070"
    assert Walk("sips:example.com", zone).rounds[1] == ["SRV _sips._tcp.example.com"]


def test_without_srv_the_name_itself_is_the_host_by_udp_or_for_sips_by_tls() -> None:
    zone = {"A example.com": at("192.0.2.9")}
    assert Walk("sip:example.com", zone).places == ["udp 192.0.2.9:5060"]
    assert Walk("sip:example.com", zone, ("tcp",)).places == ["tcp 192.0.2.9:5060"]
    assert Walk("sips:example.com", zone).places == ["tls 192.0.2.9:5061"]
    assert Walk("sip:example.com;transport=tcp", zone).places == ["tcp 192.0.2.9:5060"]


def test_a_domain_that_offers_tls_alone_is_not_sent_to_in_the_clear_when_its_srv_is_missing() -> None:
    zone = {
        "NAPTR example.com": offering((1, 1, "SIPS+D2T", "_sips._tcp.example.com")),
        "A example.com": at("192.0.2.9"),
    }
    assert Walk("sip:example.com", zone).places == ["tls 192.0.2.9:5061"]


def test_a_root_as_srv_target_says_that_there_is_no_such_service() -> None:
    zone = {"SRV _sip._udp.example.com": served((0, 0, 0, "")), "A example.com": at("192.0.2.9")}
    assert Walk("sip:example.com", zone).places == []


def test_a_name_without_addresses_leads_nowhere() -> None:
    assert Walk("sip:example.com", {}).places == []


def test_nobody_who_answers_is_as_no_record_for_the_walk() -> None:
    zone = {"NAPTR example.com": NOBODY_ANSWERED, "A example.com": at("192.0.2.9")}
    assert Walk("sip:example.com", zone).places == ["udp 192.0.2.9:5060"]


def test_both_address_families_are_asked_for_at_once_and_the_first_is_preferred() -> None:
    walk = Walk("sips:example.com", EXAMPLE_COM, kinds=("A", "AAAA"))
    assert walk.rounds[-1] == ["A secure.example.com", "AAAA secure.example.com"]
    assert walk.places == ["tls 192.0.2.4:5061", "tls [2001:db8::4]:5061"]


def test_an_answer_to_nothing_that_was_asked_changes_nothing() -> None:
    walk = Resolution(SipUri.parse("sip:example.com"), draw=first_of)
    walk.answered(Question("A", "example.com"), at("192.0.2.66"))
    assert walk.questions == (Question("NAPTR", "example.com"),)


# The order of SRV records (RFC 2782).


def test_the_lowest_priority_comes_first_whatever_its_weight() -> None:
    one, two, three = Srv(10, 0, 1, "a"), Srv(20, 100, 2, "b"), Srv(30, 5, 3, "c")
    assert order_srvs([three, two, one], first_of) == (one, two, three)


def test_of_one_priority_each_comes_first_in_proportion_to_its_weight() -> None:
    records = [Srv(1, 60, 1, "a"), Srv(1, 20, 2, "b"), Srv(1, 10, 3, "c"), Srv(1, 10, 4, "d"), Srv(1, 0, 5, "e")]
    seeded = random.Random(7)
    runs = 20_000
    firsts = Counter(order_srvs(records, lambda most: seeded.randint(0, most))[0].target for _ in range(runs))
    for record in records:
        # Drawn from 0 to the sum, both included, as RFC 2782 has it: 0 goes to whoever has no weight.
        expected = (record.weight or 1) / 101
        assert abs(firsts[record.target] / runs - expected) < 0.015, record


def test_every_draw_from_end_to_end_falls_to_a_record() -> None:
    records = [Srv(1, 1, 1, "a"), Srv(1, 2, 2, "b"), Srv(1, 0, 3, "c")]
    firsts = [order_srvs(records, lambda most, drawn=drawn: min(most, drawn))[0].target for drawn in range(4)]  # type: ignore[misc]  # a default binds the loop's value
    assert firsts == ["c", "a", "b", "b"]


@given(
    st.lists(st.builds(Srv, st.integers(0, 3), st.integers(0, 65535), st.just(5060), st.text("ab", max_size=3))),
    st.randoms(use_true_random=False),
)
def test_no_record_is_lost_or_doubled(records: list[Srv], seeded: random.Random) -> None:
    ordered = order_srvs(records, lambda most: seeded.randint(0, most))
    assert Counter(ordered) == Counter(records)
    assert [record.priority for record in ordered] == sorted(record.priority for record in records)


def test_chance_is_asked_once_for_one_walk() -> None:
    zone = {
        "SRV _sip._udp.example.com": served(*((0, 1, 5060 + number, "h.example.com") for number in range(10))),
        "A h.example.com": at("192.0.2.1"),
    }
    seeded = random.Random(3)
    drawn: list[int] = []

    def draw(most: int) -> int:
        drawn.append(most)
        return seeded.randint(0, most)

    walk = Resolution(SipUri.parse("sip:example.com;transport=udp"), draw=draw, kinds=("A",))
    while not walk.is_done:
        for question in walk.questions:
            walk.answered(question, zone[f"{question.kind} {question.name}"])
    assert drawn == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert sorted(hop.address.port for hop in walk.hops) == list(range(5060, 5070))


# Bounds.


def test_a_name_server_that_says_too_much_is_cut_short() -> None:
    zone: dict[str, DnsAnswer] = {
        "NAPTR example.com": offering(*((1, 1, "SIP+D2U", f"s{number}.example.com") for number in range(500)))
    }
    many = at(*(f"10.{number >> 8}.{number & 255}.1" for number in range(5000)))
    for service in range(500):
        hosts = [f"h{service}-{number}.example.com" for number in range(500)]
        zone[f"SRV s{service}.example.com"] = served(*((0, 0, 5060 + port, host) for port, host in enumerate(hosts)))
        zone |= {f"{kind} {host}": many for kind in ("A", "AAAA") for host in hosts}
    walk = Walk("sip:example.com", zone, kinds=("A", "AAAA"))
    assert len(walk.hops) == HOPS_MAX
    assert len(walk.rounds[1]) == resolution.NAPTRS_MAX
    assert len(walk.rounds[2]) <= 2 * HOPS_MAX


def test_a_place_is_listed_once_and_one_without_a_port_or_an_address_not_at_all() -> None:
    zone = {
        "SRV _sip._udp.example.com": served(
            (0, 0, 5060, "a.example"), (1, 0, 5060, "b.example"), (2, 0, 0, "a.example")
        ),
        "A a.example": at("192.0.2.1", "not an address"),
        "A b.example": at("192.0.2.1"),
    }
    assert Walk("sip:example.com;transport=udp", zone).places == ["udp 192.0.2.1:5060"]


def test_a_transport_that_is_never_looked_up_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        Resolution(SipUri.parse("sip:example.com"), draw=first_of, transports=("ws",))


# What is remembered.

NAME = Question("A", "example.com")


def test_an_answer_holds_as_long_as_it_says_within_bounds() -> None:
    for ttl_s, holds_s in ((60.0, 60.0), (0.0, TTL_S_MIN), (1e9, TTL_S_MAX)):
        cache = DnsCache()
        answer = DnsAnswer(addresses=("192.0.2.1",), ttl_s=ttl_s)
        assert cache.put(NAME, answer, 100.0) == answer
        assert cache.get(NAME, 100.0 + holds_s - 0.1) == answer
        assert cache.get(NAME, 100.0 + holds_s) is None


def test_that_there_is_nothing_is_remembered_too() -> None:
    cache = DnsCache()
    cache.put(NAME, DnsAnswer(ttl_s=30), 0.0)
    assert cache.get(NAME, 29.0) == DnsAnswer(ttl_s=30)


def test_who_does_not_answer_is_left_alone_for_a_moment() -> None:
    cache = DnsCache()
    assert cache.put(NAME, NOBODY_ANSWERED, 0.0).is_missing
    assert cache.get(NAME, NO_ANSWER_TTL_S - 0.1) == NOBODY_ANSWERED
    assert cache.get(NAME, NO_ANSWER_TTL_S) is None


def test_where_nobody_answers_the_last_answer_serves_for_an_hour_and_not_longer() -> None:
    cache = DnsCache()
    cache.put(NAME, at("192.0.2.1"), 0.0)
    now = 60.0
    while now < 60.0 + STALE_S_MAX:
        assert cache.get(NAME, now) is None
        assert cache.put(NAME, NOBODY_ANSWERED, now) == at("192.0.2.1")
        assert cache.get(NAME, now + 1) == at("192.0.2.1")
        now += NO_ANSWER_TTL_S
    assert cache.put(NAME, NOBODY_ANSWERED, now) == NOBODY_ANSWERED


def test_a_name_that_is_gone_serves_no_more() -> None:
    """RFC 8767 §4: stale data is for the case of no answer, not for NXDOMAIN."""
    cache = DnsCache()
    cache.put(NAME, at("192.0.2.1"), 0.0)
    assert cache.put(NAME, NOTHING, 100.0) == NOTHING
    assert cache.get(NAME, 101.0) == NOTHING


def test_beyond_the_bound_what_was_asked_for_longest_ago_goes() -> None:
    cache = DnsCache()
    for number in range(CACHED_ANSWERS_MAX):
        cache.put(Question("A", f"{number}.example"), at("192.0.2.1"), 0.0)
    cache.get(Question("A", "0.example"), 1.0)
    cache.put(NAME, at("192.0.2.1"), 1.0)
    assert len(cache) == CACHED_ANSWERS_MAX
    assert cache.get(Question("A", "0.example"), 1.0) is not None
    assert cache.get(Question("A", "1.example"), 1.0) is None
