"""URIs: the examples of RFC 3261 §19.1 and RFC 4475, and that whatever is read can be written and read again."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sip_stack.errors import MalformedMessage
from sip_stack.uri import URI_CHARACTERS_MAX, SipUri


def test_all_parts_are_read() -> None:
    uri = SipUri.parse("sips:alice:secretword@Atlanta.COM:5071;transport=TCP;lr?subject=project%20x&priority=urgent")
    assert uri == SipUri(
        "sips", "alice", "atlanta.com", 5071, "secretword", (("transport", "TCP"), ("lr", None)),
        "subject=project%20x&priority=urgent",
    )  # fmt: skip
    assert uri.param("transport") == "TCP"
    assert uri.param("lr") == ""
    assert uri.param("maddr") is None


def test_the_user_is_unescaped_and_escaped_again() -> None:
    uri = SipUri.parse("sip:sips%3Auser%40example.com@example.net")
    assert (uri.user, uri.host) == ("sips:user@example.com", "example.net")
    assert str(uri) == "sip:sips%3Auser%40example.com@example.net"


def test_parameters_in_the_user_part_belong_to_the_user() -> None:
    uri = SipUri.parse("sip:user;par=u%40example.net@example.com")
    assert (uri.user, uri.host, uri.params) == ("user;par=u@example.net", "example.com", ())


def test_escapes_in_parameters_are_resolved_once() -> None:
    uri = SipUri.parse("sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31")
    assert uri.user == "caller"
    assert uri.param("lr") == ""
    assert uri.param("name") == "value%41"


def test_an_ipv6_host_keeps_its_brackets_in_text_only() -> None:
    uri = SipUri.parse("sip:bob@[2001:DB8::10]:5070")
    assert (uri.host, uri.port) == ("2001:db8::10", 5070)
    assert str(uri) == "sip:bob@[2001:db8::10]:5070"


def test_a_tel_uri_keeps_its_number_as_user() -> None:
    uri = SipUri.parse("tel:+46-8-500;phone-context=example.com")
    assert (uri.scheme, uri.user, uri.host) == ("tel", "+46-8-500", "")
    assert str(uri) == "tel:+46-8-500;phone-context=example.com"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
    ],
)
def test_equivalent_by_the_examples_of_rfc_3261_section_19_1_4(one: str, other: str) -> None:
    assert SipUri.parse(one).is_equivalent(SipUri.parse(other))
    assert SipUri.parse(other).is_equivalent(SipUri.parse(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=off", "sip:carol@chicago.com;security=on"),
        ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
    ],
)
def test_not_equivalent_by_the_examples_of_rfc_3261_section_19_1_4(one: str, other: str) -> None:
    assert not SipUri.parse(one).is_equivalent(SipUri.parse(other))
    assert not SipUri.parse(other).is_equivalent(SipUri.parse(one))


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("carrier-pigeon:loft-4", 416),
        ("http://192.0.2.9:8080/", 416),
        ("alice", 400),
        ("sip:", 400),
        ("sip:@example.org", 400),
        ("sip::secret@example.org", 400),
        ("sip:alice@", 400),
        ("sip:alice@example.org:0", 400),
        ("sip:alice@example.org:65536", 400),
        ("sip:alice@example.org:50\u0660", 400),
        ("sip:alice@[::1", 400),
        ("sip:alice@[1:2:3]", 400),
        ("sip:al ice@example.org", 400),
        ("<sip:user@example.com>", 400),
        ("sip:a\udcff@example.org", 400),
        ("tel:", 400),
        ("tel:anna", 400),
        ("sip:" + "a" * URI_CHARACTERS_MAX + "@example.org", 414),
        ("sip:" + "|" * (URI_CHARACTERS_MAX // 2) + "@example.org", 414),
    ],
)
def test_what_is_no_uri_is_refused_with_its_status(text: str, status: int) -> None:
    with pytest.raises(MalformedMessage) as refused:
        SipUri.parse(text)
    assert refused.value.status_hint == status


def test_parameters_can_be_left_out() -> None:
    uri = SipUri.parse("sip:a@example.org;lr;ob;transport=tcp")
    assert str(uri.without_params("ob")) == "sip:a@example.org;lr;transport=tcp"
    assert str(uri.without_params()) == "sip:a@example.org"


_PARTS = st.sampled_from(
    ["sip:", "sips:", "tel:", "@", ":", ";", "=", "?", "&", "%41", "%0A", "%", "[::1]", "a", "é", "5"]
)


@given(st.one_of(st.lists(_PARTS, max_size=12).map("".join), st.text(max_size=60).map(lambda text: "sip:" + text)))
@example("sip:a@[::1]:5;%3B=%3D?x=y")
def test_whatever_is_read_is_written_so_that_it_reads_the_same(text: str) -> None:
    try:
        uri = SipUri.parse(text)
    except MalformedMessage:
        return
    written = str(uri)
    assert SipUri.parse(written) == uri
    assert not set(written) & set(' <>"\r\n\0')
