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
        "Via": "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKkdjuw",
        "Max-Forwards": "70",
        "From": "sip:caller@example.net;tag=93942939o2",
        "To": "sip:j.user@example.com",
        "Call-ID": "dialog.0ha0isndaksdjaf",
        "CSeq": f"8 {method}",
    }
    return "\n".join(
        [start, *(f"{name}: {value}" for name, value in usual.items() if name not in without), *lines, "", ""]
    )


WSINV = r"""INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 0
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \"\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

"""

INVITE = "INVITE sip:user@example.com SIP/2.0"

CASES = (
    Case("3.1.1.1 a short tortuous INVITE", WSINV),
    Case(
        "3.1.1.2 wide range of valid characters",
        _message(
            "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:"
            "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0",
            'To: "Nul: \N{SYMBOL FOR NULL}" <sip:1_unusual.URI~(to-be!sure)&isn\'t+it$/crazy?,/;;*@example.com>',
            "extensionHeader-!.%*+_`'~:\N{SNOWMAN}大停電",
            method="!interesting-Method0123456789_*+`.%indeed'~",
            without=("To",),
        ),
    ),
    Case(
        "3.1.1.3 valid use of the % escaping mechanism",
        _message("INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0"),
    ),
    Case(
        "3.1.1.4 escaped nulls in URIs", _message("REGISTER sip:null-%00-null@example.com SIP/2.0", method="REGISTER")
    ),
    Case(
        "3.1.1.5 use of % when it is not an escape",
        _message("RE%47IST%45R sip:registrar.example.com SIP/2.0", method="RE%47IST%45R"),
    ),
    Case(
        "3.1.1.6 message with no LWS between display name and <",
        _message(INVITE, "From: caller<sip:caller@example.com>;tag=323", without=("From",)),
    ),
    Case(
        "3.1.1.7 long values in header fields",
        _message(
            INVITE,
            'To: "I have a user name of ' + "extreme" * 50 + f'" <sip:{"user" * 100}@example.com>',
            "X: " + "y" * 2000,
            without=("To",),
        ),
    ),
    Case("3.1.1.8 extra trailing octets in a UDP datagram", _message(INVITE, "l: 0") + _message(INVITE, "l: 0")),
    Case(
        "3.1.1.9 semicolon-separated parameters in URI user part",
        _message("INVITE sip:user;par=u%40example.net@example.com SIP/2.0"),
    ),
    Case(
        "3.1.1.10 varied and unknown transport types",
        _message(
            INVITE,
            *(
                f"Via: SIP/2.0/{name} t{number}.example.com;branch=z9hG4bK{number}"
                for number, name in enumerate(("UDP", "SCTP", "TLS", "UNKNOWN", "TCP"))
            ),
            without=("Via",),
        ),
    ),
    Case("3.1.1.12 unusual reason phrase", _message("SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое")),
    Case("3.1.1.13 empty reason phrase", _message("SIP/2.0 100 ")),
    Case(
        "3.1.2.1 extraneous header field separators",
        _message(INVITE, 'Contact: "Joe" <sip:joe@example.org>;;;;', without=("Contact",)),
    ),
    Case("3.1.2.2 content length larger than message", _message(INVITE, "Content-Length: 9999"), 400),
    Case("3.1.2.3 negative content length", _message(INVITE, "Content-Length: -999"), 400),
    Case(
        "3.1.2.4 request scalar fields with overlarge values",
        _message(INVITE, "CSeq: 36893488147419103232 INVITE", without=("CSeq",)),
        400,
    ),
    Case(
        "3.1.2.5 response scalar fields with overlarge values",
        _message("SIP/2.0 503 Service Unavailable", "CSeq: 9292394834772304023312 OPTIONS", without=("CSeq",)),
        400,
    ),
    Case(
        "3.1.2.6 unterminated quoted string in display name",
        _message(INVITE, 'To: "Mr. J. User <sip:j.user@example.com>', without=("To",)),
        400,
    ),
    Case("3.1.2.7 <> enclosing Request-URI", _message("INVITE <sip:user@example.com> SIP/2.0"), 400),
    Case("3.1.2.8 malformed SIP Request-URI (embedded LWS)", _message("INVITE sip:user@example.com; lr SIP/2.0"), 400),
    Case(
        "3.1.2.9 multiple SP separating Request-Line elements", _message("INVITE  sip:user@example.com  SIP/2.0"), 400
    ),
    Case("3.1.2.10 SP characters at end of Request-Line", _message(INVITE + "  "), 400),
    Case("3.1.2.16 unknown protocol version", _message("INVITE sip:user@example.com SIP/7.0"), 505),
    Case("3.1.2.17 start line and CSeq method mismatch", _message(INVITE, method="OPTIONS"), 400),
    Case("3.1.2.18 unknown method with CSeq method mismatch", _message("NEWMETHOD sip:user@example.com SIP/2.0"), 400),
    Case("3.1.2.19 overlarge response code", _message("SIP/2.0 4294967301 better not break the receiver"), 400),
    Case(
        "3.3.1 missing required header fields",
        _message(INVITE, without=("From", "To", "Call-ID")),
        400,
        is_answerable=False,
    ),
    Case(
        "3.3.2 Request-URI with unknown scheme",
        _message("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0", method="OPTIONS"),
        416,
    ),
    Case(
        "3.3.3 Request-URI with known but atypical scheme",
        _message("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0", method="OPTIONS"),
        416,
    ),
    Case("3.3.8 multiple values in single value required fields", _message(INVITE, "Call-ID: other"), 400),
    Case("3.3.9 multiple Content-Length values", _message(INVITE, "Content-Length: 0", "l: 5"), 400),
    Case(
        "3.4.1 INVITE with RFC 2543 syntax",
        _message(
            INVITE,
            "Via: SIP/2.0/UDP iftgw.example.com",
            "From: <sip:+13035551111@ift.client.example.net;user=phone>",
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


def test_the_tortuous_invite_means_what_rfc_4475_says() -> None:
    message = _read(WSINV.replace("\n", "\r\n").encode())
    assert (message.from_.display_name, message.from_.tag, message.to.tag) == (
        r"J Rosenberg \"",
        "98asjd8",
        "1918181833n",
    )
    assert (message.cseq.number, message.max_forwards) == (9, 68)
    assert [via.branch for via in message.vias] == ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]
    assert message.headers.get("Subject") == ""
    assert message.headers.get("NewFangledHeader") == "newfangled value continued newfangled value"
    (contact,) = message.contacts
    assert (contact.display_name, contact.param("newparam"), contact.param("q")) == (
        'Quoted string ""',
        "newvalue",
        "0.33",
    )
