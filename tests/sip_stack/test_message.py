"""Headers as a multi-map, typed accessors, and answers as RFC 3261 §8.2.6 wants them."""

import pytest

from sip_stack.errors import MalformedMessage
from sip_stack.message import REASON_PHRASES, Headers, Request, Response, respond_to
from sip_stack.uri import SipUri


def request(method: str = "INVITE", *more: tuple[str, str], to: str = "<sip:b@example.org>") -> Request:
    headers = Headers(
        [
            ("v", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1, SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK2"),
            ("Via", "SIP/2.0/UDP 192.0.2.3;branch=z9hG4bK3"),
            ("From", "<sip:a@example.org>;tag=1"),
            ("To", to),
            ("Call-ID", "c1"),
            ("CSeq", f"7 {method}"),
            *more,
        ]
    )
    return Request(method, "sip:b@example.org", headers)


def test_headers_are_found_in_any_spelling_and_keep_their_order() -> None:
    headers = Headers([("f", "1"), ("X-a", "2"), ("FROM", "3")])
    assert headers.get("From") == "1"
    assert headers.get_all_raw("from") == ["1", "3"]
    assert list(headers) == [("From", "1"), ("X-A", "2"), ("From", "3")]
    assert headers.get("to") is None


def test_headers_are_added_in_front_changed_and_taken_out() -> None:
    headers = Headers([("Via", "a"), ("Via", "b")])
    headers.prepend("v", "c")
    headers.replace("via", "d")
    headers.replace("To", "e")
    headers.add("t", "f")
    assert list(headers) == [("Via", "d"), ("Via", "a"), ("Via", "b"), ("To", "e"), ("To", "f")]
    copy = headers.copy()
    headers.remove("VIA")
    assert list(headers) == [("To", "e"), ("To", "f")]
    assert len(copy) == 5


def test_a_list_header_is_cut_into_values_wherever_they_came() -> None:
    found = request("OPTIONS", ("Require", "a, b"), ("Require", "c"), ("k", "x"))
    assert found.require == ("a", "b", "c")
    assert [via.branch for via in found.vias] == ["z9hG4bK1", "z9hG4bK2", "z9hG4bK3"]
    assert found.top_via.branch == "z9hG4bK1"


def test_accessors_read_what_stands_there() -> None:
    found = request(
        "REGISTER", ("m", "<sip:x@192.0.2.9>;q=0.5, sip:y@192.0.2.9;expires=60"), ("Max-Forwards", "0068"),
        ("Expires", "3600"), ("c", "Application/SDP ; charset=utf-8"), ("Route", "<sip:p1;lr>, <sip:p2;lr>"),
        ("Record-Route", "<sip:p3;lr>"),
    )  # fmt: skip
    assert [(contact.uri.user, contact.params) for contact in found.contacts] == [
        ("x", (("q", "0.5"),)),
        ("y", (("expires", "60"),)),
    ]
    assert (found.max_forwards, found.expires, found.content_type) == (68, 3600, "application/sdp")
    assert [route.uri.host for route in found.routes] == ["p1", "p2"]
    assert [route.uri.host for route in found.record_routes] == ["p3"]
    assert (found.call_id, found.cseq.number, found.from_.tag, found.to.tag) == ("c1", 7, "1", None)
    assert not found.is_contact_star
    assert request("REGISTER", ("Contact", "*")).is_contact_star


def test_what_is_not_there_is_none() -> None:
    found = request()
    assert (found.max_forwards, found.expires, found.content_type) == (None, None, None)
    assert (found.contacts, found.routes, found.require) == ((), (), ())


@pytest.mark.parametrize("name", ["Max-Forwards", "Expires"])
@pytest.mark.parametrize("value", ["", "-1", "abc", "1 2", "²", "9" * 5000])
def test_a_number_that_is_none_is_malformed(name: str, value: str) -> None:
    found = request("OPTIONS", (name, value))
    with pytest.raises(MalformedMessage) as refused:
        _ = found.max_forwards, found.expires
    assert refused.value.status_hint == 400


def test_content_length_is_always_the_bodys() -> None:
    found = request("OPTIONS", ("l", "999"))
    found.body = "å".encode()
    assert found.serialise().endswith("Content-Length: 2\r\n\r\nå".encode())
    assert found.serialise().count(b"Content-Length") == 1


def test_an_empty_header_map_given_to_a_message_stays_that_map() -> None:
    headers = Headers()
    made = Request("OPTIONS", SipUri("sip", None, "example.org"), headers)
    headers.add("Call-ID", "c1")
    assert made.call_id == "c1"


def test_text_that_cannot_be_encoded_does_not_stop_a_message() -> None:
    response = Response(200, "O\udcffK")
    assert response.serialise().startswith(b"SIP/2.0 200 O?K\r\n")


def test_an_answer_copies_what_rfc_3261_section_8_2_6_names() -> None:
    asked = request("INVITE", ("Record-Route", "<sip:p1;lr>"), ("Record-Route", "<sip:p2;lr>"), ("Timestamp", "54"))
    answer = respond_to(
        asked, 180, to_tag="t1", headers=[("m", "<sip:us>")], body=b"v=0", content_type="application/sdp"
    )
    assert (answer.status, answer.reason, answer.body) == (180, "Ringing", b"v=0")
    assert list(answer.headers) == [
        ("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1, SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK2"),
        ("Via", "SIP/2.0/UDP 192.0.2.3;branch=z9hG4bK3"),
        ("From", "<sip:a@example.org>;tag=1"),
        ("To", "<sip:b@example.org>;tag=t1"),
        ("Call-ID", "c1"),
        ("CSeq", "7 INVITE"),
        ("Record-Route", "<sip:p1;lr>"),
        ("Record-Route", "<sip:p2;lr>"),
        ("Contact", "<sip:us>"),
        ("Content-Type", "application/sdp"),
    ]


def test_only_an_answer_that_makes_a_dialog_carries_record_route() -> None:
    asked = request("INVITE", ("Record-Route", "<sip:p1;lr>"))
    assert [status for status in (100, 180, 200, 302, 486) if respond_to(asked, status).record_routes] == [180, 200]
    assert not respond_to(request("OPTIONS", ("Record-Route", "<sip:p1;lr>")), 200).record_routes


def test_a_100_has_no_tag_of_ours_and_the_requests_timestamp() -> None:
    """RFC 3261 §8.2.6.1 and §8.2.6.2."""
    trying = respond_to(request("INVITE", ("Timestamp", "54")), 100, to_tag="t1")
    assert trying.to.tag is None
    assert trying.headers.get("Timestamp") == "54"


@pytest.mark.parametrize(
    "to", ["<sip:b@example.org>;tag=9", "<sip:b@example.org>; TAG = 9", "sip:b@example.org ;tag=9"]
)
def test_a_to_that_has_a_tag_keeps_it(to: str) -> None:
    answer = respond_to(request("BYE", to=to), 200, to_tag="t1")
    assert answer.headers.get("To") == to
    assert answer.to.tag == "9"


def test_a_tag_inside_the_uri_or_name_is_none() -> None:
    answer = respond_to(request("INVITE", to='";tag=1" <sip:b@example.org;tag=2>'), 200, to_tag="t1")
    assert answer.to.tag == "t1"


def test_every_status_that_is_sent_has_its_phrase() -> None:
    assert Response(486).reason == "Busy Here"
    assert Response(299).reason == ""
    assert Response(486, "On the phone").serialise().startswith(b"SIP/2.0 486 On the phone\r\n")
    assert all(100 <= status <= 699 and phrase for status, phrase in REASON_PHRASES.items())
