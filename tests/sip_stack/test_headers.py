"""Addresses, Via and CSeq: what RFC 3261 and RFC 4475 write, and any text at all."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip_stack.errors import MalformedMessage
from sip_stack.headers import CSEQ_MAX, CSeq, NameAddr, Via, canonical_name, read_name, split_values


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("i", "Call-ID"), ("CALL-id", "Call-ID"), ("m", "Contact"), ("e", "Content-Encoding"), ("l", "Content-Length"),
        ("c", "Content-Type"), ("f", "From"), ("s", "Subject"), ("k", "Supported"), ("t", "To"), ("v", "Via"),
        ("u", "Allow-Events"), ("r", "Refer-To"), ("b", "Referred-By"), ("o", "Event"), ("x", "Session-Expires"),
        ("j", "Reject-Contact"), ("cseq", "CSeq"), ("www-authenticate", "WWW-Authenticate"),
        ("max-FORWARDS", "Max-Forwards"), ("p-asserted-identity", "P-Asserted-Identity"),
    ],
)  # fmt: skip
def test_every_spelling_has_one_canonical_name(written: str, name: str) -> None:
    assert canonical_name(written) == name


def test_a_name_may_have_white_space_behind_but_must_be_a_token() -> None:
    assert read_name("TO \t") == "To"
    assert read_name("No Such") is None
    assert read_name("") is None


def test_a_quoted_display_name_may_hold_anything() -> None:
    address = NameAddr.parse(r'"Karl Ek \\\"<,;>" <sip:karl@example.org>  ;  tag = 77bb2')
    assert (address.display_name, address.uri.user, address.tag) == (r"Karl Ek \"<,;>", "karl", "77bb2")
    assert NameAddr.parse(str(address)) == address


def test_a_display_name_may_stand_bare_and_touch_the_bracket() -> None:
    address = NameAddr.parse("caller<sip:caller@example.com>;tag=323")
    assert (address.display_name, address.uri.user, address.tag) == ("caller", "caller", "323")


def test_without_brackets_parameters_are_the_headers() -> None:
    address = NameAddr.parse("sip:desk@example.org ;   tag    = 55aa1")
    assert (str(address.uri), address.tag) == ("sip:desk@example.org", "55aa1")


def test_inside_brackets_parameters_are_the_uris() -> None:
    address = NameAddr.parse("<sip:a@example.com;user=phone>;tag=1")
    assert (address.uri.param("user"), address.param("user"), address.tag) == ("phone", None, "1")


def test_a_tag_is_set_once() -> None:
    address = NameAddr.parse("<sip:a@example.com>;tag=1;x=2").with_tag("3")
    assert str(address) == "<sip:a@example.com>;x=2;tag=3"


@pytest.mark.parametrize(
    "text",
    ['"Karl Ek <sip:karl@example.org>', "<sip:a@example.com", "<sip:a@example.com> junk", '"', "", '"a"'],
)
def test_an_address_that_is_cut_off_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        NameAddr.parse(text)


def test_a_via_with_all_the_white_space_of_rfc_4475_section_3_1_1_1() -> None:
    values = split_values(
        "SIP / 2.0 / TCP    edge.example.org  ;  branch =  z9hG4bKsecond  ,"
        "  SIP  / 2.0 /  UDP  192.0.2.77 ;  branch= z9hG4bK3"
    )
    assert [Via.parse(value) for value in values] == [
        Via("TCP", "edge.example.org", None, (("branch", "z9hG4bKsecond"),)),
        Via("UDP", "192.0.2.77", None, (("branch", "z9hG4bK3"),)),
    ]


def test_a_via_tells_a_flag_from_no_rport() -> None:
    via = Via.parse("SIP/2.0/UDP [2001:db8::9:1]:5070;rport;received=192.0.2.1;branch=z9hG4bKas3")
    assert (via.host, via.port, via.rport, via.received) == ("2001:db8::9:1", 5070, "", "192.0.2.1")
    assert str(via.with_params(rport="40000")).startswith("SIP/2.0/UDP [2001:db8::9:1]:5070;rport=40000;received=")
    assert Via.parse("SIP/2.0/UDP a.example").rport is None


def test_sent_by_is_compared_with_the_transports_default_port() -> None:
    """RFC 3261 §17.2.3 compares sent-by, and §18.2.2 gives the default ports."""
    assert Via.parse("SIP/2.0/UDP a.example").sent_by == Via.parse("SIP/2.0/UDP A.example:5060").sent_by
    assert Via.parse("SIP/2.0/TLS a.example").sent_by == Via.parse("SIP/2.0/TLS a.example:5061").sent_by


@pytest.mark.parametrize(
    "text",
    [
        "", "SIP/2.0/UDP", "SIP/3.0/UDP a.example", "HTTP/2.0/UDP a.example", "SIP/2.0 a.example",
        "SIP/2.0/UDP ;branch=1",
        "SIP/2.0/UDP a.example:0", "SIP/2.0/UDP a.example:65536", "SIP/2.0/UDP a.example:²", "SIP/2.0/UDP a b",
        "SIP/2.0/UDP a.example:", "SIP/2.0/UDP a.example:" + "9" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_via_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        Via.parse(text)


def test_a_cseq_may_have_leading_zeros_and_folded_space() -> None:
    assert CSeq.parse("0009   INVITE") == CSeq(9, "INVITE")
    assert CSeq.parse("1\tACK") == CSeq(1, "ACK")
    assert str(CSeq.parse(f"{CSEQ_MAX} BYE")) == f"{2**31 - 1} BYE"


@pytest.mark.parametrize(
    "text", ["", "1", "INVITE", "-1 ACK", f"{2**31} ACK", "36893488147419103232 ACK", "1 A B", "² ACK"]
)
def test_what_is_no_cseq_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        CSeq.parse(text)


_WORDS = st.sampled_from(
    [
        '"',
        "<",
        ">",
        ";",
        ",",
        "=",
        "\\",
        " ",
        "SIP/2.0/UDP ",
        "sip:a@b.example",
        ":",
        "tag=1",
        "²",
        "\udcff",
        "[::1]",
        "x",
        "1",
    ]
)


@pytest.mark.parametrize("parse", [NameAddr.parse, Via.parse, CSeq.parse])
@given(text=st.one_of(st.text(max_size=80), st.lists(_WORDS, max_size=12).map("".join)))
def test_any_text_is_read_or_refused(parse: Callable[[str], object], text: str) -> None:
    try:
        read = parse(text)
    except MalformedMessage:
        return
    if isinstance(read, Via | CSeq):
        assert parse(str(read)) == read
