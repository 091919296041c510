"""Messages of the kinds that RFC 4475 describes, written out here, each with the verdict that this stack gives.

The verdict is what the whole reading of a message (parse, then each accessor that routing needs) comes to: `None` when
it is taken, otherwise the status of the answer. The section of RFC 4475 stands beside each.
"""

from dataclasses import dataclass

import pytest

from sip_stack.errors import MalformedMessage
from sip_stack.message import Message, Request
from sip_stack.parser import parse_message


@dataclass(frozen=True)
class Case:
    """`text` has LF line ends, which become CRLF; `status` None means taken; `is_answerable`: a 4xx can be sent."""

    name: str
    text: str
    status: int | None = None
    is_answerable: bool = True


def _message(start: str, *lines: str, method: str = "INVITE", without: tuple[str, ...] = ()) -> str:
    usual = {
        "Via": "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
        "Max-Forwards": "70",
        "From": "sip:karl@example.org;tag=f1",
        "To": "sip:desk@example.org",
        "Call-ID": "torture.1",
        "CSeq": f"8 {method}",
    }
    return "\n".join(
        [start, *(f"{name}: {value}" for name, value in usual.items() if name not in without), *lines, "", ""]
    )


TORTUOUS = r"""INVITE sip:reception@pbx.example.org;colour SIP/2.0
tO :
 sip:reception@pbx.example.org ;  tag   = 55aa1
FROM  : "Karl \\\"K\\\" Ek"     <sip:karl@home.example.org>
   ;
 tag = 77bb2
mAX-fORWARDS: 0033
CALL-id: space.everywhere@192.0.2.9
Content-Length	: 0
CSEQ: 00012
	INVITE
Via : SIP /  2.0
  / UDP
 192.0.2.9;branch=first
subject :
X-Long-Story:   once upon
	a time
X-Only-Marks: ,,;;,;,
Route:
 <sip:edge.example.org;lr;with=value;without>
v: SIP / 2.0 / TCP    edge.example.org  ;
 branch =  z9hG4bKsecond  ,
  SIP  / 2.0 /  UDP  192.0.2.77 ;  branch=
 z9hG4bKthird
m:"said \"hello\"" <sip:karl@home.example.org> ; colour =
	red ;
 flag ; q = 0.7

"""

ODD_METHOD = "Odd-method.0_!%*+`'~"
INVITE = "INVITE sip:desk@example.org SIP/2.0"

