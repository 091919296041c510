"""Messages of the kinds that RFC 5118 describes: IPv6 where it stands in brackets, where it does not, and where not."""

from tests.sip_stack.torture.case import Case, message

INVITE = "INVITE sip:desk@[2001:db8::20] SIP/2.0"
CONTACT = "Contact: <sip:karl@[2001:db8::1]>"
TWO_ADDRESSES = """v=0
o=karl 1 1 IN IP6 2001:db8::20
s=-
t=0 0
m=audio 6000 RTP/AVP 0
c=IN IP6 2001:db8::1
m=video 6024 RTP/AVP 107
c=IN IP4 192.0.2.1
a=rtpmap:107 H263-1998/90000
"""


def _register(uri: str, *lines: str) -> str:
    return message(f"REGISTER {uri} SIP/2.0", CONTACT, *lines, method="REGISTER", without=("Via",))


VIA = "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111"

CASES = (
    Case("4.1 a valid IPv6 reference", _register("sip:[2001:db8::10]", VIA), does="RequestReceived"),
    Case("4.2 an address without brackets is no host", _register("sip:2001:db8::10", VIA), 400),
    Case(
        "4.3 what could be a port is the last part of the address",
        _register("sip:[2001:db8::10:5070]", VIA),
        does="RequestReceived",
    ),
    Case("4.4 a port behind the brackets", _register("sip:[2001:db8::10]:5070", VIA), does="RequestReceived"),
    Case(
        "4.5 received without brackets",
        _register("sip:[2001:db8::10]", f"{VIA};received=2001:db8::9:255"),
        does="RequestReceived",
    ),
    Case(
        "4.5 received in brackets",
        _register("sip:[2001:db8::10]", f"{VIA};received=[2001:db8::9:255]"),
        does="RequestReceived",
    ),
    Case(
        "4.7 addresses of both kinds in the headers",
        message(
            INVITE,
            "Via: SIP/2.0/UDP [2001:db8::9:1]:5060;branch=z9hG4bKas3, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkasd",
            CONTACT,
            "Record-Route: <sip:[2001:db8::9:1];lr>, <sip:192.0.2.200;lr>",
            without=("Via",),
        ),
        does="SessionInvited",
    ),
    Case(
        "4.6, 4.8 addresses of both kinds in the SDP, without brackets there",
        message(INVITE, CONTACT, "Content-Type: application/sdp") + TWO_ADDRESSES,
        does="SessionInvited",
    ),
    Case(
        "4.9 an IPv4 address mapped into IPv6",
        message(INVITE, "Contact: <sip:karl@[::ffff:192.0.2.10]:5070>"),
        does="SessionInvited",
    ),
    Case(
        "4.10 the third colon that the grammar of RFC 3261 allows",
        message("INVITE sip:desk@[2001:db8:::192.0.2.1] SIP/2.0", CONTACT),
        does="SessionInvited",
    ),
    Case("4.10 three colons elsewhere", message("INVITE sip:desk@[2001:db8:::1] SIP/2.0", CONTACT), 400),
)