CASES = (
    Case("3.1.1.1 a short tortuous INVITE", TORTUOUS),
    Case(
        "3.1.1.2 wide range of valid characters",
        _message(
            f"{ODD_METHOD} sip:0-._~!'()*&=+$,;?/and:pass&=+$,!@example.org SIP/2.0",
            'To: "\N{SYMBOL FOR NULL} åäö" <sip:0-._~!\'()*&=+$,;?/and@example.org>',
            "x-!.%*+_`'~: \N{SNOWMAN} 雪だるま",
            method=ODD_METHOD,
            without=("To",),
        ),
    ),
    Case(
        "3.1.1.3 valid use of the % escaping mechanism",
        _message("INVITE sip:tel%3A112%40home@example.org SIP/2.0"),
    ),
    Case("3.1.1.4 escaped nulls in URIs", _message("REGISTER sip:a%00b@example.org SIP/2.0", method="REGISTER")),
    Case(
        "3.1.1.5 use of % when it is not an escape",
        _message("OP%54IONS sip:pbx.example.org SIP/2.0", method="OP%54IONS"),
    ),
    Case(
        "3.1.1.6 message with no LWS between display name and <",
        _message(INVITE, "From: Karl<sip:karl@example.org>;tag=7", without=("From",)),
    ),
    Case(
        "3.1.1.7 long values in header fields",
        _message(
            INVITE,
            'To: "very ' + "long" * 90 + f'" <sip:{"name" * 100}@example.org>',
            "X: " + "y" * 2000,
            without=("To",),
        ),
    ),
    Case("3.1.1.8 extra trailing octets in a UDP datagram", _message(INVITE, "l: 0") + _message(INVITE, "l: 0")),
    Case(
        "3.1.1.9 semicolon-separated parameters in URI user part",
        _message("INVITE sip:desk;room=4%40home@example.org SIP/2.0"),
    ),
    Case(
        "3.1.1.10 varied and unknown transport types",
        _message(
            INVITE,
            *(
                f"Via: SIP/2.0/{name} t{number}.example.org;branch=z9hG4bK{number}"
                for number, name in enumerate(("UDP", "SCTP", "TLS", "UNKNOWN", "TCP"))
            ),
            without=("Via",),
        ),
    ),
    Case("3.1.1.12 unusual reason phrase", _message("SIP/2.0 200 ja, 1 + 1 = 2; да \N{CHECK MARK}")),
    Case("3.1.1.13 empty reason phrase", _message("SIP/2.0 100 ")),
    Case(
        "3.1.2.1 extraneous header field separators",
        _message(INVITE, 'Contact: "Eva" <sip:eva@example.org>;;;;', without=("Contact",)),
    ),
    Case("3.1.2.2 content length larger than message", _message(INVITE, "Content-Length: 9999"), 400),
    Case("3.1.2.3 negative content length", _message(INVITE, "Content-Length: -999"), 400),
    Case(
        "3.1.2.4 request scalar fields with overlarge values",
        _message(INVITE, "CSeq: 18446744073709551617 INVITE", without=("CSeq",)),
        400,
    ),
    Case(
        "3.1.2.5 response scalar fields with overlarge values",
        _message("SIP/2.0 503 Service Unavailable", "CSeq: 99999999999999999999 INVITE", without=("CSeq",)),
        400,
    ),
    Case(
        "3.1.2.6 unterminated quoted string in display name",
        _message(INVITE, 'To: "Karl Ek <sip:karl@example.org>', without=("To",)),
        400,
    ),
    Case("3.1.2.7 <> enclosing Request-URI", _message("INVITE <sip:desk@example.org> SIP/2.0"), 400),
    Case(
        "3.1.2.8 malformed SIP Request-URI (embedded LWS)", _message("INVITE sip:desk@example.org; room=4 SIP/2.0"), 400
    ),
    Case(
        "3.1.2.9 multiple SP separating Request-Line elements", _message("INVITE  sip:desk@example.org  SIP/2.0"), 400
    ),
    Case("3.1.2.10 SP characters at end of Request-Line", _message(INVITE + "  "), 400),
    Case("3.1.2.16 unknown protocol version", _message("INVITE sip:desk@example.org SIP/7.0"), 505),
    Case("3.1.2.17 start line and CSeq method mismatch", _message(INVITE, method="OPTIONS"), 400),
    Case("3.1.2.18 unknown method with CSeq method mismatch", _message("DANCE sip:desk@example.org SIP/2.0"), 400),
    Case("3.1.2.19 overlarge response code", _message("SIP/2.0 4294967496 two hundred, in 32 bits"), 400),
    Case(
        "3.3.1 missing required header fields",
        _message(INVITE, without=("From", "To", "Call-ID")),
        400,
        is_answerable=False,
    ),
    Case(
        "3.3.2 Request-URI with unknown scheme",
        _message("OPTIONS carrier-pigeon:loft-4 SIP/2.0", method="OPTIONS"),
        416,
    ),
    Case(
        "3.3.3 Request-URI with known but atypical scheme",
        _message("OPTIONS http://192.0.2.9:8080/ SIP/2.0", method="OPTIONS"),
        416,
    ),
    Case("3.3.8 multiple values in single value required fields", _message(INVITE, "Call-ID: other"), 400),
    Case("3.3.9 multiple Content-Length values", _message(INVITE, "Content-Length: 0", "l: 5"), 400),
    Case(
        "3.4.1 INVITE with RFC 2543 syntax",
        _message(
            INVITE,
            "Via: SIP/2.0/UDP gateway.example.org",
            "From: <sip:+46850010000@gateway.example.org;user=phone>",
            without=("Via", "From"),
        ),
    ),
)


def _read(data: bytes) -> Message:
    """All that routing needs to know of a message."""
    message = parse_message(data)
    _ = message.vias, message.from_, message.to, message.contacts, message.max_forwards, message.routes
    if isinstance(message, Request):
        _ = message.uri
    return message


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_message_has_its_verdict(case: Case) -> None:
    data = case.text.replace("\n", "\r\n").encode()
    if case.status is None:
        _read(data)
        return
    with pytest.raises(MalformedMessage) as refused:
        _read(data)
    assert refused.value.status_hint == case.status


@pytest.mark.parametrize("case", [case for case in CASES if case.status is not None], ids=lambda case: case.name)
def test_a_refused_request_can_be_answered_where_all_five_headers_are_there(case: Case) -> None:
    data = case.text.replace("\n", "\r\n").encode()
    try:
        taken = parse_message(data)
    except MalformedMessage as error:
        refused = error
    else:
        assert isinstance(taken, Request), "an accessor's refusal leaves the request to answer"
        return
    is_response = case.text.startswith("SIP/2.0")
    assert (refused.method is None) == is_response
    assert (refused.headers is not None) == case.is_answerable


def test_the_tortuous_invite_means_what_stands_between_the_spaces() -> None:
    message = _read(TORTUOUS.replace("\n", "\r\n").encode())
    assert (message.from_.display_name, message.from_.tag, message.to.tag) == (r"Karl \"K\" Ek", "77bb2", "55aa1")
    assert (message.cseq.number, message.max_forwards) == (12, 33)
    assert [via.branch for via in message.vias] == ["first", "z9hG4bKsecond", "z9hG4bKthird"]
    assert message.headers.get("Subject") == ""
    assert message.headers.get("X-Long-Story") == "once upon a time"
    (contact,) = message.contacts
    assert (contact.display_name, contact.param("colour"), contact.param("q")) == ('said "hello"', "red", "0.7")
